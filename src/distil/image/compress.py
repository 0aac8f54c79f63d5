"""Compressing layers: the same input always gives the same bytes.

The data is cut into blocks of a pinned size and each block compressed on its own, so the result
depends neither on how the bytes arrive nor on how many threads work, and blocks can be compressed
at the same time. gzip blocks are joined into one member (RFC 1952), zstd blocks are frames that
follow each other (RFC 8878). ISA-L's level 3 differs between processors: levels 0 to 2 do not.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import msgspec

from distil.model.image import Compression

Buffer = bytes | memoryview
"""What a block may be: bytes, or a part of them that was not copied."""

GZIP_LEVEL: Final = 2
GZIP_BLOCK: Final = 1 << 20
ZSTD_LEVEL: Final = 3
ZSTD_BLOCK: Final = 4 << 20

_GZIP_HEAD: Final = bytes.fromhex("1f8b 08 00 00000000 00 ff")
"""Deflate, no flags and so no name, no time, no hints, unknown operating system."""
_LAST_BLOCK: Final = bytes.fromhex("0300")
"""An empty deflate block with the final bit: every block before it was flushed, not finished."""


class Codec(msgspec.Struct, frozen=True):
    """One way to compress a stream of blocks.

    `identity` names everything the output depends on beside the input. `block` is bytes per
    block; `compress` takes one (the last may be shorter) in any thread. `head` precedes the
    blocks; what `tail` makes of the input's checksum and length follows them. `checksum`
    continues a checksum with more input.
    """

    identity: str
    block: int
    head: bytes
    compress: Callable[[Buffer], bytes]
    checksum: Callable[[Buffer, int], int]
    tail: Callable[[int, int], bytes]


def codec_of(compression: Compression) -> Codec:
    """The codec for `compression`; its library is imported now, the other one is not."""
    return _gzip() if compression is Compression.GZIP else _zstd()


def _gzip() -> Codec:
    import isal
    from isal import isal_zlib

    def compress(data: Buffer) -> bytes:
        deflate = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, -15)
        return deflate.compress(data) + deflate.flush(isal_zlib.Z_FULL_FLUSH)

    def tail(crc: int, size: int) -> bytes:
        return _LAST_BLOCK + struct.pack("<LL", crc, size & 0xFFFFFFFF)

    identity = f"gzip isal-{isal.__version__} level {GZIP_LEVEL} block {GZIP_BLOCK}"
    return Codec(identity, GZIP_BLOCK, _GZIP_HEAD, compress, isal_zlib.crc32, tail)


def _zstd() -> Codec:
    import zstandard

    def compress(data: Buffer) -> bytes:
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(data)

    library = ".".join(map(str, zstandard.ZSTD_VERSION))
    identity = f"zstd {library} level {ZSTD_LEVEL} block {ZSTD_BLOCK}"
    return Codec(
        identity, ZSTD_BLOCK, b"", compress, lambda _data, _sum: 0, lambda _sum, _size: b""
    )
