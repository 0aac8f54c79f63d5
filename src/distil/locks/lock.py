"""Making a lock, with the versions of an earlier one where they fit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from distil.compose.needs import OwnFiles, find_needs
from distil.compose.plan import plan_image
from distil.compose.platforms import building_platform, on_each
from distil.compose.resolving import Resolved, open_base, resolve, toolchain_of
from distil.compose.staging import stages_of
from distil.compose.subject import Subject
from distil.distros.errors import UnsatisfiableDependencies
from distil.distros.protocol import Base, Opening
from distil.events import Warned, emit
from distil.fetch.http import Client
from distil.locks.file import outdated, spec_digest
from distil.locks.parts import base_part, has_own_packages, runtime_part
from distil.locks.platform import check_lock, lock_platform
from distil.locks.stages import lock_stages
from distil.model.lock import LOCK_VERSION, Lock, LockedPlatform
from distil.model.platform import Platform, parse_platform
from distil.runtimes.protocol import Asking
from distil.source.scan import application_tree
from distil.userfiles.copies import joined


class Locker:
    """Locks `subject`, with versions of the lock `before` where they fit.

    With `refresh`, indexes are asked however fresh the answers are. `secrets` says where those
    are that stages mount: what stages make decides what an image needs.
    """

    def __init__(
        self,
        subject: Subject,
        client: Client,
        before: Lock | None,
        secrets: Mapping[str, str],
        *,
        refresh: bool,
    ) -> None:
        self._subject = subject
        self._client = client
        self._before = before
        self._refresh = refresh
        self._secrets = secrets

    def unchanged(self, platforms: Sequence[Platform], vendor: Path | None) -> Lock | None:
        """The lock that is there, when it fits and a new one would add nothing; else None."""
        before = self._before
        if before is None or {p.oci for p in platforms} != {p.name for p in before.platforms}:
            return None
        subject = self._subject
        same = (
            before.vendor == self._relative(vendor)
            and not outdated(before, subject)
            and all(subject.project.is_built(runtime_part(p, subject)) for p in before.platforms)
            and all(has_own_packages(p, subject, parse_platform(p.name)) for p in before.platforms)
        )
        return before if same else None

    def lock(
        self, platforms: Sequence[Platform], upgraded: frozenset[str] | None, vendor: Path | None
    ) -> Lock:
        """The lock for `platforms`. What is `upgraded` (None: everything) gets a new version.

        Raises what `resolve`, `plan_image` and fetching raise; see `check_lock` as well.
        """
        cache = self._client.cache
        found = on_each(platforms, cache, lambda platform: self._platform(platform, upgraded))
        return Lock(
            version=LOCK_VERSION,
            spec=spec_digest(self._subject),
            inputs=self._subject.project.inputs(),
            platforms=tuple(sorted(found, key=lambda one: one.name)),
            vendor=self._relative(vendor),
        )

    def _relative(self, vendor: Path | None) -> str:
        """The directory as the lock names it; one outside the application is not named."""
        source = self._subject.source
        inside = vendor is not None and vendor.resolve().is_relative_to(source.resolve())
        return os.path.relpath(vendor, source) if vendor is not None and inside else ""

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
        subject, client, refresh = self._subject, self._client, self._refresh
        spec = subject.spec
        opening = Opening(subject.source, spec, client, refresh, base_part(before, spec), upgraded)
        held = runtime_part(before, subject) if before is not None else None
        asking = Asking(client, refresh, held or None, upgraded)
        resolved = resolve(subject, platform, opening, asking)

        def base_of(other: Platform) -> Base:
            return resolved.base if other == platform else open_base(opening, other)

        contents = resolved.runtime.fetch(client, base_of)
        own = self._own_files(resolved, opening)
        plan = plan_image(resolved, find_needs(contents, own, resolved.base))
        kept = before if upgraded is not None else None
        locked = lock_platform(plan, contents, own, client, kept)
        check_lock(locked, plan, contents, own, client)
        stages = lock_stages(subject, opening, platform, kept)
        return msgspec.structs.replace(locked, stages=stages)

    def _own_files(self, resolved: Resolved, opening: Opening) -> OwnFiles:
        """The application's files and copies; stages that make some of them are run for this."""
        subject, here = self._subject, building_platform()
        files = application_tree(resolved.application, subject.spec, subject.sources)
        stages = stages_of(
            subject,
            lambda ground: toolchain_of(opening, ground, here),
            self._client,
            self._secrets,
        )
        copies = joined(subject.copies, stages.taken(resolved.base.platform).copied)
        return OwnFiles.of(files.with_nodes(copies.tree))
