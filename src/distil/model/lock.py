"""``distil.lock`` as values: every archive of an image, by version, size and digest."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec

from distil.model.digest import Digest
from distil.model.package import PythonInterpreter, Wheel

LOCAL = "local .deb files/"
"""The key of the suite that stands for .deb files of the project; it has no components."""

LOCK_VERSION = 1
"""Of the format; a file of another version is not read."""


class LockedSuite(msgspec.Struct, frozen=True, omit_defaults=True):
    """One component of a suite as it was when the lock was made.

    `date` is the suite's; `index` the sha256 of its ``Packages`` file.
    `mirror` is where that was had, without credentials; ``.`` for local .deb files.
    """

    suite: str
    component: str
    codename: str
    date: datetime.datetime
    mirror: str
    index: Digest
    version: str = ""

    @property
    def key(self) -> str:
        """How packages name the suite they are from: ``trixie/main``."""
        return f"{self.suite}/{self.component}"


class LockedPackage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Debian package with everything of its index entry that the solver reads.

    `suite` is the key of its `LockedSuite`, `filename` is relative to the mirror, `size` in
    bytes. `relations` are the relationship fields as Debian writes them.
    """

    name: str
    version: str
    architecture: str
    suite: str
    filename: str
    size: int
    digest: Digest
    source: str
    source_version: str
    multi_arch: str = ""
    priority: int = 0
    essential: bool = False
    important: bool = False
    relations: dict[str, str] = {}

    @property
    def is_local(self) -> bool:
        """Whether it is a file of the project instead of one of a suite."""
        return self.suite == LOCAL


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


class LockedPlatform(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an image of one platform is made of.

    `name` is OCI's: ``linux/amd64``. `libraries` says which package has a library that is not
    called after it. `suites` are in the order in which they count.
    """

    name: str
    python: str
    glibc: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+$")]
    suites: tuple[LockedSuite, ...]
    packages: tuple[LockedPackage, ...]
    wheels: tuple[LockedWheel, ...] = ()
    projects: tuple[LockedProject, ...] = ()
    libraries: dict[str, str] = {}

    def interpreter(self, machine: str) -> PythonInterpreter:
        """The interpreter that the wheels were chosen for."""
        major, minor = self.glibc.split(".")
        return PythonInterpreter(self.python, (int(major), int(minor)), machine)


class Lock(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole file.

    `spec` is the digest of what ``distil.toml`` says about packages, `inputs` that of each file
    of the project that says what it depends on. `vendor` is the directory that keeps the
    archives, relative to the lock; empty when there is none.
    """

    version: int
    spec: Digest
    inputs: dict[str, Digest]
    platforms: tuple[LockedPlatform, ...]
    vendor: str = ""

    def platform(self, name: str) -> LockedPlatform | None:
        """What is locked for the platform called `name`; None when nothing is."""
        return next((found for found in self.platforms if found.name == name), None)
