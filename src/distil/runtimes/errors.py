"""What every runtime may raise."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError


class NoApplication(DistilError):
    """A directory in which nothing says that it is an application."""

    def __init__(self, source: str, looked_for: Sequence[str]) -> None:
        super().__init__(
            f"no application found in {source}: there is none of {', '.join(looked_for)}",
            hint="name the directory that holds the project",
        )


class StaleLock(DistilError):
    """A lock file that does not answer what the project asks for now."""

    def __init__(self, path: str, why: str, command: str) -> None:
        super().__init__(f"{path} is out of date: {why}", hint=f"run `{command}`")


class NoEntrypoint(DistilError):
    """An application whose start cannot be told, or can be told in more than one way."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(f"cannot tell how to start the application: {why}", hint=hint)
