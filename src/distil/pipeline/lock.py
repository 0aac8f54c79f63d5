"""`lock`: every archive of an image, written down by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from distil.compose.subject import read_subject
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.locks.choices import names_to_upgrade, platforms_to_lock
from distil.locks.file import LOCK_FILE, find_lock, write_lock
from distil.locks.lock import Locker
from distil.locks.summary import LockSummary, summarise_lock
from distil.locks.vendor import archives_of, keep_archives, vendor_directory
from distil.runtimes.table import find_place
from distil.source.specification import Overrides, read_spec


class LockRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `lock` is asked for.

    `source` is as in `BuildRequest`.
    `platforms` are those of the lock that is there by default, or else as in `BuildRequest`.
    `upgrade` names what may change its version; None is everything. `vendor` is a directory to
    keep archives in. `secrets` are as in `BuildRequest`.
    """

    source: Path
    platforms: tuple[str, ...] = ()
    upgrade: tuple[str, ...] | None = ()
    vendor: Path | None = None
    refresh: bool = False
    offline: bool = False
    secrets: Mapping[str, str] = {}
    settings: StoreSettings = NOTHING_SAID
    """What is said of the place of the base."""


def lock(request: LockRequest) -> LockSummary:
    """Write down every archive that the application's image is made of.

    A lock that is there and still fits stays as it is; one that does not keeps the versions it
    can. Raises `DistilError`s; the lock is as it was then.
    """
    cache = Cache.default()
    with cache.guarding():
        return _lock(request, cache)


def _lock(request: LockRequest, cache: Cache) -> LockSummary:
    place = find_place(request.source)
    source, spec = place.directory, read_spec(place.directory, Overrides())
    before = find_lock(source)
    upgraded = names_to_upgrade(request.upgrade, before, source)
    platforms = platforms_to_lock(request.platforms, before, spec)
    vendor = vendor_directory(before, source, request.vendor)
    subject = read_subject(place, spec)
    refresh = request.refresh or upgraded != frozenset()
    with Client(
        cache,
        offline=request.offline,
        kept=vendor and archives_of(vendor),
        insecure=request.settings.insecure,
    ) as client:
        locker = Locker(subject, client, before, request.secrets, refresh=refresh)
        after = locker.unchanged(platforms, vendor) if upgraded == frozenset() else None
        written = after is None
        if after is None:
            after = locker.lock(platforms, upgraded, vendor)
        vendored = keep_archives(after, subject, vendor, client) if vendor else None
    if written:
        write_lock(source, after)
    return summarise_lock(str(source / LOCK_FILE), before, after, vendored, written=written)
