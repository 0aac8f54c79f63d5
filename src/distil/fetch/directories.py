"""Directories of the cache that live and die as a whole, and may hold anything."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

TEMPORARY: Final = ".tmp-"
"""What the names of unfinished files and directories begin with; a killed process leaves them."""

_OWNER: Final = 0o700


class Entry(msgspec.Struct):
    """What lives and dies together in an area of the cache; `size` in bytes."""

    paths: list[Path]
    size: int
    used: float


def as_a_whole(directory: Path) -> list[Entry]:
    """The one entry that `directory` is; none while there is no file in it."""
    size, files = _measure(directory)
    return [Entry([directory], size, directory.stat().st_mtime)] if files else []


def each(area: Path) -> list[Entry]:
    """The finished directories in `area` as entries."""
    entries = []
    with contextlib.suppress(FileNotFoundError):
        for found in os.scandir(area):
            if found.is_dir(follow_symlinks=False) and not found.name.startswith(TEMPORARY):
                path = Path(found.path)
                entries.append(Entry([path], _measure(path)[0], found.stat().st_mtime))
    return entries


@contextlib.contextmanager
def made(area: Path, name: str = "") -> Iterator[Path]:
    """A new, empty directory in `area`, which `Cache.lent` gave; removed when the block ends.

    When `name` is given and the block ends well, it gets that name instead, unless somebody else
    was there before. Raises OSError when it cannot be made.
    """
    directory = area / f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}"
    directory.mkdir(0o700)
    try:
        yield directory
        if name:
            # What another process has put there in the meantime is the same.
            with contextlib.suppress(OSError):
                directory.rename(area / name)
    finally:
        # When this fails, it is swept one day.
        with contextlib.suppress(OSError):
            remove(directory)


def _measure(directory: Path) -> tuple[int, int]:
    """Bytes and number of the files below `directory`, as far as it can be looked into."""
    size = files = 0
    pending = [str(directory)]
    while pending:
        with contextlib.suppress(OSError):
            for entry in os.scandir(pending.pop()):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_size
                    files += 1
    return size, files


def remove(path: Path) -> None:
    """Remove the directory at `path` and all in it. Raises OSError.

    However deep it is and whatever modes are in it: each directory is brought up to the first
    level before it is emptied, and is made its owner's. No link is followed. Nobody else may be
    at work in it.
    """
    top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(top, _OWNER)
        prefix = f".{os.urandom(6).hex()}-"
        brought = 0
        pending = _emptied(top)
        while pending:
            name = pending.pop()
            handle = os.open(
                name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=top
            )
            try:
                for inner in _emptied(handle):
                    brought += 1
                    os.rename(inner, f"{prefix}{brought}", src_dir_fd=handle, dst_dir_fd=top)
                    pending.append(f"{prefix}{brought}")
            finally:
                os.close(handle)
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    path.rmdir()


def _emptied(handle: int) -> list[str]:
    """Remove what is no directory from a directory; the names of those, now their owner's."""
    directories = []
    for name in os.listdir(handle):
        if stat.S_ISDIR(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
            os.chmod(name, _OWNER, dir_fd=handle)
            directories.append(name)
        else:
            os.unlink(name, dir_fd=handle)
    return directories
