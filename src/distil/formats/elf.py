"""What the dynamic loader reads of an ELF file: dependencies, search paths, versions, notes.

Follows the System V gABI (chapters 4 and 5), the GNU extensions for symbol versions and
notes, and the uapi-group specification of ``.note.dlopen``. As the loader does, everything
is found through program headers; section headers are read only for the two things that
nothing else holds: a program header count of 65535 and more, and a build id that the linker
put into no segment (Go's linker, relocatable files).

The input is hostile: every offset is checked, every list and string is bounded, and what
does not fit raises `MalformedElf`.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec
from msgspec.structs import replace

from distil.formats.elf_layout import LAYOUTS, Chain, Layout
from distil.formats.elf_notes import Buffer, DlopenNote, Segment, read_notes
from distil.formats.errors import MalformedElf

ET_REL: Final = 1
ET_EXEC: Final = 2
ET_DYN: Final = 3
ET_CORE: Final = 4

EM_386: Final = 3
EM_PPC64: Final = 21
EM_S390: Final = 22
EM_ARM: Final = 40
EM_X86_64: Final = 62
EM_AARCH64: Final = 183
EM_RISCV: Final = 243
EM_LOONGARCH: Final = 258

EF_ARM_ABI_FLOAT_SOFT: Final = 0x200
EF_ARM_ABI_FLOAT_HARD: Final = 0x400

_MAGIC: Final = b"\x7fELF"
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_PN_XNUM: Final = 0xFFFF
_SHT_NOTE: Final = 7

_DT_NEEDED, _DT_STRTAB, _DT_STRSZ = 1, 5, 10
_DT_SONAME, _DT_RPATH, _DT_RUNPATH = 14, 15, 29
_DT_FLAGS_1: Final = 0x6FFFFFFB
_DT_VERDEF, _DT_VERNEED = 0x6FFFFFFC, 0x6FFFFFFE
_DT_AUXILIARY, _DT_FILTER = 0x7FFFFFFD, 0x7FFFFFFF
_DF_1_NODEFLIB: Final = 0x800
_DF_1_PIE: Final = 0x08000000
_VER_FLG_WEAK: Final = 2

_MAX_HEADERS: Final = 1 << 16
_MAX_DYNAMIC: Final = 1 << 16
_MAX_VERSIONS: Final = 1 << 14
_MAX_STRING: Final = 1 << 12
_MAX_TEXT: Final = 1 << 20
"""Bytes of strings taken from one file; the largest seen in Debian is below 32 KiB."""


class ElfFile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, array_like=True):
    """The loader's view of one ELF file; strings that are absent are empty.

    `elf_class` is 32 or 64, `machine` and `type` are ``e_machine`` and ``e_type``, `flags`
    is ``e_flags`` (on ARM it tells soft from hard float). `rpath` and `runpath` are split at
    colons and not expanded. `versions_needed` maps a library to the versions that must be
    there, `versions_optional` to those whose absence the loader forgives (weak).
    `versions_defined` is empty only where there is no version table at all, for then the
    loader does not check: its first entry is the file's own name (VER_FLG_BASE).
    """

    elf_class: int
    little_endian: bool
    machine: int
    type: int
    osabi: int = 0
    flags: int = 0
    dynamic: bool = False
    """Whether there is a dynamic section: only then the loader has anything to do."""
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions_needed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    versions_optional: tuple[tuple[str, tuple[str, ...]], ...] = ()
    versions_defined: tuple[str, ...] = ()
    build_id: str = ""
    dlopen: tuple[DlopenNote, ...] = ()
    filters: tuple[str, ...] = ()
    """DT_FILTER: libraries that must load before this one's own symbols are looked up."""
    auxiliary: tuple[str, ...] = ()
    """DT_AUXILIARY: the same, but they may be absent."""
    no_default_directories: bool = False
    """DF_1_NODEFLIB: the loader does not look into its default directories."""
    pie: bool = False
    """DF_1_PIE: an executable, although its type is ET_DYN."""
    isa_needed: int = 0
    """GNU_PROPERTY_X86_ISA_1_NEEDED: bit n is set when x86-64-v(n+1) is required."""


_Fields = tuple[int, ...]
_Versions = tuple[tuple[str, tuple[str, ...]], ...]


def parse_elf(data: Buffer) -> ElfFile | None:
    """The ELF file in `data`, or None when it is not one.

    Raises `MalformedElf` for a file that starts like an ELF file and cannot be followed.
    Time and memory are bounded by fixed limits, whatever the file says.
    """
    if data[:4] != _MAGIC:
        return None
    if len(data) < 16:
        raise MalformedElf("it ends within its identification")
    layout = LAYOUTS.get((data[4], data[5]))
    if layout is None:
        raise MalformedElf(f"unknown class {data[4]} or byte order {data[5]}")
    return _Reader(data, layout).read()


class _Reader:
    """Reads one file; `_text_left` is what remains of the budget for strings."""

    __slots__ = ("_data", "_layout", "_loads", "_strings", "_strings_end", "_text_left")

    def __init__(self, data: Buffer, layout: Layout) -> None:
        self._data = data
        self._layout = layout
        self._loads: list[Segment] = []
        self._strings = self._strings_end = 0
        self._text_left = _MAX_TEXT

    def read(self) -> ElfFile:
        header = self._unpack(self._layout.header, 16, "header")
        kind, machine, flags = header[0], header[1], header[6]
        segments = self._segments(header)
        self._loads = segments.get(_PT_LOAD, [])
        interpreter = ""
        if _PT_INTERP in segments:
            interpreter = self._interpreter(segments[_PT_INTERP][0])
        elf = ElfFile(
            elf_class=self._data[4] * 32,
            little_endian=self._data[5] == 1,
            machine=machine,
            type=kind,
            osabi=self._data[7],
            flags=flags,
            interpreter=interpreter,
        )
        dynamic = segments.get(_PT_DYNAMIC)
        if dynamic and dynamic[0].size:
            elf = self._with_dynamic(elf, dynamic[0])
        if kind != ET_CORE:
            found = read_notes(self._data, segments.get(_PT_NOTE, ()))
            build_id = found.build_id
            if not build_id:
                build_id = read_notes(self._data, self._note_sections(header)).build_id
            elf = replace(elf, build_id=build_id, dlopen=found.dlopen, isa_needed=found.isa_needed)
        return elf

    # --- bytes -----------------------------------------------------------------------------

    def _unpack(self, form: Struct, offset: int, what: str) -> tuple[int, ...]:
        if offset < 0 or offset + form.size > len(self._data):
            raise MalformedElf(f"its {what} lies outside the file")
        return form.unpack_from(self._data, offset)

    def _text(self, offset: int, end: int, what: str) -> str:
        """The string at `offset`, which has to end with NUL before `end`."""
        if not 0 <= offset < end <= len(self._data):
            raise MalformedElf(f"its {what} lies outside the file")
        for length in (128, _MAX_STRING):
            piece, nul, _ = bytes(self._data[offset : min(offset + length, end)]).partition(b"\0")
            if nul:
                self._text_left -= len(piece)
                if self._text_left < 0:
                    raise MalformedElf(f"it has more than {_MAX_TEXT} bytes of names")
                return piece.decode("utf-8", "surrogateescape")
        raise MalformedElf(f"its {what} does not end")

    # --- headers ---------------------------------------------------------------------------

    def _segments(self, header: tuple[int, ...]) -> dict[int, list[Segment]]:
        """The program headers by type, in the file's order."""
        offset, entry_size, count = header[4], header[8], header[9]
        if count == _PN_XNUM:
            if not header[5]:
                raise MalformedElf("it does not say how many program headers it has")
            count = self._unpack(self._layout.section, header[5], "first section header")[7]
        if not count:
            return {}
        form = self._layout.program
        if entry_size != form.size or count > _MAX_HEADERS:
            raise MalformedElf("its program headers have an impossible size or number")
        end = offset + count * form.size
        if end > len(self._data):
            raise MalformedElf("its program headers lie outside the file")
        wide = self._data[4] == 2
        segments: dict[int, list[Segment]] = {}
        for fields in form.iter_unpack(self._data[offset:end]):
            if wide:
                kind, _, start, address, _, size, _, align = fields
            else:
                kind, start, address, _, size, _, _, align = fields
            segments.setdefault(kind, []).append(Segment(start, address, size, align))
        return segments

    def _interpreter(self, segment: Segment) -> str:
        if not segment.size:
            return ""
        return self._text(segment.offset, segment.offset + segment.size, "interpreter name")

    def _note_sections(self, header: tuple[int, ...]) -> list[Segment]:
        """The note sections, where the section headers hold water; nothing loads by them."""
        offset, entry_size, count = header[5], header[10], header[11]
        form = self._layout.section
        size = len(self._data)
        if entry_size != form.size or offset + count * form.size > size:
            return []
        sections = form.iter_unpack(self._data[offset : offset + count * form.size])
        return [
            Segment(s[4], s[3], s[5], s[8])
            for s in sections
            if s[1] == _SHT_NOTE and s[4] + s[5] <= size
        ]

    def _file_offset(self, address: int, what: str) -> int:
        """Where the bytes are that will be at `address` in memory."""
        for load in self._loads:
            if load.address <= address < load.address + load.size:
                return load.offset + address - load.address
        raise MalformedElf(f"its {what} is not in any loaded segment")

    # --- dynamic section -------------------------------------------------------------------

    def _with_dynamic(self, elf: ElfFile, segment: Segment) -> ElfFile:
        single, repeated = self._dynamic_entries(segment)
        if _DT_STRTAB in single:
            self._strings = self._file_offset(single[_DT_STRTAB], "string table")
            size = single.get(_DT_STRSZ, 0)
            self._strings_end = min(self._strings + size, len(self._data))
        flags = single.get(_DT_FLAGS_1, 0)
        needed, optional = self._versions_needed(single)
        return replace(
            elf,
            dynamic=True,
            soname=self._name(single[_DT_SONAME]) if _DT_SONAME in single else "",
            needed=self._names(repeated[_DT_NEEDED]),
            filters=self._names(repeated[_DT_FILTER]),
            auxiliary=self._names(repeated[_DT_AUXILIARY]),
            rpath=self._search_path(single.get(_DT_RPATH)),
            runpath=self._search_path(single.get(_DT_RUNPATH)),
            versions_needed=needed,
            versions_optional=optional,
            versions_defined=self._versions_defined(single),
            no_default_directories=bool(flags & _DF_1_NODEFLIB),
            pie=bool(flags & _DF_1_PIE),
        )

    def _dynamic_entries(self, segment: Segment) -> tuple[dict[int, int], dict[int, list[int]]]:
        """Tags that count once (the last one, as in the loader), and those that may repeat."""
        form = self._layout.dynamic
        count = segment.size // form.size
        end = segment.offset + count * form.size
        if end > len(self._data):
            raise MalformedElf("its dynamic section lies outside the file")
        if count > _MAX_DYNAMIC:
            raise MalformedElf(f"its dynamic section has more than {_MAX_DYNAMIC} entries")
        single: dict[int, int] = {}
        repeated: dict[int, list[int]] = {_DT_NEEDED: [], _DT_FILTER: [], _DT_AUXILIARY: []}
        for tag, value in form.iter_unpack(self._data[segment.offset : end]):
            if not tag:
                break
            if tag in repeated:
                repeated[tag].append(value)
            else:
                single[tag] = value
        return single, repeated

    def _name(self, offset: int) -> str:
        return self._text(self._strings + offset, self._strings_end, "string table entry")

    def _names(self, offsets: list[int]) -> tuple[str, ...]:
        return tuple([self._name(offset) for offset in offsets])

    def _search_path(self, offset: int | None) -> tuple[str, ...]:
        text = "" if offset is None else self._name(offset)
        return tuple(text.split(":")) if text else ()

    # --- symbol versions -------------------------------------------------------------------

    def _chain(self, form: Chain, start: int) -> Iterator[tuple[_Fields, list[_Fields]]]:
        """Walk a list of structures that each hold a list, both linked by relative offsets."""
        left = _MAX_VERSIONS
        step = 1
        while step:
            outer = self._unpack(form.outer, start, "symbol version table")
            inner: list[_Fields] = []
            position = start + outer[form.first]
            for _ in range(outer[form.length]):
                inner.append(self._unpack(form.inner, position, "symbol version table"))
                position += inner[-1][-1]
                left -= 1
                if not inner[-1][-1] or left < 0:
                    break
            left -= 1
            if left < 0:
                raise MalformedElf(f"it has more than {_MAX_VERSIONS} symbol versions")
            yield outer, inner
            step = outer[form.following]
            start += step

    def _versions_needed(self, single: dict[int, int]) -> tuple[_Versions, _Versions]:
        """What has to be there, and what need not (weak)."""
        needed: list[tuple[str, tuple[str, ...]]] = []
        optional: list[tuple[str, tuple[str, ...]]] = []
        if single.get(_DT_VERNEED):
            start = self._file_offset(single[_DT_VERNEED], "symbol version table")
            for outer, inner in self._chain(self._layout.needed, start):
                library = self._name(outer[2])
                for weak, into in ((0, needed), (_VER_FLG_WEAK, optional)):
                    names = [self._name(aux[3]) for aux in inner if aux[1] & _VER_FLG_WEAK == weak]
                    if names:
                        into.append((library, tuple(names)))
        return tuple(needed), tuple(optional)

    def _versions_defined(self, single: dict[int, int]) -> tuple[str, ...]:
        if not single.get(_DT_VERDEF):
            return ()
        start = self._file_offset(single[_DT_VERDEF], "symbol version table")
        return tuple(
            self._name(inner[0][0])
            for _, inner in self._chain(self._layout.defined, start)
            if inner
        )
