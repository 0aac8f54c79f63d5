"""What locking came to, as plain values: the input of reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.locks.parts import pinned_parts
from distil.locks.stages import pinned_stages
from distil.locks.vendor import Vendored
from distil.model.lock import BUILD, Lock, LockedPlatform, Pinned

STAGE: Final = "stage"
"""The kind of what stages stand on."""


class Change(msgspec.Struct, frozen=True):
    """A component that another lock has in another version; "" where it has none.

    `kind` is ``deb``, ``pypi``, ``build`` for what back ends are made of, or ``stage`` for what
    stages stand on.
    """

    platform: str
    kind: str
    name: str
    before: str
    after: str


class LockedSummary(msgspec.Struct, frozen=True, rename="camel"):
    """What is locked for one platform; `date` is that of the newest index."""

    platform: str
    release: str
    date: str
    python: str
    packages: int
    distributions: int
    projects: int
    stages: int = 0


class LockSummary(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A lock that was written, or found to be up to date when it is not `written`."""

    schema_version: int = 1
    path: str
    written: bool
    platforms: tuple[LockedSummary, ...]
    changes: tuple[Change, ...] = ()
    vendored: Vendored | None = None


def summarise_lock(
    path: str, before: Lock | None, lock: Lock, vendored: Vendored | None, *, written: bool
) -> LockSummary:
    """What `lock` at `path` holds and how it differs from the one `before`."""
    return LockSummary(
        path=path,
        written=written,
        platforms=tuple(_summarised(platform) for platform in lock.platforms),
        changes=tuple(_changes(before, lock)) if before is not None else (),
        vendored=vendored,
    )


def _summarised(platform: LockedPlatform) -> LockedSummary:
    base, *runtimes = pinned_parts(platform)
    runtime = runtimes[0] if runtimes else Pinned("", {})
    return LockedSummary(
        platform=platform.name,
        release=base.version,
        date=base.date,
        python=runtime.version,
        packages=len(base.versions),
        distributions=sum(kind != BUILD for kind, _ in runtime.versions),
        projects=runtime.projects,
        stages=len(platform.stages),
    )


def _changes(before: Lock, after: Lock) -> Iterator[Change]:
    for platform in after.platforms:
        known = before.platform(platform.name)
        if known is None:
            continue
        old, new = _versions(known), _versions(platform)
        for kind, name in sorted(old.keys() | new.keys()):
            was, now = old.get((kind, name), ""), new.get((kind, name), "")
            if was != now:
                yield Change(platform.name, kind, name, was, now)


def _versions(platform: LockedPlatform) -> dict[tuple[str, str], str]:
    found = {
        (STAGE, name): version
        for part in pinned_stages(platform)
        for (_, name), version in part.versions.items()
    }
    for part in pinned_parts(platform):
        found |= part.versions
    return found
