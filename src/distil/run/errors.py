"""Why something could not be run."""

from __future__ import annotations

from distil.errors import DistilError


class SandboxUnavailable(DistilError):
    """This machine, or the container that distil runs in, does not allow a sandbox."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"no sandbox can be made here: {reason}", hint=hint)
        self.reason = reason


class SandboxFailed(DistilError):
    """A sandbox could not be made for what was to run in it."""

    def __init__(self, what: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"cannot make the sandbox: {what}: {why}", hint=hint)


class UnusableChange(DistilError):
    """Something that a task left in its layer and that no image can hold."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"what was run left {path}, which no image can hold: {why}")
