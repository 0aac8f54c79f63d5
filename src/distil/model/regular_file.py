"""Files that others name, opened without waiting for what is none."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

LARGEST_SMALL: Final = 64 << 20
"""Bytes of a file that people write, or tools for people: settings, locks, keys, lists."""


def open_regular(path: Path) -> BufferedReader:
    """The file at `path`, to be read, if it is a regular one; links are followed.

    Raises OSError for anything else: a FIFO, a socket or a device has no end, or waits for
    somebody who never comes. Nothing is waited for here either.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        os.set_blocking(handle, True)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_small(path: Path) -> bytes:
    """All of the regular file at `path`.

    Raises OSError, also when it is larger than any honest one of its kind (`LARGEST_SMALL`).
    """
    with open_regular(path) as stream:
        data = stream.read(LARGEST_SMALL + 1)
    if len(data) > LARGEST_SMALL:
        raise OSError(errno.EFBIG, f"larger than {LARGEST_SMALL >> 20} MiB", str(path))
    return data
