"""The checksums that package managers keep of files, all made as the bytes pass once.

dpkg has MD5, apk SHA-1, SPDX asks for SHA-1, everything else is SHA-256. MD5 takes as long as the
other two, so it is made beside them: hashing lets go of the interpreter's lock.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_WORTH_A_THREAD: Final = 1 << 16
"""Bytes of a piece that take longer to hash than to hand over."""


class Hashing:
    """Hashes files one after another. To be closed."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._start()

    def update(self, piece: bytes) -> None:
        """Take the next bytes of a file."""
        beside = None
        if len(piece) < _WORTH_A_THREAD:
            self._md5.update(piece)
        else:
            beside = self._executor().submit(self._md5.update, piece)
        self._sha256.update(piece)
        self._sha1.update(piece)
        if beside is not None:
            beside.result()

    def finished(self) -> tuple[bytes, bytes, bytes]:
        """SHA-256, SHA-1 and MD5 of the file; the next one begins."""
        found = self._sha256.digest(), self._sha1.digest(), self._md5.digest()
        self._start()
        return found

    def close(self) -> None:
        """End the thread, if there is one."""
        if self._pool is not None:
            self._pool.shutdown()

    def _start(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._md5 = hashlib.md5(usedforsecurity=False)

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "md5")
        return self._pool
