"""What an application is and needs, as its lock says: no index is asked."""

from __future__ import annotations

from pathlib import Path

from distil.compose.investigate import Findings, Subject
from distil.distros.debian.base import Base
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.locked import open_locked
from distil.distros.debian.own_packages import are_locked
from distil.errors import NotLocked, StaleLock
from distil.events import stage
from distil.fetch.http import Client
from distil.locks.file import LOCK_FILE
from distil.model.lock import Lock, LockedPlatform
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.runtimes.python.detect import complete
from distil.runtimes.python.locked_projects import as_locked, locked_project
from distil.runtimes.python.project import check_own


def locked_findings(subject: Subject, lock: Lock, platform: Platform, client: Client) -> Findings:
    """What `subject` needs on `platform`: the packages and wheels that `lock` holds.

    Its own projects are built with the back end that is locked. Raises `NotLocked`,
    `WheelDiffers`, and what `locked_project` and `open_locked` raise.
    """
    spec, application = subject.spec, subject.application
    source = Path(application.source)
    locked = lock.platform(platform.oci)
    if locked is None:
        others = ", ".join(found.name for found in lock.platforms)
        hint = f"it holds {others}; add this one with `distil lock --platform`"
        raise NotLocked(str(source / LOCK_FILE), platform.oci, hint=hint)
    if not are_locked(source, spec, locked):
        why = "the .deb files of the project are others than when it was made"
        raise StaleLock(str(source / LOCK_FILE), why, f"distil lock {application.argument}")
    with stage("reading the lock") as result:
        base = locked_base(spec, locked, platform, client, source)
        result(f"{base.name} {base.release}")
    interpreter = locked.interpreter(platform.machine)
    wheels = tuple(as_locked(wheel, source) for wheel in locked.wheels)
    own = [locked_project(project, source, client, spec) for project in locked.projects]
    check_own(own, interpreter, spec)
    return Findings(
        spec=spec,
        application=complete(application, wheels),
        sources=subject.sources,
        base=base,
        interpreter=interpreter,
        wheels=tuple(sorted((*wheels, *own), key=lambda wheel: wheel.name)),
        own=frozenset(wheel.name for wheel in own),
        certificates=subject.certificates,
        lock=str(source / LOCK_FILE),
    )


def base_in_lock(subject: Subject, lock: Lock, client: Client, platform: Platform) -> Base:
    """The base of `platform`, for what is run here for an image of another one.

    Raises `NotLocked`, and what `open_locked` raises.
    """
    locked = lock.platform(platform.oci)
    source, argument = Path(subject.application.source), subject.application.argument
    if locked is None:
        hint = (
            f"it makes the byte code: `distil lock {argument} --platform {platform.oci},…` adds it"
        )
        raise NotLocked(str(source / LOCK_FILE), f"Python for {platform.oci}", hint=hint)
    return locked_base(subject.spec, locked, platform, client, source)


def locked_base(
    spec: Spec, locked: LockedPlatform, platform: Platform, client: Client, source: Path
) -> Base:
    """The base with nothing in it but the packages of `locked`; local ones lie in `source`."""
    suites = open_locked(locked, platform, client, source)
    index = PackageIndex(suites, client.cache, platform.debian)
    local = [package for package in locked.packages if package.is_local]
    pinned = sorted(f"{package.name}={package.version}" for package in local)
    return Base(spec.base.source, platform, suites, index, tuple(pinned))
