"""Reading exact numbers of bytes out of a sequence of chunks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, Protocol

CHUNK: Final = 1 << 18
"""Bytes handed on at a time: large enough to be cheap, small enough to stay in the cache."""


class Readable(Protocol):
    """Anything that gives bytes: fewer than asked for only at the end."""

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes, or what is left."""


class ByteSource:
    """A `Readable` over an iterable of chunks, which is read once and never held as a whole."""

    __slots__ = ("_chunks", "_current", "_position")

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._current = b""
        self._position = 0

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes; fewer only when the chunks end."""
        end = self._position + size
        if end <= len(self._current):
            data = self._current[self._position : end]
            self._position = end
            return data
        return self._gathered(size)

    def skip(self, size: int) -> int:
        """Leave out the next `size` bytes; how many there were, fewer only when the chunks end."""
        left = size
        while left > 0:
            here = len(self._current) - self._position
            if left <= here:
                self._position += left
                return size
            left -= here
            chunk = next(self._chunks, None)
            self._current, self._position = chunk or b"", 0
            if chunk is None:
                return size - left
        return size

    def _gathered(self, size: int) -> bytes:
        pieces = [self._current[self._position :]]
        missing = size - len(pieces[0])
        self._current, self._position = b"", 0
        while missing > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            if len(chunk) > missing:
                self._current, self._position = chunk, missing
                chunk = chunk[:missing]
            pieces.append(chunk)
            missing -= len(chunk)
        return b"".join(pieces)


class FileSource:
    """A `Readable` over an open file, from where it stands; what is left out is not read."""

    __slots__ = ("_end", "_stream", "read")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.read = stream.read
        here = stream.tell()
        self._end = stream.seek(0, os.SEEK_END)
        stream.seek(here)

    def skip(self, size: int) -> int:
        """Leave out the next `size` bytes; how many there were, fewer only at the file's end."""
        here = self._stream.tell()
        return self._stream.seek(min(here + size, self._end)) - here


def skip(source: Readable, size: int) -> int:
    """Leave out the next `size` bytes of `source`; how many there were."""
    if isinstance(source, ByteSource | FileSource):
        return source.skip(size)
    return sum(map(len, chunks_of(source, size)))


def chunks_of(source: Readable, size: int, chunk: int = CHUNK) -> Iterator[bytes]:
    """The next `size` bytes of `source` in pieces; they add up to less only when it ends."""
    while size > 0:
        piece = source.read(min(chunk, size))
        if not piece:
            return
        size -= len(piece)
        yield piece
