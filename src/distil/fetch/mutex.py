"""One lock of a directory: shared by all who use it, alone for the one who cleans it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from distil.fetch.errors import CacheInUse, CacheUnwritable


class DirectoryLock:
    """An flock(2) on the file ``lock`` in `root`; the kernel drops it when the process ends.

    `tidy` is called, with the lock held alone, when it is taken and nobody else has it: whatever
    is unfinished in the directory then is of processes that are no more.
    """

    def __init__(self, root: Path, tidy: Callable[[], object]) -> None:
        self._root = root
        self._tidy = tidy
        self._file = -1
        self._mutex = threading.Lock()

    def share(self) -> None:
        """Take the shared lock, once for the life of the process.

        A directory that does not exist, is read-only or lies on a file system without locks is
        used without one: readers check what they read, so the worst is a file that is gone.
        """
        if self._file >= 0:
            return
        with self._mutex:
            if self._file >= 0:
                return
            try:
                file = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                return
            with contextlib.suppress(OSError):
                if _taken_alone(file):
                    self._tidy()
                fcntl.flock(file, fcntl.LOCK_SH)
            self._file = file

    @contextlib.contextmanager
    def alone(self, patience: float) -> Iterator[None]:
        """Hold the lock alone during the block.

        Waits up to `patience` seconds for the others, then raises `CacheInUse`; raises
        `CacheUnwritable` when the lock file cannot be opened.
        """
        self.share()
        if self._file < 0:
            raise CacheUnwritable(str(self._root), "its lock file cannot be opened")
        deadline = time.monotonic() + patience
        while not _taken_alone(self._file):
            if time.monotonic() > deadline:
                # A conversion that failed may have dropped the shared lock (flock(2)).
                fcntl.flock(self._file, fcntl.LOCK_SH)
                raise CacheInUse(str(self._root))
            time.sleep(0.05)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_SH)


def _taken_alone(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
