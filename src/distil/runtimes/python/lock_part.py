"""What a lock holds of Python: the interpreter, every wheel, and what builds the own projects."""

from __future__ import annotations

from typing import Annotated

import msgspec

from distil.formats.lock_toml import from_part, to_part
from distil.model.digest import Digest
from distil.model.lock import LockPart
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.wheel import Wheel


class LockedWheel(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wheel: where it was had, without credentials, and what it has to be.

    `url` is a path relative to the lock for a wheel of the project's own files.
    """

    name: str
    version: str
    filename: str
    url: str
    size: int
    digest: Digest

    @classmethod
    def of(cls, wheel: Wheel, url: str, size: int) -> LockedWheel:
        """`wheel` as a lock has it, to be had at `url`."""
        return cls(wheel.name, wheel.version, wheel.filename, url, size, wheel.digest)


class LockedProject(msgspec.Struct, frozen=True, omit_defaults=True):
    """A project of the application's own, built by its back end.

    `directory` is relative to the lock. `sources` stands for everything that the wheel was made
    of but the back end, which `requires` pins. `wheel` is what came of it.
    """

    directory: str
    sources: Digest
    wheel: LockedWheel
    requires: tuple[LockedWheel, ...] = ()


class PythonPart(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    rename={"wheels": "wheel", "projects": "project"},
):
    """All of it. `version` is the interpreter's; with `glibc` it decides which wheels fit.

    With `musl` that is musl's version. `program` and `site` are as in `PythonInterpreter`, and
    `present` says that no package brings it.
    """

    version: str
    glibc: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+$")]
    wheels: tuple[LockedWheel, ...] = ()
    projects: tuple[LockedProject, ...] = ()
    musl: bool = False
    program: str = ""
    site: str = ""
    present: bool = False

    def interpreter(self, machine: str) -> PythonInterpreter:
        """The interpreter that the wheels were chosen for."""
        major, minor = self.glibc.split(".")
        return PythonInterpreter(
            version=self.version,
            glibc=(int(major), int(minor)),
            machine=machine,
            is_musl=self.musl,
            program=self.program,
            site=self.site,
            is_added=not self.present,
        )

    @classmethod
    def read(cls, part: LockPart) -> PythonPart:
        """From what a lock has. Raises `InvalidLock`."""
        return from_part(part, cls)

    def written(self) -> LockPart:
        """As a lock has it."""
        return to_part(self)
