"""The cache's bytes: order, strings, flags, extensions, and what is refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.formats.elf import parse_elf
from distil.formats.errors import MalformedLdCache
from distil.formats.ldcache import (
    CacheEntry,
    accepted_flags,
    library_flags,
    library_order,
    read_ld_cache,
    sorted_entries,
    write_ld_cache,
)
from tests.support.elf_builder import Elf

X86_64 = 0x303


@pytest.mark.parametrize(
    ("elf", "flags"),
    [
        (Elf(64, machine=62), 0x0303),
        (Elf(32, machine=62), 0x0803),
        (Elf(32, machine=3), 0x0003),
        (Elf(64, machine=183), 0x0A03),
        (Elf(32, machine=40, flags=0x05000400), 0x0903),
        (Elf(32, machine=40, flags=0x05000200), 0x0B03),
        (Elf(32, machine=40, flags=0x05000000), 0x0003),
        (Elf(32, machine=40, flags=0x04000400), 0x0003),
        (Elf(64, machine=21), 0x0503),
        (Elf(64, little_endian=False, machine=22), 0x0403),
        (Elf(64, machine=243, flags=0x5), 0x1003),
        (Elf(64, machine=243, flags=0x1), 0x0F03),
        (Elf(64, machine=258, flags=0x43), 0x1203),
        (Elf(64, machine=258, flags=0x41), 0x1103),
        (Elf(64, machine=62, kind=2), None),
        (Elf(64, machine=62, dynamic=False), None),
        (Elf(64, machine=2), None),
    ],
)
def test_flags_by_machine(elf, flags):
    assert library_flags(parse_elf(elf.build())) == flags


def test_an_arm_loader_takes_unmarked_libraries_too():
    hard = parse_elf(Elf(32, machine=40, flags=0x05000400, kind=2).build())
    assert accepted_flags(hard) == (0x0903, 0x0003)
    assert accepted_flags(parse_elf(Elf(kind=2).build())) == (X86_64,)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("liba.so", "libb.so"),
        ("liba.so.9", "liba.so.10"),
        ("liba.so.1", "liba.so.1.0"),
        ("liba-x.so", "liba1.so"),
        ("libz.so", "lib0.so"),
        ("liba.so.4294967295", "liba.so.1"),
    ],
)
def test_order_of_names(lower, higher):
    # The last one: an int of C that wrapped around is negative.
    assert library_order(lower) < library_order(higher)


def test_equal_names_to_the_loader():
    assert library_order("liba.so.01") == library_order("liba.so.1")


def test_characters_beyond_ascii_are_negative_on_x86_only():
    assert library_order("libé.so") < library_order("liba.so")
    assert library_order("liba.so", signed=False) < library_order("libé.so", signed=False)


def test_entries_of_one_name():
    entries = [
        CacheEntry("liba.so", "/a", 0x003),
        CacheEntry("liba.so", "/b", X86_64),
        CacheEntry("liba.so", "/c", X86_64),
        CacheEntry("liba.so", "/d", X86_64, "x86-64-v3", 2),
        CacheEntry("liba.so", "/e", X86_64, "x86-64-v2", 1),
        CacheEntry("libb.so", "/f", X86_64),
    ]
    assert [entry.path for entry in sorted_entries(entries)] == ["/f", "/e", "/d", "/b", "/c", "/a"]


def test_layout_of_a_small_cache():
    data = write_ld_cache([CacheEntry("liba.so", "/lib/liba.so", X86_64)], generator="me")
    strings = b"/lib/liba.so\0"
    assert data[:20] == b"glibc-ld.so.cache1.1"
    assert struct.unpack_from("<IIB3xI", data, 20) == (1, len(strings), 2, 88)
    # The name is the end of the path, so it is stored once.
    assert struct.unpack_from("<iIIIQ", data, 48) == (X86_64, 72 + 5, 72, 0, 0)
    assert data[72:88] == strings + bytes(3)
    assert data[88:] == struct.pack("<6I", 0xEAA42174, 1, 0, 0, 112, 2) + b"me"


NAMES = st.text("ab.0195-_é", min_size=1, max_size=8).map(lambda text: f"lib{text}")
ENTRIES = st.lists(
    st.builds(
        CacheEntry,
        NAMES,
        NAMES.map(lambda name: f"/usr/lib/{name}"),
        st.sampled_from([X86_64, 0x003]),
        st.sampled_from(["", "", "x86-64-v2", "x86-64-v4"]),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(ENTRIES, st.booleans())
def test_what_is_written_can_be_read(entries, little_endian):
    data = write_ld_cache(entries, little_endian=little_endian)
    assert read_ld_cache(data) == sorted_entries(entries)
    assert write_ld_cache(read_ld_cache(data), little_endian=little_endian) == data


@settings(max_examples=300)
@given(
    ENTRIES, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), st.data()
)
def test_damaged_caches_are_read_or_refused(entries, changes, data):
    cache = bytearray(write_ld_cache(entries))
    for at, value in changes:
        cache[at % len(cache)] = value
    cut = data.draw(st.integers(0, len(cache)))
    try:
        read_ld_cache(bytes(cache[:cut]))
    except MalformedLdCache:
        return


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "begin"),
        (b"ld.so-1.7.0" + bytes(100), "begin"),
        (b"glibc-ld.so.cache1.1" + b"\xff\xff\0\0" + bytes(100), "entries lie outside"),
    ],
)
def test_other_files_are_refused(data, why):
    with pytest.raises(MalformedLdCache, match=why):
        read_ld_cache(data)


def test_many_long_names_are_refused():
    name = "l" * 4000
    cache = bytearray(write_ld_cache([CacheEntry("x", name, X86_64)] * 5000))
    with pytest.raises(MalformedLdCache, match="bytes of names"):
        read_ld_cache(bytes(cache))
