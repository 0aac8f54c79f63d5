"""Writable layers: directories that take what tasks write over a root.

On most file systems a layer is what overlayfs keeps (``upper``, ``work``). Where the kernel puts no
overlay on a file system, as it does not on another overlay, it is a copy of the root (``copy``),
with a record of what was copied (``copied``): whatever has another inode or another time of change
since then has been written to. No program can set that time.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch import directories
from distil.fetch.cache import Cache
from distil.image.staging import reporting

AREA: Final = "roots"

UPPER: Final = "upper"
WORK: Final = "work"
COPY: Final = "copy"
_COPIED: Final = "copied"
_PLACES: Final = "places"

_FICLONE: Final = 0x40049409
"""ioctl_ficlone(2): share the blocks of a file, where the file system can."""

_PIECE: Final = 1 << 24


@contextlib.contextmanager
def layer(cache: Cache) -> Iterator[Path]:
    """The directory of a new, empty layer, for `Root.upper`; removed when the block ends.

    Raises `CacheUnwritable`, `DiskFull`, `OutputFailed`.
    """
    area = cache.lent(AREA)
    with contextlib.ExitStack() as held:
        with reporting(area):
            directory = held.enter_context(directories.made(area))
            for name in (UPPER, WORK):
                (directory / name).mkdir(0o755)
        yield directory


def prepare(layer: Path) -> None:
    """Make the layer ready for the next task: overlayfs wants an empty directory to work in.

    Raises `DiskFull`, `OutputFailed`.
    """
    with reporting(layer):
        directories.remove(layer / WORK)
        (layer / WORK).mkdir(0o755)


def place(layer: Path) -> Path:
    """The directory that shows as the root's in what is run in `layer`, to put files into it.

    There is nothing in it of the root below, or all of it (`is_copied`). Only to be used while
    nothing runs; a link in it may lead anywhere.
    """
    return layer / (COPY if is_copied(layer) else UPPER)


def is_copied(layer: Path) -> bool:
    """Whether the layer is a copy of its root."""
    return os.path.lexists(layer / COPY)


def copy_root(lower: Path, layer: Path) -> None:
    """Make the layer a copy of the root `lower`, with what was put into it before.

    Raises `DiskFull`, `OutputFailed`.
    """
    with reporting(layer):
        _copy(lower, layer / COPY)
        record = {path: _mark(found) for path, found in walked(layer / COPY)}
        # Names need not be UTF-8, so bytes they are.
        data = msgspec.msgpack.encode([(os.fsencode(p), *mark) for p, mark in record.items()])
        (layer / _COPIED).write_bytes(data)
        _move_into(layer / UPPER, layer / COPY)


def copied(layer: Path) -> dict[str, tuple[int, int]]:
    """What was copied into the layer, by its path: its inode, and the time of its last change."""
    data = (layer / _COPIED).read_bytes()
    found = msgspec.msgpack.decode(data, type=list[tuple[bytes, int, int]])
    return {os.fsdecode(path): (inode, time) for path, inode, time in found}


def note_places(layer: Path, paths: Iterable[str]) -> None:
    """Remember that `paths`, and what leads to them, are made in a copy to be mounted on."""
    noted = places(layer)
    for path in paths:
        parts = path.strip("/").split("/")
        noted.update("/" + "/".join(parts[:number]) for number in range(1, len(parts) + 1))
    (layer / _PLACES).write_bytes(msgspec.json.encode(sorted(noted)))


def places(layer: Path) -> set[str]:
    """What `note_places` was told of."""
    try:
        return msgspec.json.decode((layer / _PLACES).read_bytes(), type=set[str])
    except FileNotFoundError:
        return set()


def _mark(found: os.stat_result) -> tuple[int, int]:
    return found.st_ino, found.st_ctime_ns


def walked(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every path below `top`, relative to it, and what the file system says of it."""
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(os.path.join(top, below)) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                path = os.path.join(below, entry.name)
                yield path, status
                if stat.S_ISDIR(status.st_mode):
                    pending.append(path)


def _copy(source: Path, target: Path) -> None:
    """Copy a root with its modes, times and hard links."""
    first: dict[tuple[int, int], str] = {}
    later: list[tuple[str, os.stat_result]] = []
    target.mkdir(0o700)
    for path, found in walked(source):
        here, there = os.path.join(source, path), os.path.join(target, path)
        if stat.S_ISDIR(found.st_mode):
            os.mkdir(there, 0o700)
            later.append((there, found))
        elif stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(here), there)
        elif (found.st_dev, found.st_ino) in first:
            os.link(first[found.st_dev, found.st_ino], there, follow_symlinks=False)
        elif stat.S_ISREG(found.st_mode):
            _copy_file(here, there, found)
            if found.st_nlink > 1:
                first[found.st_dev, found.st_ino] = there
        elif stat.S_ISFIFO(found.st_mode):
            os.mkfifo(there, stat.S_IMODE(found.st_mode))
    later.append((str(target), source.stat()))
    # The deepest first: a directory without write permission takes no more files.
    for place, found in sorted(later, key=lambda one: one[0], reverse=True):
        os.chmod(place, stat.S_IMODE(found.st_mode))
        os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))


def _move_into(source: Path, target: Path) -> None:
    """Move everything below `source` to where it would show over `target`."""
    for path, found in list(walked(source)):
        here, there = os.path.join(source, path), os.path.join(target, path)
        if stat.S_ISDIR(found.st_mode):
            if not os.path.isdir(there) or os.path.islink(there):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(there)
                os.mkdir(there)
            os.chmod(there, stat.S_IMODE(found.st_mode))
        else:
            if os.path.isdir(there) and not os.path.islink(there):
                directories.remove(Path(there))
            os.rename(here, there)


def _copy_file(source: str, target: str, found: os.stat_result) -> None:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    reading = os.open(source, os.O_RDONLY | flags)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags, 0o600)
        try:
            if not _cloned(reading, writing):
                while os.sendfile(writing, reading, None, _PIECE):
                    continue
            os.fchmod(writing, stat.S_IMODE(found.st_mode))
            os.utime(writing, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _cloned(reading: int, writing: int) -> bool:
    try:
        fcntl.ioctl(writing, _FICLONE, reading)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False
    return True
