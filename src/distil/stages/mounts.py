"""What is mounted into a stage and never part of an image: caches, and secrets in memory.

A cache has one user at a time; a secret is a file of a file system in memory while commands run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from distil.events import Warned, emit
from distil.fetch import directories
from distil.fetch.cache import Cache
from distil.model.spec import MountSpec
from distil.run.task import Bind

AREA: Final = "mounts"
_KEPT: Final = "kept"
_MEMORY: Final = "/dev/shm"  # noqa: S108 - a directory of its own, of mode 0700
"""POSIX shared memory: what is there is on no disk."""


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
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            emit(Warned(f"waiting for another build that uses the cache mount {name}"))
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.utime(directory)
        yield place
    finally:
        os.close(handle)


@contextlib.contextmanager
def secret_mounts(secrets: Mapping[str, bytes]) -> Iterator[tuple[Bind, ...]]:
    """`secrets`, by the paths of the stage, as files that nobody else can read.

    Raises OSError where this machine has no file system in memory.
    """
    import tempfile  # most stages mount none

    if not secrets:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="distil-", dir=_MEMORY) as directory:
        binds = []
        for number, (target, value) in enumerate(secrets.items()):
            path = Path(directory) / str(number)
            path.touch(mode=0o600)
            path.write_bytes(value)
            path.chmod(0o400)
            binds.append(Bind(path, target))
        yield tuple(binds)
