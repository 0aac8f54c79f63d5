"""The parts of a lock, and the rooms that can read them."""

from __future__ import annotations

from distil.compose.subject import Subject
from distil.distros.table import distro_called, distro_of
from distil.model.lock import LockedPlatform, LockPart, Pinned
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.runtimes.table import runtime_called


def base_part(locked: LockedPlatform | None, spec: Spec) -> LockPart | None:
    """What the distribution of `spec` has written; None where it has not. Raises `UnknownBase`."""
    return None if locked is None else locked.base.get(distro_of(spec.base.source).name)


def runtime_part(locked: LockedPlatform, subject: Subject) -> LockPart:
    """What the runtime of `subject` has written, empty where it has not."""
    return locked.runtime.get(subject.project.runtime, {})


def pinned_parts(locked: LockedPlatform) -> list[Pinned]:
    """What the parts of `locked` hold: the base's, and then the runtime's."""
    found = [distro_called(name).pinned(part) for name, part in locked.base.items()]
    return found + [runtime_called(name).pinned(part) for name, part in locked.runtime.items()]


def has_own_packages(locked: LockedPlatform, subject: Subject, platform: Platform) -> bool:
    """Whether the package files of the project are those that are locked."""
    distro = distro_of(subject.spec.base.source)
    part = locked.base.get(distro.name, {})
    return distro.is_locked(part, subject.source, subject.spec, platform)
