"""What parse_elf reads, for every class and byte order, and what it refuses."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.formats.elf import ElfFile, parse_elf
from distil.formats.elf_notes import DlopenNote
from distil.formats.errors import MalformedElf
from tests.support.elf_builder import Elf

ALL_LAYOUTS = [(32, True), (32, False), (64, True), (64, False)]

DLOPEN = b"""[
  {"feature": "zstd", "description": "d", "priority": "suggested",
   "soname": ["libzstd.so.1", "libzstd.so.0"]},
  {"soname": ["libx.so"]}
]\0"""

FULL: dict[str, Any] = {
    "interpreter": "/lib/ld.so.1",
    "soname": "libself.so.1",
    "needed": ("liba.so.1", "libb.so.2"),
    "rpath": "$ORIGIN/x:/opt/lib",
    "runpath": "/one:/two",
    "filters": ("libf.so",),
    "auxiliary": ("libaux.so",),
    "flags_1": 0x800 | 0x08000000,
    "versions_needed": {"liba.so.1": ("A_1", "A_2"), "libb.so.2": ("B_1",)},
    "versions_optional": {"libb.so.2": ("B_weak",)},
    "versions_defined": ("S_1", "S_2"),
    "notes": (
        (b"GNU\0", 3, b"\xab\xcd\xef\x01"),
        (b"FDO\0", 0x407C0C0A, DLOPEN),
    ),
}


@pytest.mark.parametrize(("elf_class", "little_endian"), ALL_LAYOUTS)
def test_reads_everything_in_every_layout(elf_class, little_endian):
    data = Elf(elf_class, little_endian, machine=40, flags=0x400, **FULL).build()
    assert parse_elf(data) == ElfFile(
        elf_class=elf_class,
        little_endian=little_endian,
        machine=40,
        type=3,
        flags=0x400,
        dynamic=True,
        interpreter="/lib/ld.so.1",
        soname="libself.so.1",
        needed=("liba.so.1", "libb.so.2"),
        rpath=("$ORIGIN/x", "/opt/lib"),
        runpath=("/one", "/two"),
        versions_needed=(("liba.so.1", ("A_1", "A_2")), ("libb.so.2", ("B_1",))),
        versions_optional=(("libb.so.2", ("B_weak",)),),
        versions_defined=("libself.so.1", "S_1", "S_2"),
        build_id="abcdef01",
        dlopen=(
            DlopenNote(("libzstd.so.1", "libzstd.so.0"), "suggested", "zstd", "d"),
            DlopenNote(("libx.so",)),
        ),
        filters=("libf.so",),
        auxiliary=("libaux.so",),
        no_default_directories=True,
        pie=True,
    )


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_takes_any_buffer(wrap):
    data = Elf(needed=("libc.so.6",)).build()
    assert parse_elf(wrap(data)).needed == ("libc.so.6",)


@pytest.mark.parametrize("data", [b"", b"\x7fEL", b"#!/bin/sh\n", b"!<arch>\n", bytes(100)])
def test_other_files_are_not_elf(data):
    assert parse_elf(data) is None


def test_a_static_executable_has_no_dynamic_section():
    elf = parse_elf(Elf(kind=2, dynamic=False).build())
    assert (elf.dynamic, elf.type, elf.needed) == (False, 2, ())


def test_names_that_are_not_utf_8_survive():
    name = b"lib\xff.so".decode("utf-8", "surrogateescape")
    assert parse_elf(Elf(needed=(name,)).build()).needed == (name,)


def test_a_dlopen_note_that_is_not_its_json_says_nothing():
    notes = ((b"FDO\0", 0x407C0C0A, b"[{]"), (b"FDO\0", 0x407C0C0A, b'[{"soname":["l.so"]}]'))
    assert parse_elf(Elf(notes=notes).build()).dlopen == (DlopenNote(("l.so",)),)


def test_x86_level_comes_from_the_property_note():
    properties = struct.pack("<IIII", 0xC0008002, 4, 0b101, 0)
    elf = parse_elf(Elf(notes=((b"GNU\0", 5, properties),)).build())
    assert elf.isa_needed == 0b101


def with_bytes(data: bytes, offset: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, offset, *values)
    return bytes(changed)


def with_dynamic(tag: int, value: int) -> bytes:
    """A 64-bit file whose dynamic entry `tag` has another value."""
    data = Elf(**FULL).build()
    found = next(
        at for at in range(1024, len(data) - 15, 8) if data[at : at + 8] == struct.pack("<Q", tag)
    )
    return with_bytes(data, found + 8, "<Q", value)


VERNEED, VERDEF = 0x6FFFFFFE, 0x6FFFFFFC


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x7fELF\x02\x01", "identification"),
        (b"\x7fELF\x03\x01" + bytes(100), "unknown class 3"),
        (b"\x7fELF\x02\x00" + bytes(100), "byte order 0"),
        (Elf().build()[:40], "header lies outside"),
        (with_bytes(Elf().build(), 54, "<H", 12), "impossible size"),
        (with_bytes(Elf().build(), 56, "<H", 60000), "program headers lie outside"),
        (with_bytes(Elf().build(), 56, "<H", 0xFFFF), "how many program headers"),
        (with_bytes(Elf().build(), 32, "<Q", 1 << 62), "program headers lie outside"),
        (Elf(interpreter="/x").build().replace(b"/x\0", b"/xx"), "interpreter name"),
        (with_dynamic(5, 1), "string table is not in any loaded segment"),
        (with_dynamic(14, 1 << 40), "string table entry lies outside"),
        (with_dynamic(10, 2), "string table entry"),
        (with_dynamic(VERNEED, 1), "symbol version table is not in any"),
    ],
)
def test_malformed_files_are_named(data, why):
    with pytest.raises(MalformedElf, match=why):
        parse_elf(data)


def test_a_note_longer_than_its_segment():
    data = Elf(notes=((b"GNU\0", 3, b"abcd"),)).build()
    at = data.rindex(b"GNU\0abcd") - 12
    with pytest.raises(MalformedElf, match="note"):
        parse_elf(with_bytes(data, at + 4, "<I", 0x7FFFFFFF))


def test_endless_version_lists_are_cut_short():
    data = Elf(versions_defined=tuple(f"V{i}" for i in range(20000))).build()
    with pytest.raises(MalformedElf, match="symbol versions"):
        parse_elf(data)


def test_one_long_name_needed_often_is_refused():
    data = bytearray(Elf(needed=("l" * 4000, *["x"] * 1000)).build())
    entry, start = struct.pack("<QQ", 1, 1), data.index(struct.pack("<QQ", 1, 1))
    for index in range(1, 1001):
        data[start + 16 * index : start + 16 * index + 16] = entry
    with pytest.raises(MalformedElf, match="bytes of names"):
        parse_elf(bytes(data))


def test_a_name_without_end_is_refused():
    with pytest.raises(MalformedElf, match="does not end"):
        parse_elf(Elf(needed=("l" * 5000,)).build())


def real_file() -> bytes:
    for path in map(Path, ("/bin/ls", "/usr/bin/env")):
        if path.is_file() and path.stat().st_size < 1 << 20:
            return path.read_bytes()
    return Elf(**FULL).build()


SAMPLES = [real_file(), *(Elf(c, o, **FULL).build() for c, o in ALL_LAYOUTS)]
# Where the numbers are that a mutation should hit: headers, and the tables after them.
HOT = 4096


@st.composite
def mutated(draw):
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(4, min(HOT, len(data) - 9)))
        form = draw(st.sampled_from(["<B", "<H", "<I", "<Q", ">Q"]))
        edges = st.sampled_from([0, 1, 7, 0xFF])
        width = struct.calcsize(form)
        value = draw(st.one_of(edges, st.integers(0, 256**width - 1)))
        struct.pack_into(form, data, at, value % 256**width)
    return bytes(data[: draw(st.integers(16, len(data)))] if draw(st.booleans()) else data)


@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(mutated())
def test_mutated_files_are_read_or_refused(data):
    try:
        elf = parse_elf(data)
    except MalformedElf:
        return
    assert isinstance(elf, ElfFile)
    assert sum(map(len, elf.needed)) <= 1 << 20


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_anything_after_the_magic_is_read_or_refused(rest):
    try:
        parse_elf(b"\x7fELF" + rest)
    except MalformedElf:
        return
