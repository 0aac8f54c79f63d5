"""Why something could not be run."""

from __future__ import annotations

from collections.abc import Sequence

from distil.errors import DistilError
from distil.run.task import CANNOT_START, NOT_FOUND

OWN_FAILURE = 125
"""Exit code of `run` when it is distil, or an engine, that failed: any other is the process's."""


class InvalidLaunch(DistilError):
    """Something said about a container that means nothing."""

    exit_code = OWN_FAILURE

    def __init__(self, what: str, text: str, why: str) -> None:
        super().__init__(f"{what} {text!r}: {why}")


class UnknownUser(DistilError):
    """A user or group that the image's own files do not have."""

    exit_code = OWN_FAILURE

    def __init__(self, name: str, file: str) -> None:
        super().__init__(
            f"there is no {name!r} in {file} of the image",
            hint="a number needs no entry there: --user UID:GID",
        )


class NothingToRun(DistilError):
    """An image that says no program, and a user who says none."""

    exit_code = OWN_FAILURE

    def __init__(self) -> None:
        super().__init__(
            "the image has neither entrypoint nor command",
            hint="name the program: distil run IMAGE -- PROGRAM ARGUMENT…",
        )


class ProgramNotFound(DistilError):
    """The program to be started is not in the image."""

    exit_code = NOT_FOUND

    def __init__(self, program: str, places: Sequence[str]) -> None:
        super().__init__(
            f"{program}: there is no such program in the image, looked for at {', '.join(places)}",
            hint="what follows IMAGE are arguments of its entrypoint; `--entrypoint` replaces it",
        )


class ProgramNotExecutable(DistilError):
    """The program to be started is no executable file."""

    exit_code = CANNOT_START

    def __init__(self, program: str, path: str) -> None:
        super().__init__(f"{program}: {path} of the image is not an executable file")


class UnknownWay(DistilError):
    """A way of running images that distil has not."""

    exit_code = OWN_FAILURE

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown way {name!r} to run images", hint=f"use {', '.join(known)}")


class WayUnable(DistilError):
    """A way of running images that does not work on this machine, or not for this."""

    exit_code = OWN_FAILURE

    def __init__(self, name: str, why: str, hint: str = "") -> None:
        super().__init__(f"not with {name}: {why}", hint=hint)
        self.name = name
        self.why = why


class NoWay(DistilError):
    """Nothing on this machine can run an image as it is asked for."""

    exit_code = OWN_FAILURE

    def __init__(self, tried: Sequence[WayUnable]) -> None:
        super().__init__(
            "\n".join(["nothing here can run this:", *(f"  {e.name}: {e.why}" for e in tried)]),
            hint=next((error.hint for error in tried if error.hint), "`distil doctor` says more"),
        )


class NotStarted(DistilError):
    """An engine or a runtime that did not start a container; what it said stands above."""

    exit_code = OWN_FAILURE

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} did not start the container: {why}",
            hint="`--with sandbox` runs it without; `distil doctor` says what works here",
        )


class PortTaken(DistilError):
    """A port of this machine that cannot be listened at."""

    exit_code = OWN_FAILURE

    def __init__(self, address: str, port: int, why: str) -> None:
        super().__init__(
            f"port {port} of {address or 'this machine'} cannot be handed on: {why}",
            hint="publish another one: `--publish HOST:CONTAINER`; without HOST, any that is free",
        )


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
