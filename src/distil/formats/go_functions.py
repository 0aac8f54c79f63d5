"""The functions that are linked into a Go program, out of its table of program counters.

Follows ``debug/gosym`` and ``internal/abi`` of Go: the tables of Go 1.2, 1.16, 1.18 and 1.20,
which the runtime needs for its traces, so that they are there in stripped programs, too. The
linker leaves out what nothing can call, so a function's name says that the program can do what
the function does.
"""

from __future__ import annotations

import mmap
import re
from struct import Struct, pack, unpack_from
from typing import Final, NamedTuple

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf

_SECTIONS: Final = (".gopclntab", ".data.rel.ro.gopclntab")
_VERSIONS: Final = {
    0xFFFFFFFB: "1.2",
    0xFFFFFFFA: "1.16",
    0xFFFFFFF0: "1.18",
    0xFFFFFFF1: "1.20",
}
_HEADER: Final = 80
"""Bytes that a table has at least: magic number, two zeros, sizes of an instruction and a pointer,
and eight words."""
_NAMES_WORD: Final = {"1.16": 2, "1.18": 3, "1.20": 3}
"""Which word of the header is the offset of the names; the next one is where they end."""
_MOST_FUNCTIONS: Final = 1 << 21
"""Functions of one program; the largest known have 300,000."""
_MOST_NAMES: Final = 256 << 20
_LONGEST_NAME: Final = 1 << 14


class _Table(NamedTuple):
    """Where a table is in the file, and how it is written."""

    start: int
    end: int
    version: str
    pointer: Struct
    functions: int


_CALLS_C: Final = re.compile(rb"\._C2?func_")
"""What cgo makes of each call of a C function: ``net._C2func_getaddrinfo``."""


class GoFunctions:
    """The names of functions, as the linker writes them: ``crypto/tls.(*Conn).Handshake``."""

    def __init__(self, block: bytes, *, has_inlined: bool = True) -> None:
        self.block = block
        """The names, each with a zero before it and after it."""
        self.has_inlined = has_inlined
        """Whether those that were inlined into others are among them."""

    def __contains__(self, name: str) -> bool:
        return b"\0" + name.encode() + b"\0" in self.block

    def names(self) -> frozenset[str]:
        """All of them."""
        names = self.block.decode("utf-8", "replace").split("\0")
        return frozenset(name for name in names if name)

    def calling_c(self) -> tuple[str, ...]:
        """The packages that call C, by their import paths."""
        found = set()
        for call in _CALLS_C.finditer(self.block):
            start = self.block.rfind(b"\0", 0, call.start()) + 1
            found.add(self.block[start : call.start()].decode("utf-8", "replace"))
        return tuple(sorted(found))


def read_go_functions(image: ElfImage) -> GoFunctions | None:
    """The functions of the Go program `image`; None for one without a table.

    With tables of Go 1.16 and later, those that were inlined into others are among them. Raises
    `MalformedElf` for a table that leads outside the file.
    """
    table = _find(image)
    if table is None:
        return None
    data = image.data
    if table.version == "1.2":
        names_of_each = sorted(_names_of_each(data, table))
        return GoFunctions(b"\0" + b"\0".join(names_of_each) + b"\0", has_inlined=False)
    words = table.pointer
    first = table.start + 8 + _NAMES_WORD[table.version] * words.size
    names, end = (words.unpack_from(data, first + i * words.size)[0] for i in (0, 1))
    if not names <= end <= table.end - table.start or end - names > _MOST_NAMES:
        raise MalformedElf("its Go function names lie outside their table")
    block = data[table.start + names : table.start + end]
    if block.count(b"\0") > _MOST_FUNCTIONS:
        raise MalformedElf(f"it names more than {_MOST_FUNCTIONS} Go functions")
    return GoFunctions(b"\0" + block)


def _find(image: ElfImage) -> _Table | None:
    """The table: in a section of its own, or wherever its header is."""
    for name in _SECTIONS:
        section = image.sections.get(name)
        if section is not None:
            return _table_at(image, section.offset, section.offset + section.size)
    if image.sections:
        return None  # a linker's output that still has sections has this one, too
    for load in image.loads:
        end = load.offset + load.size
        for magic in _VERSIONS:
            header = pack(image.order + "IH", magic, 0)
            start = image.data.find(header, load.offset, end)
            while start >= 0:
                table = _table_at(image, start, end)
                if table is not None:
                    return table
                start = image.data.find(header, start + 1, end)
    return None


def _table_at(image: ElfImage, start: int, end: int) -> _Table | None:
    data = image.data
    if end - start < _HEADER:
        return None
    magic, zeros, step, size = unpack_from(image.order + "IHBB", data, start)
    version = _VERSIONS.get(magic)
    if version is None or zeros or step not in (1, 2, 4) or size not in (4, 8):
        return None
    pointer = Struct(image.order + ("I" if size == 4 else "Q"))
    (functions,) = pointer.unpack_from(data, start + 8)
    if not 0 < functions <= _MOST_FUNCTIONS:
        return None
    return _Table(start, end, version, pointer, functions)


def _names_of_each(data: bytes | mmap.mmap, table: _Table) -> set[bytes]:
    """The names by way of each function: before Go 1.16 they stand among everything else."""
    size = table.pointer.size
    entries = table.start + 8 + size
    if entries + 2 * table.functions * size > table.end:
        raise MalformedElf("its Go function table does not end")
    pairs = Struct(table.pointer.format[:1] + 2 * table.pointer.format[1:])
    name_field = Struct(table.pointer.format[:1] + "I")
    names: set[bytes] = set()
    limit = table.end - table.start
    for _, offset in pairs.iter_unpack(data[entries : entries + table.functions * pairs.size]):
        if offset + size + 4 > limit:
            raise MalformedElf("its Go function table leads outside itself")
        (name,) = name_field.unpack_from(data, table.start + offset + size)
        stop = data.find(b"\0", table.start + name, table.start + min(name + _LONGEST_NAME, limit))
        if name >= limit or stop < 0:
            raise MalformedElf("its Go function names lie outside their table")
        names.add(data[table.start + name : stop])
    names.discard(b"")
    return names
