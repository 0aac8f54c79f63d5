"""Making a lock, with the versions of an earlier one where they fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from distil.compose.investigate import Subject, investigate
from distil.compose.needs import find_needs
from distil.compose.obtain import obtain_wheels
from distil.compose.plan import plan_packages
from distil.compose.platforms import on_each
from distil.distros.debian.base import BaseOpener, Pins
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.own_packages import are_locked, find_own_packages
from distil.distros.debian.releases import SuitePolicy
from distil.errors import UnsatisfiableDependencies
from distil.events import Warned, emit
from distil.fetch.http import Client
from distil.locks.file import outdated, spec_digest
from distil.locks.platform import check_lock, lock_platform
from distil.model.lock import LOCK_VERSION, Lock, LockedPlatform, LockedProject
from distil.model.package import Wheel
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.runtimes.python.inputs import input_digests
from distil.runtimes.python.project import project_sources
from distil.source.scan import application_tree


class Locker:
    """Locks `subject`, with versions of the lock `before` where they fit."""

    def __init__(
        self, subject: Subject, client: Client, policy: SuitePolicy, before: Lock | None
    ) -> None:
        self._subject = subject
        self._source = Path(subject.application.source)
        self._spec = subject.spec
        self._client = client
        self._policy = policy
        self._before = before
        self._cuts = default_cuts()

    def unchanged(self, platforms: Sequence[Platform], vendor: Path | None) -> Lock | None:
        """The lock that is there, when it fits and a new one would add nothing; else None."""
        before = self._before
        if before is None or {p.oci for p in platforms} != {p.name for p in before.platforms}:
            return None
        same = (
            before.vendor == self._relative(vendor)
            and not outdated(before, self._subject.application, self._spec)
            and all(self._as_built(project) for p in before.platforms for project in p.projects)
            and all(are_locked(self._source, self._spec, p) for p in before.platforms)
        )
        return before if same else None

    def _as_built(self, project: LockedProject) -> bool:
        directory = (self._source / project.directory).resolve()
        return project_sources(directory, self._spec).digest == project.sources

    def lock(
        self, platforms: Sequence[Platform], upgraded: frozenset[str] | None, vendor: Path | None
    ) -> Lock:
        """The lock for `platforms`. What is `upgraded` (None: everything) gets a new version.

        Raises what `investigate`, `plan_packages` and fetching raise; see `check_lock` as well.
        """
        cache = self._client.cache
        found = on_each(platforms, cache, lambda platform: self._platform(platform, upgraded))
        return Lock(
            version=LOCK_VERSION,
            spec=spec_digest(self._spec),
            inputs=input_digests(self._subject.application),
            platforms=tuple(sorted(found, key=lambda one: one.name)),
            vendor=self._relative(vendor),
        )

    def _relative(self, vendor: Path | None) -> str:
        """The directory as the lock names it; one outside the application is not named."""
        inside = vendor is not None and vendor.resolve().is_relative_to(self._source.resolve())
        return os.path.relpath(vendor, self._source) if vendor is not None and inside else ""

    def _platform(self, platform: Platform, upgraded: frozenset[str] | None) -> LockedPlatform:
        before = self._before.platform(platform.oci) if self._before is not None else None
        try:
            return self._resolved(platform, before, upgraded)
        except UnsatisfiableDependencies as error:
            if before is None or upgraded is None:
                raise
            emit(Warned("locked versions do not fit what is asked for now: all are resolved anew"))
            return self._anew(platform, error)

    def _anew(self, platform: Platform, cause: UnsatisfiableDependencies) -> LockedPlatform:
        try:
            return self._resolved(platform, None, None)
        except UnsatisfiableDependencies as error:
            raise error from cause

    def _resolved(
        self, platform: Platform, before: LockedPlatform | None, upgraded: frozenset[str] | None
    ) -> LockedPlatform:
        client = self._client
        held = pins(before, None if upgraded is None else upgraded | _with_version(self._spec))
        own = find_own_packages(self._source, self._spec, platform)
        opener = BaseOpener(platform, client, client.cache, self._policy, held, own)
        preferred = preferred_wheels(before, upgraded)
        findings = investigate(
            self._subject, opener, client, refresh=self._policy.refresh, preferred=preferred
        )
        wheels = obtain_wheels(findings, client)
        application = application_tree(findings.application, self._spec, findings.sources)
        application = application.with_nodes(self._subject.copies.tree)
        plan = plan_packages(findings, find_needs(findings, wheels, application), self._cuts)
        locked = lock_platform(plan, wheels, client, before if upgraded is not None else None)
        check_lock(locked, plan, (wheels, application), self._cuts, client)
        return locked


def _with_version(spec: Spec) -> frozenset[str]:
    """The packages of which the user asks for one version."""
    asked = (*spec.base.packages, *spec.app.packages, *spec.debug.packages)
    return frozenset(name.partition("=")[0].partition(":")[0] for name in asked if "=" in name)


# --- keeping versions ----------------------------------------------------------------------


def pins(before: LockedPlatform | None, upgraded: frozenset[str] | None) -> Pins | None:
    """The Debian packages that keep their version: all of `before` but the `upgraded` ones.

    With one package go those of the same source, which have to fit together. None as `upgraded`
    stands for all. A local file is always as it is.
    """
    if before is None or upgraded is None:
        return None
    sources = {package.source for package in before.packages if package.name in upgraded}
    names = frozenset(p.name for p in before.packages if p.source not in sources and not p.is_local)
    return Pins(before, names)


def preferred_wheels(
    before: LockedPlatform | None, upgraded: frozenset[str] | None
) -> tuple[Wheel, ...]:
    """The distributions that keep their version where the project leaves the choice."""
    if before is None or upgraded is None:
        return ()
    return tuple(
        Wheel(w.name, w.version, w.filename, w.url, w.size, w.digest)
        for w in before.wheels
        if w.name not in upgraded
    )
