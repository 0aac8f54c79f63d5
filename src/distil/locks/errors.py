"""What is wrong with a lock, or with what is kept beside it."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class NoLock(DistilError):
    """A locked build of something that has no lock."""

    def __init__(self, path: str, source: str) -> None:
        super().__init__(f"there is no {path}", hint=f"`distil lock {source}` makes it")


class UnsoundLock(DistilError):
    """A lock that would not come to what it was made from: a defect of distil."""

    def __init__(self, platform: str, what: Sequence[str]) -> None:
        super().__init__(
            f"the lock for {platform} does not say all that decides about "
            f"{', '.join(what)}; please report this"
        )


class UnusableVendor(DistilError):
    """A directory of kept archives that a build cannot use."""

    def __init__(self, directory: str, *, locked: bool) -> None:
        if locked:
            why, hint = "it keeps no archives", "`distil lock --vendor DIR` fills it"
        else:
            why, hint = "archives are kept for a lock only", "add --locked"
        super().__init__(f"{directory} cannot be built from: {why}", hint=hint)


class UnknownUpgrade(DistilError):
    """Something to upgrade that the lock does not hold."""

    def __init__(self, name: str, path: str, *, hint: str = "") -> None:
        super().__init__(f"{name} is not in {path}, so there is nothing to upgrade", hint=hint)
