"""A file of records by key, made to be opened and searched in well under a millisecond.

One hash table of offsets, then the records in chunks of a few kilobytes. The table and each
chunk have a digest, and nothing is used before its digest was checked; so a look-up hashes a
few kilobytes instead of the whole file, which for a Debian suite is 30 megabytes.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec

from distil.fetch.cache import Cache
from distil.model.errors import CorruptContent

CHUNK: Final = 8 << 10
"""Bytes after which a chunk of records ends."""

MAX_HEAD: Final = 64 << 20
"""Bytes of table that will be read: forty times what Debian needs."""

_MAGIC: Final = b"distil\x02\x01"
_PREFIX: Final = struct.Struct(">8s32sI")
_RECORD: Final = struct.Struct("<HI")
_EMPTY: Final = 0


class _Head(msgspec.Struct, array_like=True):
    """What has to be read before the first look-up; the arrays are little-endian."""

    label: str
    slots: bytes
    """Hash table of 32-bit numbers: 1 + offset of a record, or 0."""
    starts: bytes
    """32-bit offset of each chunk, and of the end."""
    digests: bytes
    """sha256 of each chunk."""


def write_table(stream: BinaryIO, label: str, records: Iterable[tuple[str, bytes]]) -> None:
    """Write `records`, whose keys are distinct, to `stream` as `RecordTable` reads them.

    `label` says what the records were made from; a reader has to name the same. Keys have at
    most 65,535 bytes, all records together less than 4 GiB.
    """
    chunks: list[bytes] = []
    starts = array("I", [0])
    offsets: list[tuple[int, int]] = []
    pending = bytearray()
    for key, record in records:
        name = key.encode("utf-8", "surrogateescape")
        offsets.append((zlib.crc32(name), starts[-1] + len(pending)))
        pending += _RECORD.pack(len(name), len(record)) + name + record
        if len(pending) >= CHUNK:
            chunks.append(bytes(pending))
            starts.append(starts[-1] + len(pending))
            pending.clear()
    if pending:
        chunks.append(bytes(pending))
        starts.append(starts[-1] + len(pending))
    digests = b"".join(hashlib.sha256(chunk).digest() for chunk in chunks)
    slots = _hash_table(offsets)
    head = msgspec.msgpack.encode(_Head(label, _little(slots), _little(starts), digests))
    stream.write(_PREFIX.pack(_MAGIC, hashlib.sha256(head).digest(), len(head)))
    stream.write(head)
    stream.writelines(chunks)


class RecordTable:
    """A table that `write_table` wrote, open for reading; safe to use from several threads."""

    def __init__(self, path: Path, stream: BinaryIO, head: _Head, data: int) -> None:
        self._path = path
        self._stream = stream
        self._data = data
        self._slots = _native(head.slots)
        self._starts = _native(head.starts)
        self._digests = head.digests
        self._chunks: dict[int, bytes] = {}

    @classmethod
    def open(cls, path: Path, label: str | None) -> Self | None:
        """The table at `path`; None when there is none, or it was made from something else.

        Without a `label` it may be made from anything. Raises `CorruptContent` when its table
        does not match its digest, and OSError.
        """
        try:
            stream = path.open("rb", buffering=0)
        except FileNotFoundError:
            return None
        prefix = stream.read(_PREFIX.size)
        if len(prefix) != _PREFIX.size or not prefix.startswith(_MAGIC):
            raise CorruptContent(str(path), "of its table")
        _, digest, length = _PREFIX.unpack(prefix)
        head = stream.read(min(length, MAX_HEAD))
        if hashlib.sha256(head).digest() != digest:
            raise CorruptContent(str(path), f"sha256:{digest.hex()}")
        decoded = msgspec.msgpack.decode(head, type=_Head)
        if label not in (None, decoded.label):
            return None
        return cls(path, stream, decoded, _PREFIX.size + length)

    def get(self, key: str) -> bytes | memoryview | None:
        """The record of `key`, or None. Raises `CorruptContent`, OSError."""
        name = key.encode("utf-8", "surrogateescape")
        slot = zlib.crc32(name) & (len(self._slots) - 1)
        while (offset := self._slots[slot]) != _EMPTY:
            number = bisect_right(self._starts, offset - 1) - 1
            chunk = self._chunk(number)
            start = offset - 1 - self._starts[number]
            length, size = _RECORD.unpack_from(chunk, start)
            start += _RECORD.size
            if chunk[start : start + length] == name:
                return memoryview(chunk)[start + length : start + length + size]
            slot = (slot + 1) & (len(self._slots) - 1)
        return None

    def check(self) -> None:
        """Read every record. Raises `CorruptContent`, OSError."""
        for number in range(len(self._starts) - 1):
            self._chunk(number)
        if os.fstat(self._stream.fileno()).st_size != self._data + self._starts[-1]:
            raise CorruptContent(str(self._path), "of its table")

    def _chunk(self, number: int) -> bytes:
        chunk = self._chunks.get(number)
        if chunk is not None:
            return chunk
        start, end = self._starts[number], self._starts[number + 1]
        chunk = os.pread(self._stream.fileno(), end - start, self._data + start)
        digest = self._digests[32 * number : 32 * number + 32]
        if hashlib.sha256(chunk).digest() != digest:
            raise CorruptContent(str(self._path), f"sha256:{digest.hex()}")
        self._chunks[number] = chunk
        return chunk


def table_is_sound(cache: Cache, name: str) -> bool:
    """Whether the table of that name in area ``indexes`` is as it was written. Raises OSError."""
    try:
        table = RecordTable.open(cache.path("indexes", name), None)
        if table is not None:
            table.check()
    except CorruptContent:
        return False
    return True


def _hash_table(offsets: list[tuple[int, int]]) -> array[int]:
    """Open addressing with at least a third of the slots empty."""
    size = 8
    while 2 * size < 3 * len(offsets):
        size *= 2
    slots = array("I", bytes(4 * size))
    for code, offset in offsets:
        slot = code & (size - 1)
        while slots[slot] != _EMPTY:
            slot = (slot + 1) & (size - 1)
        slots[slot] = offset + 1
    return slots


def _little(numbers: array[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _native(data: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(data)
    if struct.pack("=I", 1) != struct.pack("<I", 1):
        numbers.byteswap()
    return numbers
