"""What stages stand on, in a lock: written down, opened again, and told of."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from distil.compose.resolving import open_base, opening_for
from distil.compose.subject import Subject
from distil.distros.protocol import LockedArchive, Opening, Toolchain
from distil.distros.table import distro_called, distro_of
from distil.locks.errors import UnsoundLock
from distil.model.lock import LockedPlatform, LockPart, Pinned
from distil.model.platform import Platform, parse_platform
from distil.stages.stage_base import StageBase, base_of_stage, needed_stages

StageParts = dict[str, dict[str, LockPart]]
"""By stage, and then by distribution."""


def lock_stages(
    subject: Subject, opening: Opening, platform: Platform, before: LockedPlatform | None
) -> StageParts:
    """What the stages of `subject` stand on where a machine of `platform` builds.

    Versions of `before` stay but for those upgraded, as `opening` has them. What is locked is
    opened again, and has to come to the same. Raises `UnsoundLock`, and what opening raises.
    """
    found: StageParts = {}
    for ground in stage_bases(subject):
        distro = distro_of(ground.source)
        known = before.stages.get(ground.stage, {}) if before is not None else {}
        held = msgspec.structs.replace(opening, held=known.get(distro.name))
        base = open_base(opening_for(held, ground), platform)
        toolchain = base.toolchain(ground.packages)
        found[ground.stage] = {distro.name: distro.locked(base, toolchain.lock())}
        again = _opened(found[ground.stage], opening, ground, platform)
        if again.identity != toolchain.identity:
            raise UnsoundLock(platform.oci, [f"stage {ground.stage}"])
    return found


def stage_bases(subject: Subject) -> list[StageBase]:
    """What the stages stand on of which something is copied."""
    return [base_of_stage(subject.spec, stage.name) for stage in needed_stages(subject.spec)]


def locked_toolchain(
    locked: LockedPlatform, opening: Opening, ground: StageBase, platform: Platform
) -> Toolchain | None:
    """The system of `ground` with what is locked for it; None when nothing is.

    Raises `InvalidLock`, and what opening it raises.
    """
    parts = locked.stages.get(ground.stage)
    return None if parts is None else _opened(parts, opening, ground, platform)


def locked_stage_files(
    locked: LockedPlatform, subject: Subject, opening: Opening
) -> Iterator[LockedArchive]:
    """Every archive that the stages of `locked` are made of."""
    platform = parse_platform(locked.name)
    for ground in stage_bases(subject):
        its_own = opening_for(opening, ground)
        for name, part in locked.stages.get(ground.stage, {}).items():
            yield from distro_called(name).locked_files(part, its_own, platform)


def pinned_stages(locked: LockedPlatform) -> Iterator[Pinned]:
    """What the parts of the stages hold, in the order of their names."""
    for _, parts in sorted(locked.stages.items()):
        for name, part in parts.items():
            yield distro_called(name).pinned(part)


def _opened(
    parts: dict[str, LockPart], opening: Opening, ground: StageBase, platform: Platform
) -> Toolchain:
    distro = distro_of(ground.source)
    part = parts.get(distro.name, {})
    base = distro.open_locked(part, opening_for(opening, ground), platform)
    return base.toolchain(ground.packages)
