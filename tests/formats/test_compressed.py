from __future__ import annotations

import gzip
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.formats.compressed import decompress
from distil.formats.errors import (
    ArchiveTooLarge,
    MalformedArchive,
    TruncatedArchive,
    UnsupportedArchive,
)
from tests.support.deb_builder import compress

KINDS = ["gz", "xz", "zst"]


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def unpack(chunks: list[bytes], kind: str, limit: int = 1 << 30) -> bytes:
    return b"".join(decompress(chunks, kind, limit=limit, what="it"))


@pytest.mark.parametrize("kind", ["", *KINDS])
@given(data=st.binary(max_size=2000), factor=st.integers(1, 400), size=st.integers(1, 5000))
@settings(max_examples=30, deadline=None)
def test_what_was_compressed_comes_back(kind: str, data: bytes, factor: int, size: int) -> None:
    data = data * factor
    assert unpack(pieces(compress(data, kind), size), kind) == data


@pytest.mark.parametrize("kind", KINDS)
def test_streams_may_follow_each_other(kind: str) -> None:
    both = compress(b"one", kind) + bytes(8) + compress(b"two", kind) + bytes(4)
    for size in (1, 7, 1000):
        assert unpack(pieces(both, size), kind) == b"onetwo"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [1, 4, 10])
def test_a_truncated_stream_is_an_error(kind: str, cut: int) -> None:
    data = compress(bytes(range(256)) * 100, kind)
    with pytest.raises(TruncatedArchive, match=r"it: the .* stream ends early"):
        unpack([data[:-cut]], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_at_all_is_an_error(kind: str) -> None:
    with pytest.raises(TruncatedArchive):
        unpack([], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_after_the_stream_is_an_error(kind: str) -> None:
    with pytest.raises(MalformedArchive):
        unpack([compress(b"data", kind) + b"garbage here, quite a bit of it"], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_noticed(kind: str) -> None:
    data = bytearray(compress(b"some data that is checked" * 50, kind))
    if kind == "zst":
        data = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(b"data" * 50))
    data[-2 if kind == "zst" else len(data) // 2] ^= 0xFF
    with pytest.raises(MalformedArchive):
        unpack([bytes(data)], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_stops_at_the_limit(kind: str) -> None:
    bomb = compress(bytes(50 << 20), kind)
    assert len(bomb) < 1 << 17
    unpacked = decompress([bomb], kind, limit=1_000_000, what="it")
    got: list[bytes] = []
    with pytest.raises(ArchiveTooLarge, match="more than 1000000 bytes"):
        got.extend(unpacked)
    assert sum(map(len, got)) <= 1_000_000


def test_zstd_output_of_one_step_stays_small() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(192 << 20))
    largest = max(map(len, decompress([bomb], "zst", limit=1 << 30, what="it")))
    assert largest <= 128 << 20


def test_a_window_beyond_the_memory_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=30)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(MalformedArchive):
        unpack([stream.compress(b"x" * 100) + stream.flush()], "zst")


def test_skippable_zstd_frames_are_skipped() -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    assert unpack([skippable + zstandard.compress(b"data") + skippable], "zst") == b"data"


def test_output_that_the_decoder_holds_back_is_not_lost() -> None:
    # Sizes around the step's: the input is gone while there is still output to come.
    for size in (262_144, 262_145, 524_288, 1_000_003):
        plain = bytes(size)
        assert unpack([gzip.compress(plain)], "gz") == plain
        assert unpack([lzma.compress(plain)], "xz") == plain


def test_an_unknown_compression_names_the_known_ones() -> None:
    with pytest.raises(UnsupportedArchive, match="'lzma' is not one of gz, xz, zst"):
        unpack([b"x"], "lzma")
