"""Names in compiled code: between NUL bytes, end to end, compressed."""

from __future__ import annotations

import bz2
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from distil.runtimes.python.formats.extension import HIDDEN, OPAQUE, read_extension

MODULES = ("collections", "collections.abc", "decimal", "json", "json.decoder", "xml", "xml.sax")
CYTHON = b"\0_cython_3_2_9.generator\0"


def test_names_between_nul_bytes():
    source = read_extension(b"\x7fELF\0decimal\0collections.abc\0not a name\0_x1\0", MODULES)
    assert source.strings == ("decimal", "collections.abc", "_x1")
    assert source.references == ()


def test_adjacent_names_share_a_nul():
    assert read_extension(b"\0aa\0bb\0cc\0").strings == ("aa", "bb", "cc")


@pytest.mark.parametrize("mark", [CYTHON, b"/rustc/1234/library", b"\0_cython_4_0_0.x\0"])
def test_strings_end_to_end(mark):
    source = read_extension(mark + b" xdecimaljson.decoderExpected", MODULES)
    assert [name for name in source.strings if name in MODULES] == [
        "decimal",
        "json",
        "json.decoder",
    ]
    assert [reference.function for reference in source.references] == [OPAQUE]


def test_older_cython_separates_its_strings():
    assert read_extension(b"\0_cython_3_1_0.x\0 xdecimal", MODULES).references == ()


@pytest.mark.parametrize(
    "compress", [zlib.compress, bz2.compress, zstandard.ZstdCompressor().compress]
)
def test_compressed_strings(compress):
    table = b"importdecimalGzipFilexml.saxutils" * 3
    source = read_extension(CYTHON + compress(table) + b"tail", MODULES)
    assert {"decimal", "xml", "xml.sax"} <= set(source.strings)


def test_strings_that_cannot_be_read():
    data = b"\0LZSS string data decompression failed\0visible\0decimal xml.sax"
    source = read_extension(data, MODULES)
    assert [reference.function for reference in source.references] == [HIDDEN]
    assert source.strings == ("visible",)


def test_a_bomb_is_read_in_part():
    bomb = zlib.compress(b"\0" * (1 << 27), 9)
    assert "decimal" not in read_extension(CYTHON + bomb, MODULES).strings


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data):
    read_extension(CYTHON + data, MODULES)
