"""What a lock holds of Debian: the suites as they were, and the index entry of every package."""

from __future__ import annotations

import datetime
from typing import Final

import msgspec

from distil.formats.lock_toml import from_part, to_part
from distil.model.digest import Digest
from distil.model.lock import LockPart

LOCAL: Final = "local .deb files/"
"""The key of the suite that stands for .deb files of the project; it has no components."""


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


class DebianPart(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    rename={"suites": "suite", "packages": "package"},
):
    """All of it. `suites` are in the order in which they count.

    `libraries` says which package has a library that is not called after it.
    """

    suites: tuple[LockedSuite, ...]
    packages: tuple[LockedPackage, ...]
    libraries: dict[str, str] = {}

    @classmethod
    def read(cls, part: LockPart) -> DebianPart:
        """From what a lock has. Raises `InvalidLock`."""
        return from_part(part, cls)

    def written(self) -> LockPart:
        """As a lock has it."""
        return to_part(self)
