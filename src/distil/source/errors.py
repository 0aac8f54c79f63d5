"""What is wrong with the directory of an application."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class UnreadableSource(DistilError):
    """A file or directory of the application that cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")


class SecretsFound(DistilError):
    """Private keys or tokens among what would go into the image; it never shows them."""

    exit_code = 1

    def __init__(self, what: str, places: Sequence[str], hint: str) -> None:
        shown = [f"  {place}" for place in places[:20]]
        if len(places) > len(shown):
            shown.append(f"  and {len(places) - len(shown)} more")
        message = f"{what} would put secrets into the image:"
        super().__init__("\n".join([message, *shown]), hint=hint)


class NoRevision(DistilError):
    """No commit to name, where the image is to name one."""

    def __init__(self, source: str, why: str) -> None:
        hint = "build in a git work tree, or leave git out and write labels"
        if "dubious ownership" in why:
            # As in CI, where the files and the container have different users.
            place = why.partition("'")[2].rstrip("'") or source
            hint = f"git config --global --add safe.directory {place}"
        super().__init__(f"[image] git asks for the revision of {source}: {why}", hint=hint)
