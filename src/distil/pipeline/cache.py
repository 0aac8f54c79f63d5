"""`cache_info` and `cache_gc`: what distil keeps for itself."""

from __future__ import annotations

import msgspec

from distil.distros import table
from distil.fetch.cache import AreaUsage, Cache, Collected, Verified
from distil.fetch.packs import pack_is_sound
from distil.image.layer import layer_is_sound
from distil.run.roots import root_is_sound


class CacheInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the cache is and what each area of it holds."""

    schema_version: int = 1
    directory: str
    areas: list[AreaUsage]


def cache_info() -> CacheInfo:
    """Where the cache is and what it holds. Raises `CacheUnwritable`."""
    cache = Cache.default()
    return CacheInfo(directory=str(cache.root), areas=cache.usage())


class CacheCleaned(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What cleaning the cache did; `verified` only when it was asked for."""

    schema_version: int = 1
    collected: Collected
    verified: Verified | None = None


def cache_gc(limit: int, *, verify: bool = False) -> CacheCleaned:
    """Bound the cache to `limit` bytes, after hashing everything again when `verify` is set.

    Raises `CacheInUse`, `CacheUnwritable`.
    """
    cache = Cache.default()
    checks = {"packs": pack_is_sound, "layers": layer_is_sound, "roots": root_is_sound}
    for distro in table.DISTROS:
        checks |= distro.cache_checks
    verified = cache.verify(checks) if verify else None
    return CacheCleaned(collected=cache.collect(limit), verified=verified)
