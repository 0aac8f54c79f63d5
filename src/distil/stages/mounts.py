"""Taking turns: cache mounts, which are never part of an image, and stages that are run.

A cache has one user at a time, and what several builds want of one stage is made once.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from distil.events import Warned, emit
from distil.fetch import directories
from distil.fetch.cache import Cache
from distil.model.spec import MountSpec
from distil.run.task import Bind

AREA: Final = "mounts"
_KEPT: Final = "kept"
_TURN: Final = f"{directories.TEMPORARY}turn-"
"""Files that are locked; the cache sweeps them when nobody is at work."""


@contextlib.contextmanager
def cache_mounts(
    mounts: Sequence[MountSpec], cache: Cache, *, fresh: bool = False
) -> Iterator[tuple[Bind, ...]]:
    """The directories of those of `mounts` that are caches, held until the block ends.

    Whoever else uses one of them is waited for. With `fresh` they are empty ones, and not kept.
    Raises `CacheUnwritable`, `DiskFull`.
    """
    with contextlib.ExitStack() as held:
        # In one order everywhere, so that no two builds wait for each other.
        names = sorted({mount.cache for mount in mounts if mount.cache})
        opened = _empty if fresh else _held
        places = {name: held.enter_context(opened(name, cache)) for name in names}
        yield tuple(
            Bind(places[mount.cache], mount.at, writable=True) for mount in mounts if mount.cache
        )


@contextlib.contextmanager
def _empty(_: str, cache: Cache) -> Iterator[Path]:
    with directories.made(cache.lent(AREA)) as place:
        yield place


@contextlib.contextmanager
def _held(name: str, cache: Cache) -> Iterator[Path]:
    directory = cache.lent(AREA) / name
    place = directory / _KEPT
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _locked(directory, f"waiting for another build that uses the cache mount {name}"):
        os.utime(directory)
        yield place


@contextlib.contextmanager
def turn(stage: str, key: str, cache: Cache) -> Iterator[None]:
    """Be the only one to run `stage` with `key` until the block ends.

    Two that are made at once need not be the same, and the one would take the other's place while
    it is read. Raises `CacheUnwritable`, `DiskFull`.
    """
    place = cache.lent(AREA) / f"{_TURN}{key}"
    place.touch(mode=0o600)
    with _locked(place, f"waiting for another build that runs the stage {stage}"):
        yield


@contextlib.contextmanager
def _locked(place: Path, waiting: str) -> Iterator[None]:
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            emit(Warned(waiting))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
