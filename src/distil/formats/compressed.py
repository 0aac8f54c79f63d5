"""Bounded decompression of gzip, xz and zstd streams.

Every decoder yields small pieces and stops at a limit, so a few bytes cannot fill the memory or
the disk; one that ends early, or is followed by anything else, is an error.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from distil.formats.byte_source import CHUNK
from distil.formats.errors import (
    ArchiveTooLarge,
    MalformedArchive,
    TruncatedArchive,
    UnsupportedArchive,
)

MEMORY_LIMIT: Final = 256 << 20
"""Bytes a decoder may use for its window; ``xz -9`` and ``zstd --ultra`` stay below."""

RATIO: Final = 64
"""How many times its compressed bytes an archive may unpack to; honest ones stay below 20."""

ALLOWANCE: Final = 1 << 30
"""Bytes by which an archive may go beyond `RATIO` all the same: files of zeros do."""

_FIRST_STEP: Final = 2048
"""Bytes that a stream is begun with: what it leaves of them is copied, once for each stream."""

_MANY_STREAMS: Final = 10_000
_SMALLEST_STREAM: Final = 64
"""Bytes that many streams hold on average, at least: tools make one for each file, or fewer."""

_NOT_ZERO: Final = re.compile(rb"[^\0]")

_ZSTD_INPUT: Final = 2048
"""Bytes given to the zstd decoder at a time: it has no output limit, and a block of four bytes
can stand for 128 KiB."""


def decompress(
    chunks: Iterable[bytes], compression: str, *, limit: int, what: str
) -> Iterator[bytes]:
    """The decompressed bytes of `chunks`, in pieces.

    `compression` is ``""`` (none), ``gz`` (RFC 1952), ``xz`` or ``zst`` (RFC 8878). Streams of
    one compression may follow each other, with zero bytes between, as their tools read them.
    `what` names the data in errors. Raises `ArchiveTooLarge` beyond `limit` bytes of output,
    `TruncatedArchive`, `MalformedArchive`, and `UnsupportedArchive` for other compressions.
    """
    total = 0
    for piece in _decoded(chunks, compression, what):
        total += len(piece)
        if total > limit:
            raise ArchiveTooLarge(what, f"it unpacks to more than {limit} bytes")
        yield piece


def _decoded(chunks: Iterable[bytes], compression: str, what: str) -> Iterator[bytes]:
    if not compression:
        yield from chunks
        return
    open_decoder = _DECODERS.get(compression)
    if open_decoder is None:
        known = ", ".join(sorted(_DECODERS))
        raise UnsupportedArchive(what, f"compression {compression!r} is not one of {known}")
    decoder: _Decoder | None = None
    streams = total = step = 0
    for chunk in chunks:
        position = 0
        while position < len(chunk):
            if decoder is None:
                position = _after_zeros(chunk, position) if streams else position
                if position == len(chunk):
                    break
                decoder = open_decoder(what)
                step = _FIRST_STEP
            data = chunk[position : position + step]
            for piece in decoder.feed(data):
                total += len(piece)
                yield piece
            position += len(data) - len(decoder.rest)
            step = min(4 * step, CHUNK)
            if decoder.finished:
                decoder = None
                streams += 1
                _check_count(streams, total, what)
    if decoder is not None or not streams:
        raise TruncatedArchive(what, f"the {compression} stream ends early")


def _check_count(streams: int, total: int, what: str) -> None:
    """Refuse what costs more to begin and to end than it holds."""
    if streams > _MANY_STREAMS and streams * _SMALLEST_STREAM > total:
        raise ArchiveTooLarge(what, f"{streams} compressed streams for {total} bytes")


def _after_zeros(chunk: bytes, position: int) -> int:
    """Where in `chunk`, from `position` on, something else than a zero byte is, or its end."""
    found = _NOT_ZERO.search(chunk, position)
    return len(chunk) if found is None else found.start()


class _Decoder(Protocol):
    """Decodes one stream. `rest` is the input after its end."""

    rest: bytes
    finished: bool

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The output that `data` gives, in pieces."""


class _Decompressor(Protocol):
    """What the decompressor objects of the standard library and of isal have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Bounded:
    """xz and gzip, whose decoders give at most as much output as they are asked for."""

    def __init__(self, decoder: _Decompressor, error: type[Exception], what: str) -> None:
        self._decoder = decoder
        self._error = error
        self._what = what
        self.rest = b""
        self.finished = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._decoder.decompress(data, CHUNK)
            except self._error as error:
                raise MalformedArchive(self._what, f"damaged: {error}") from error
            if piece:
                yield piece
            if self._decoder.eof:
                self.finished = True
                self.rest = self._decoder.unused_data
                return
            data = getattr(self._decoder, "unconsumed_tail", b"")
            if not data and len(piece) < CHUNK and getattr(self._decoder, "needs_input", True):
                return


class _Zstd:
    """zstd, whose decoder takes its input in small steps to bound its output."""

    def __init__(self, what: str) -> None:
        import zstandard

        context = zstandard.ZstdDecompressor(max_window_size=MEMORY_LIMIT // 2)
        self._decoder = context.decompressobj()
        self._error = zstandard.ZstdError
        self._what = what
        self.rest = b""
        self.finished = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_INPUT):
            end = start + _ZSTD_INPUT
            try:
                piece = self._decoder.decompress(data[start:end])
            except self._error as error:
                raise MalformedArchive(self._what, f"damaged: {error}") from error
            if piece:
                yield piece
            if self._decoder.eof:
                self.finished = True
                self.rest = self._decoder.unused_data + data[end:]
                return


def _open_xz(what: str) -> _Decoder:
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_LIMIT)
    return _Bounded(decoder, lzma.LZMAError, what)


def _open_gzip(what: str) -> _Decoder:
    from isal import isal_zlib

    # The stubs of isal declare the class as an instance.
    error: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]
    return _Bounded(isal_zlib.decompressobj(wbits=31), error, what)


_DECODERS: Final[dict[str, Callable[[str], _Decoder]]] = {
    "gz": _open_gzip,
    "xz": _open_xz,
    "zst": _Zstd,
}
