"""Outputs that appear whole or not at all.

An output grows under a hidden name beside its place and is renamed when it is complete. Whatever
ends the work early removes it; what a killed process left is removed by the next one that
writes there. The name is locked while it is in use, so nobody's unfinished work is taken away.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from distil.fetch.errors import DiskFull
from distil.image.errors import OutputFailed
from distil.model.blob import Blob

_MARK: Final = ".distil-"
_GRACE: Final = 60
"""Seconds before a leftover is taken for one: its owner may not have locked it yet."""


@contextlib.contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn the errors of the file system into `DiskFull` and `OutputFailed` about `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(path)) from error
        place = error.filename if isinstance(error.filename, str) else str(path)
        raise OutputFailed(_finished(place), error.strerror or type(error).__name__) from error


@contextlib.contextmanager
def staged_file(path: Path, pieces: Iterable[bytes], mode: int = 0o644) -> Iterator[None]:
    """Write `pieces` to a file that becomes `path` when the block ends well.

    It is on the disk before the block begins, never more open than `mode`. A device or a pipe, such
    as ``/dev/stdout``, is written to, for nothing may take its place. Raises OSError.
    """
    if _is_stream(path):
        with path.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, path.name)
    temporary = _temporary(path.parent, path.name)
    try:
        with _create(temporary, mode) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            for piece in pieces:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
            yield
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """Whether there is something at `path` that is neither a file nor a directory."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextlib.contextmanager
def staged_directory(path: Path) -> Iterator[Path]:
    """A new directory that is renamed to `path` when the block ends well. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, path.name)
    temporary = _temporary(path.parent, path.name)
    temporary.mkdir(0o755)
    try:
        with locked(temporary):
            yield temporary
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """A hidden directory beside `path`, for what needs names of its own while it is made.

    What becomes `path` is renamed out of it; with the block the rest goes. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, path.name)
    temporary = _temporary(path.parent, path.name)
    temporary.mkdir(0o700)
    try:
        with locked(temporary):
            yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold `directory` alone, waiting for whoever holds it now. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def staged_blob(path: Path, data: Blob) -> Iterator[None]:
    """Write `data` to a new name beside `path`, and rename it when the block ends well.

    It is on the disk before the block begins. Raises OSError, and `CorruptContent` when the
    bytes do not match their digest; `path` is as it was then.
    """
    temporary = _temporary(path.parent, path.name)
    try:
        with _create(temporary) as stream:
            for piece in data.chunks():
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        yield
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: Path, data: Blob) -> None:
    """As `staged_blob`, at once."""
    with staged_blob(path, data):
        pass


def sweep(directory: Path, name: str = "", grace: float = _GRACE) -> None:
    """Remove what killed processes left in `directory` for `name` (for all names if empty)."""
    now = time.time()
    for path in directory.iterdir():
        if not path.name.startswith(f".{name}") or not is_leftover(path.name):
            continue
        with contextlib.suppress(OSError):
            if now - path.lstat().st_mtime >= grace:
                _remove_unlocked(path)


def is_leftover(name: str) -> bool:
    """Whether a file is called like something that was not finished."""
    return name.startswith(".") and _MARK in name


def _finished(path: str) -> str:
    """What `path` would be called when it is finished: the name that the user knows."""
    parts = (
        part[1:].partition(_MARK)[0] if is_leftover(part) else part for part in path.split("/")
    )
    return "/".join(parts)


def _remove_unlocked(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(handle)


def _temporary(directory: Path, name: str) -> Path:
    return directory / f".{name[:200]}{_MARK}{os.urandom(6).hex()}"


def _create(path: Path, mode: int = 0o644) -> BinaryIO:
    """Create `path` for writing: readable by others as the umask allows, never writable."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, mode), "wb")
