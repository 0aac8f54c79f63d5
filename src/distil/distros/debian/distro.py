"""Debian as a distribution of the table: what `distil.distros.protocol.Distro` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.base import (
    RELEASES,
    DebianBase,
    open_base,
    open_locked_base,
    open_locked_onto,
    open_onto,
)
from distil.distros.debian.ground import SCRATCH
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.own_packages import are_locked
from distil.distros.debian.package import ECOSYSTEM
from distil.distros.debian.record_table import table_is_sound
from distil.distros.foundation import Foundation
from distil.distros.protocol import Base, LockedArchive, Opening
from distil.fetch.cache import Check
from distil.model.lock import LockPart, Pinned
from distil.model.platform import Platform
from distil.model.spec import Spec

_DEB: Final = "application/vnd.debian.binary-package"


class Debian(msgspec.Struct, frozen=True):
    """Debian's suites, and apt repositories and .deb files beside them."""

    name: str = "debian"

    @property
    def bases(self) -> tuple[str, ...]:
        """The releases that there are, or nothing but what is needed of one."""
        return (SCRATCH,) if self.name == SCRATCH else RELEASES

    @property
    def cache_checks(self) -> Mapping[str, Check]:
        """The tables that indexes are kept as."""
        return {"indexes": table_is_sound}

    def open(self, opening: Opening, platform: Platform) -> DebianBase:
        """See `open_base`."""
        return open_base(opening, platform)

    def open_locked(self, part: LockPart, opening: Opening, platform: Platform) -> DebianBase:
        """See `open_locked_base`."""
        return open_locked_base(part, opening, platform)

    def open_onto(self, foundation: Foundation, opening: Opening, platform: Platform) -> DebianBase:
        """See `open_onto`."""
        return open_onto(foundation, opening, platform)

    def open_locked_onto(
        self, foundation: Foundation, part: LockPart, opening: Opening, platform: Platform
    ) -> DebianBase:
        """See `open_locked_onto`."""
        return open_locked_onto(foundation, part, opening, platform)

    def is_locked(self, part: LockPart, source: Path, spec: Spec, platform: Platform) -> bool:
        """See `are_locked`."""
        return are_locked(source, spec, DebianPart.read(part), platform)

    def owns(self, base: str) -> bool:
        """Whether `base` begins with its name."""
        return base.partition(":")[0] == self.name

    def locked(self, base: Base, packages: LockPart) -> LockPart:  # noqa: ARG002 - as all have it
        """Packages are all of it."""
        return packages

    def pinned(self, part: LockPart) -> Pinned:
        """The packages, and the release of the first suite."""
        locked = DebianPart.read(part)
        first, *_ = locked.suites
        return Pinned(
            version=f"{first.codename} {first.version}".rstrip(),
            versions={(ECOSYSTEM, one.name): one.version for one in locked.packages},
            date=max(suite.date for suite in locked.suites).date().isoformat(),
        )

    def locked_files(
        self, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        """The .deb files, described by the index that is made from the lock."""
        return _locked_files(open_locked_base(part, opening, platform), part)

    def locked_files_onto(
        self, foundation: Foundation, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        """The same of what is added to an image."""
        return _locked_files(open_locked_onto(foundation, part, opening, platform), part)


def _locked_files(base: DebianBase, part: LockPart) -> list[LockedArchive]:
    index = base.index
    found = [index.describe(index.package(p.name)) for p in DebianPart.read(part).packages]
    return [
        LockedArchive(str(p), p.url, p.size, p.digest, p.url.rpartition("/")[2], _DEB)
        for p in found
    ]


DEBIAN: Final = Debian()
ON_SCRATCH: Final = Debian(SCRATCH)
"""Nothing, and behind it the default suite, which gives only what is needed."""
