"""Reading exact numbers of bytes out of a sequence of chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

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


def chunks_of(source: Readable, size: int, chunk: int = CHUNK) -> Iterator[bytes]:
    """The next `size` bytes of `source` in pieces; they add up to less only when it ends."""
    while size > 0:
        piece = source.read(min(chunk, size))
        if not piece:
            return
        size -= len(piece)
        yield piece
