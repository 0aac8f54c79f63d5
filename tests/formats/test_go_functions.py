"""The functions of Go programs: every version of the table, and hostile ones."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_functions import read_go_functions
from tests.support.elf_builder import Elf
from tests.support.go_program import MAGIC, GoProgram

FUNCTIONS = ("main.main", "crypto/tls.(*Conn).Handshake", "slices.Sort[...]", "time.LoadLocation")
SHAPES = [(64, True), (64, False), (32, True), (32, False)]


def read(program: GoProgram) -> frozenset[str] | None:
    return read_from(program.build())


def read_from(data: bytes) -> frozenset[str] | None:
    functions = read_go_functions(ElfImage(data))
    return None if functions is None else functions.names()


@pytest.mark.parametrize("section_headers", [True, False])
@pytest.mark.parametrize("table", sorted(MAGIC))
@pytest.mark.parametrize(("elf_class", "little_endian"), SHAPES)
def test_every_table(
    elf_class: int, little_endian: bool, table: str, section_headers: bool
) -> None:
    elf = Elf(elf_class, little_endian, kind=2, dynamic=False, section_headers=section_headers)
    found = read(GoProgram(functions=FUNCTIONS, table=table, elf=elf))
    assert found == set(FUNCTIONS)


def test_other_programs_have_no_table() -> None:
    assert read_from(Elf().build()) is None
    assert read_from(Elf(sections={".gopclntab": bytes(100)}).build()) is None


def test_what_only_begins_like_a_table_is_passed_over() -> None:
    """Constants of programs that read such tables, before the table."""
    elf = Elf(kind=2, dynamic=False, section_headers=False)
    program = GoProgram(functions=FUNCTIONS, elf=elf)
    noise = struct.pack("<IHBB", MAGIC["1.20"], 0, 1, 9) + struct.pack(
        "<IHBBQ", MAGIC["1.20"], 0, 1, 8, 0
    )
    elf.sections = {".rodata": noise}
    data = program.build()
    assert read_from(data) == set(FUNCTIONS)


@pytest.mark.parametrize("table", sorted(MAGIC))
def test_no_truncation_makes_up_names(table: str) -> None:
    program = GoProgram(
        functions=FUNCTIONS, table=table, elf=Elf(kind=2, dynamic=False, section_headers=False)
    )
    data = program.build()
    whole = read(program)
    for size in range(0, len(data), 5):
        try:
            found = read_from(data[:size])
        except MalformedElf:
            continue
        assert found is None or found == whole


@pytest.mark.parametrize("table", sorted(MAGIC))
@given(noise=st.binary(min_size=72, max_size=200))
def test_any_table_can_be_read(table: str, noise: bytes) -> None:
    head = struct.pack("<IHBBQ", MAGIC[table], 0, 1, 8, 3)
    with contextlib.suppress(MalformedElf):
        read_from(Elf(sections={".gopclntab": head + noise}).build())


@pytest.mark.parametrize("table", sorted(MAGIC))
def test_whole_names_are_looked_up(table: str) -> None:
    functions = read_go_functions(ElfImage(GoProgram(functions=FUNCTIONS, table=table).build()))
    assert functions is not None
    assert all(name in functions for name in FUNCTIONS)
    assert "time.Load" not in functions
    assert "LoadLocation" not in functions


def test_packages_that_call_c() -> None:
    names = (
        "net._C2func_getaddrinfo",
        "net._Cfunc_free",
        "x.org/zstd._Cfunc_ZSTD_free",
        "_cgo_panic",
    )
    functions = read_go_functions(ElfImage(GoProgram(functions=names).build()))
    assert functions is not None
    assert functions.calling_c() == ("net", "x.org/zstd")
