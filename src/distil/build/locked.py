"""What an application is and needs, as its lock says: no index is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distil.apps.detect import complete, detect
from distil.apps.locked_projects import as_locked, locked_project
from distil.apps.project import check_own
from distil.apps.sources import scan
from distil.build.base import Base
from distil.build.investigate import Findings
from distil.build.lock_file import LOCK_FILE, check_current
from distil.build.own_packages import are_locked
from distil.errors import (
    NotLocked,
    StaleLock,
    UnknownPackage,
    UnknownPackageVersion,
    UnsatisfiableDependencies,
)
from distil.events import stage
from distil.fetch.http import Client
from distil.model.lock import Lock, LockedPlatform
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.packages.index import PackageIndex
from distil.packages.locked import open_locked


def locked_findings(
    source: Path, spec: Spec, lock: Lock, platform: Platform, client: Client
) -> Findings:
    """The application in `source` with the packages and wheels that `lock` holds for `platform`.

    Its own projects are built with the back end that is locked. Raises `StaleLock`, `NotLocked`,
    `WheelDiffers`, and what `detect`, `locked_project` and `open_locked` raise.
    """
    sources = scan(source, spec)
    application = detect(source, spec, sources)
    check_current(lock, application, spec)
    locked = lock.platform(platform.oci)
    if locked is None:
        others = ", ".join(found.name for found in lock.platforms)
        hint = f"it holds {others}; add this one with `distil lock --platform`"
        raise NotLocked(str(source / LOCK_FILE), platform.oci, hint=hint)
    if not are_locked(source, spec, locked):
        why = "the .deb files of the project are others than when it was made"
        raise StaleLock(str(source / LOCK_FILE), why, f"distil lock {source}")
    with stage("reading the lock") as result:
        base = locked_base(spec, locked, platform, client, source)
        result(f"{base.name} {base.release}")
    interpreter = locked.interpreter(platform.machine)
    wheels = tuple(as_locked(wheel, source) for wheel in locked.wheels)
    own = [locked_project(project, source, client, spec) for project in locked.projects]
    check_own(own, interpreter)
    return Findings(
        spec=spec,
        application=complete(application, wheels),
        sources=sources,
        base=base,
        interpreter=interpreter,
        wheels=tuple(sorted((*wheels, *own), key=lambda wheel: wheel.name)),
        own=frozenset(wheel.name for wheel in own),
    )


def locked_base(
    spec: Spec, locked: LockedPlatform, platform: Platform, client: Client, source: Path
) -> Base:
    """The base with nothing in it but the packages of `locked`; local ones lie in `source`."""
    suites = open_locked(locked, platform, client, source)
    index = PackageIndex(suites, client.cache, platform.debian)
    local = [package for package in locked.packages if package.is_local]
    pinned = sorted(f"{package.name}={package.version}" for package in local)
    return Base(spec.base.source, platform, suites, index, tuple(pinned))


@contextmanager
def from_lock(source: Path) -> Iterator[None]:
    """Say of packages that are not to be had in the block that the lock lacks them."""
    try:
        yield
    except (UnknownPackage, UnknownPackageVersion, UnsatisfiableDependencies) as error:
        what = f"answer to what the image needs now: {error.message}"
        raise NotLocked(str(source / LOCK_FILE), what) from error
