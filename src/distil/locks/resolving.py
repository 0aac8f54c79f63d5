"""What an application is and needs, as its lock says: no index is asked."""

from __future__ import annotations

from distil.compose.errors import NotLocked
from distil.compose.platforms import building_platform
from distil.compose.resolving import Resolved, Resolver, open_locked
from distil.compose.subject import Subject
from distil.distros.protocol import Base, Opening, Toolchain
from distil.events import stage
from distil.fetch.http import Client
from distil.locks.file import LOCK_FILE
from distil.locks.parts import has_own_packages, runtime_part
from distil.locks.stages import locked_toolchain
from distil.model.lock import Lock
from distil.model.platform import Platform
from distil.runtimes.errors import StaleLock
from distil.stages.stage_base import StageBase


class LockResolver(Resolver):
    """Asks nothing but `lock`; a `distil.compose.resolving.Resolver`."""

    def __init__(self, subject: Subject, lock: Lock, client: Client) -> None:
        self._subject = subject
        self._lock = lock
        self._client = client
        self._path = str(subject.source / LOCK_FILE)

    def resolve(self, platform: Platform) -> Resolved:
        """The packages and components that the lock holds for `platform`.

        The application's own projects are built with the back end that is locked. Raises
        `NotLocked`, `StaleLock`, and what opening the parts raises.
        """
        subject = self._subject
        locked = self._lock.platform(platform.oci)
        if locked is None:
            others = ", ".join(found.name for found in self._lock.platforms)
            hint = f"it holds {others}; add this one with `distil lock --platform`"
            raise NotLocked(self._path, platform.oci, hint=hint)
        if not has_own_packages(locked, subject, platform):
            why = "the .deb files of the project are others than when it was made"
            raise StaleLock(self._path, why, f"distil lock {subject.application.argument}")
        with stage("reading the lock") as result:
            base = open_locked(self._opening(), locked, platform)
            result(f"{base.name} {base.release}")
        part = runtime_part(locked, subject)
        plan = subject.project.locked(part, platform, self._client)
        return Resolved(subject, base, plan, self._path)

    def base(self, platform: Platform) -> Base:
        """The base of `platform`, for what is run here for an image of another one.

        Raises `NotLocked`, and what opening it raises.
        """
        locked = self._lock.platform(platform.oci)
        if locked is None:
            argument, oci = self._subject.application.argument, platform.oci
            hint = f"it makes the byte code: `distil lock {argument} --platform {oci},…` adds it"
            raise NotLocked(self._path, f"Python for {oci}", hint=hint)
        return open_locked(self._opening(), locked, platform)

    def toolchain(self, ground: StageBase) -> Toolchain:
        """What the lock holds of the system that a stage is laid on.

        Raises `NotLocked`, and what opening it raises.
        """
        here = building_platform()
        locked = self._lock.platform(here.oci)
        found = None
        if locked is not None:
            found = locked_toolchain(locked, self._opening(), ground, here)
        if found is None:
            what = f"what stage {ground.stage} needs on {here.oci}"
            others = ",".join(one.name for one in self._lock.platforms if one.name != here.oci)
            names = f"{here.oci},{others}" if others else here.oci
            argument = self._subject.application.argument
            hint = f"`distil lock {argument} --platform {names}` adds it"
            raise NotLocked(self._path, what, hint=hint)
        return found

    def _opening(self) -> Opening:
        return Opening(self._subject.source, self._subject.spec, self._client)
