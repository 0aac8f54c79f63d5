"""The files that rpm keeps headers of packages in, one reader for each kind of database.

SQLite (rpm 4.16 and later), ndb (SUSE; rpm's `lib/backend/ndb/rpmpkg.c`), and Berkeley DB's hash
(all before; "hash" access method, as its `dbinc/db_page.h` lays pages out). All of them are read
without locks and writes, and a file that leads in circles gives no more than it holds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from distil.catalog.facts import Content, Unreadable

_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_NDB_MAGIC: Final = b"RpmP"
_BDB_HASH: Final = 0x061561

_MOST_STEPS: Final = 20_000
"""Thousands of steps of SQLite's machine: honest databases take some hundred for a package."""
_LARGEST_BLOB: Final = 64 << 20
"""Bytes of one header."""


def headers(content: Content) -> Iterator[bytes]:
    """The headers in a database of whichever kind. Raises `Unreadable`, after some of them too."""
    yield from _bounded(_reader(content), content)


def _reader(content: Content) -> Callable[[Content], Iterator[bytes]]:
    if content[:16] == _SQLITE_MAGIC:
        return _sqlite
    if content[:4] == _NDB_MAGIC:
        return _ndb
    if len(content) >= 512:
        for order in "<>":
            if struct.unpack_from(f"{order}I", content, 12) == (_BDB_HASH,):
                return _BerkeleyHash(content, order).values
    raise Unreadable("neither SQLite, nor ndb, nor a hash of Berkeley DB")


def _bounded(read: Callable[[Content], Iterator[bytes]], content: Content) -> Iterator[bytes]:
    total = 0
    for blob in read(content):
        total += len(blob)
        if total > len(content):
            raise Unreadable("headers overlap")
        yield blob


# --- SQLite ---


def _sqlite(content: Content) -> Iterator[bytes]:
    try:
        import sqlite3
    except ImportError as error:
        raise Unreadable("this Python cannot read SQLite") from error
    image = bytearray(content)
    image[18:20] = b"\1\1"  # Written ahead or not: there is no log beside what is in memory.
    connection = sqlite3.connect(":memory:")
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return steps > _MOST_STEPS

    try:
        connection.deserialize(image)
        image.clear()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_BLOB)
        connection.set_progress_handler(step, 1000)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        # A view, or a table that a module makes up, has no page of its own.
        told = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'Packages'"
        if connection.execute(told).fetchone() in (None, (0,), (None,)):
            raise Unreadable("SQLite without a table of packages")
        for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"):
            if not isinstance(blob, bytes):
                raise Unreadable("SQLite with a package that is no blob")
            yield blob
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
        raise Unreadable(f"SQLite: {error}") from error
    finally:
        connection.close()


# --- ndb ---

_NDB_PAGE: Final = 4096
_NDB_BLOCK: Final = 16


def _ndb(content: Content) -> Iterator[bytes]:
    """Slots say in which blocks of 16 bytes the blob of a package is."""
    if len(content) < _NDB_PAGE:
        raise Unreadable("ndb that ends within its first page")
    version, _, pages = struct.unpack_from("<III", content, 4)
    if version != 0:
        raise Unreadable(f"ndb of version {version}")
    end = min(pages * _NDB_PAGE, len(content) // _NDB_BLOCK * _NDB_BLOCK)
    for magic, package, block, _ in struct.iter_unpack("<4sIII", content[32:end]):
        if magic != b"Slot":
            raise Unreadable("ndb with a broken slot")
        if not package:
            continue
        offset = block * _NDB_BLOCK
        if offset + 16 > len(content):
            raise Unreadable("ndb with a slot that leads out of it")
        start, again, _, size = struct.unpack_from("<4sIII", content, offset)
        if start != b"BlbS" or again != package or offset + 16 + size > len(content):
            raise Unreadable("ndb with a broken blob")
        yield content[offset + 16 : offset + 16 + size]


# --- Berkeley DB ---

_PAGE_HEADER: Final = 26
_HASH_PAGES: Final = frozenset({2, 13})
"""P_HASH_UNSORTED and P_HASH."""
_OVERFLOW_PAGE: Final = 7
_ON_PAGE: Final = 1
_OFF_PAGE: Final = 3


class _BerkeleyHash:
    """A hash, with numbers in the byte `order` of the machine that wrote it."""

    def __init__(self, content: Content, order: str) -> None:
        self._content = content
        self._order = order
        (self._page,) = struct.unpack_from(f"{order}I", content, 20)
        if self._page < 512 or self._page > 1 << 16 or self._page & (self._page - 1):
            raise Unreadable(f"Berkeley DB with pages of {self._page} bytes")
        if content[24]:
            raise Unreadable("Berkeley DB that is encrypted")

    def values(self, content: Content) -> Iterator[bytes]:
        """The values of all keys, in the order of pages."""
        for start in range(self._page, len(content) - self._page + 1, self._page):
            if content[start + 25] in _HASH_PAGES:
                yield from self._values_on(start)

    def _values_on(self, start: int) -> Iterator[bytes]:
        (count,) = struct.unpack_from(f"{self._order}H", self._content, start + 20)
        if _PAGE_HEADER + 2 * count > self._page:
            raise Unreadable("Berkeley DB with a broken page")
        offsets = struct.unpack_from(f"{self._order}{count}H", self._content, start + _PAGE_HEADER)
        # Keys and values by turns, from the end of the page backwards.
        for position in range(1, count, 2):
            offset, before = offsets[position], offsets[position - 1]
            if not _PAGE_HEADER <= offset < before <= self._page:
                raise Unreadable("Berkeley DB with a broken item")
            kind = self._content[start + offset]
            if kind == _ON_PAGE:
                yield self._content[start + offset + 1 : start + before]
            elif kind == _OFF_PAGE:
                if before - offset < 12:
                    raise Unreadable("Berkeley DB with a broken item")
                first, size = struct.unpack_from(
                    f"{self._order}II", self._content, start + offset + 4
                )
                yield self._chain(first, size)

    def _chain(self, number: int, size: int) -> bytes:
        """A value that has pages of its own."""
        pieces: list[bytes] = []
        left = size
        while left > 0:
            start = number * self._page
            if number == 0 or start + self._page > len(self._content):
                raise Unreadable("Berkeley DB with a value that leads out of it")
            number, used = struct.unpack_from(f"{self._order}I2xH", self._content, start + 16)
            is_overflow = self._content[start + 25] == _OVERFLOW_PAGE
            if not is_overflow or not 0 < used <= self._page - _PAGE_HEADER:
                raise Unreadable("Berkeley DB with a broken value")
            pieces.append(self._content[start + _PAGE_HEADER : start + _PAGE_HEADER + used])
            left -= used
            if len(pieces) * self._page > len(self._content):
                raise Unreadable("Berkeley DB with a value in a circle")
        return b"".join(pieces)[:size]
