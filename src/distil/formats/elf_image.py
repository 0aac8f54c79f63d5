"""Where the bytes of an ELF file are: its sections by name, and what is at an address.

The loader's view is `elf`; this is for what compilers leave in a program for its readers, such
as Go's build information. Follows the System V gABI, chapters 4 and 5.
"""

from __future__ import annotations

import mmap
from functools import cached_property
from typing import Final, NamedTuple

from distil.formats.elf_layout import LAYOUTS
from distil.formats.errors import MalformedElf

_MAGIC: Final = b"\x7fELF"
_PT_LOAD: Final = 1
_PF_X, _PF_W = 1, 2
_SHT_NOBITS: Final = 8
_MAX_HEADERS: Final = 1 << 12
"""Program headers, and sections, of one file: linked programs have less than a hundred of each."""
_LONGEST_NAME: Final = 256
_LARGEST_NAMES: Final = _MAX_HEADERS * _LONGEST_NAME


class Load(NamedTuple):
    """A part of the file that is loaded; `offset` and `size` of what is in the file."""

    offset: int
    address: int
    size: int
    flags: int

    @property
    def is_data(self) -> bool:
        """Whether it can be written and not executed."""
        return self.flags & (_PF_W | _PF_X) == _PF_W


class Section(NamedTuple):
    """A section that has bytes in the file."""

    offset: int
    address: int
    size: int


class ElfImage:
    """One ELF file, `data`, which may be a map of it.

    Raises `MalformedElf` for one whose headers cannot be followed.
    """

    def __init__(self, data: bytes | mmap.mmap) -> None:
        layout = LAYOUTS.get((data[4], data[5])) if len(data) >= 16 else None
        if layout is None or data[:4] != _MAGIC or len(data) < 16 + layout.header.size:
            raise MalformedElf("its header is not one")
        self.data: Final = data
        self.order: Final = "<" if data[5] == 1 else ">"
        self.elf_class: Final = 32 * data[4]
        self._layout = layout
        self._header = layout.header.unpack_from(data, 16)
        self.loads: Final = self._read_loads()

    def offset_of(self, address: int) -> int | None:
        """Where in the file the byte is that is loaded at `address`; None if it is nowhere."""
        for load in self.loads:
            if load.address <= address < load.address + load.size:
                return load.offset + address - load.address
        return None

    def at(self, address: int, size: int) -> bytes | None:
        """`size` bytes as they are loaded at `address`; None where not all are in the file."""
        for load in self.loads:
            if load.address <= address and address + size <= load.address + load.size:
                start = load.offset + address - load.address
                return self.data[start : start + size]
        return None

    @cached_property
    def section_names(self) -> bytes:
        """The table of the sections' names, each ending in a zero; empty where there is none.

        A look into it is much cheaper than `sections`.
        """
        offset, entry_size, count, names = (self._header[i] for i in (5, 10, 11, 12))
        form = self._layout.section
        start = offset + names * form.size
        if names >= count or entry_size != form.size or start + form.size > len(self.data):
            return b""
        header = form.unpack_from(self.data, start)
        if header[1] == _SHT_NOBITS or header[5] > _LARGEST_NAMES:
            return b""
        return self.data[header[4] : header[4] + header[5]]

    @cached_property
    def sections(self) -> dict[str, Section]:
        """The sections by name, the first of each; none where their headers were taken away."""
        offset, entry_size, count, names = (self._header[i] for i in (5, 10, 11, 12))
        form = self._layout.section
        end = offset + count * form.size
        if not 0 < count <= _MAX_HEADERS or entry_size != form.size or end > len(self.data):
            return {}
        headers = list(form.iter_unpack(self.data[offset:end]))
        if names >= count:
            return {}
        start, size = headers[names][4], headers[names][5]
        found: dict[str, Section] = {}
        for header in headers:
            if header[1] == _SHT_NOBITS or header[4] + header[5] > len(self.data):
                continue
            name = self._name(start + header[0], min(start + size, len(self.data)))
            found.setdefault(name, Section(header[4], header[3], header[5]))
        return found

    def section(self, name: str) -> bytes | None:
        """What section `name` holds; None if there is none."""
        found = self.sections.get(name)
        return None if found is None else self.data[found.offset : found.offset + found.size]

    def _name(self, start: int, end: int) -> str:
        stop = self.data.find(b"\0", start, min(end, start + _LONGEST_NAME))
        return self.data[start:stop].decode("utf-8", "replace") if stop > start else ""

    def _read_loads(self) -> tuple[Load, ...]:
        offset, entry_size, count = (self._header[i] for i in (4, 8, 9))
        form = self._layout.program
        end = offset + count * form.size
        if not count:
            return ()
        if entry_size != form.size or count > _MAX_HEADERS or end > len(self.data):
            raise MalformedElf("its program headers have an impossible size, number or place")
        loads = []
        for fields in form.iter_unpack(self.data[offset:end]):
            if self.elf_class == 64:
                kind, flags, start, address, _, size, _, _ = fields
            else:
                kind, start, address, _, size, _, flags, _ = fields
            if kind == _PT_LOAD:
                # What a truncated file lacks is not there to be read.
                loads.append(Load(start, address, max(0, min(size, len(self.data) - start)), flags))
        return tuple(loads)
