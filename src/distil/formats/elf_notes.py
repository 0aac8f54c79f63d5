"""The notes of an ELF file that say something about its dependencies.

Follows the gABI's note sections, the GNU build id, the x86-64 psABI's program property note
and the uapi-group specification of ``.note.dlopen`` (type 0x407c0c0a, JSON).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final, NamedTuple

import msgspec

from distil.formats.errors import MalformedElf

Buffer = bytes | bytearray | memoryview
"""What the readers take; for a mapped file pass a memoryview of the map."""

_NT_GNU_BUILD_ID: Final = 3
_NT_GNU_PROPERTY: Final = 5
_NT_FDO_DLOPEN: Final = 0x407C0C0A
_GNU_PROPERTY_X86_ISA_1_NEEDED: Final = 0xC0008002

_MAX_NOTES: Final = 1 << 10
_MAX_NOTE: Final = 1 << 16
_HEADER: Final = {1: Struct("<III"), 2: Struct(">III")}


class Segment(NamedTuple):
    """Where a part of the file is: offset in it, address in memory, size and alignment."""

    offset: int
    address: int
    size: int
    align: int


class DlopenNote(msgspec.Struct, frozen=True, gc=False):
    """Libraries of which the code loads one by ``dlopen``; the first that is there counts.

    `priority` is ``required``, ``recommended`` (the default) or ``suggested``.
    """

    soname: tuple[str, ...]
    priority: str = "recommended"
    feature: str = ""
    description: str = ""


class Notes(NamedTuple):
    """What the notes of one file say; see the fields of `ElfFile` of the same names."""

    build_id: str
    dlopen: tuple[DlopenNote, ...]
    isa_needed: int


def read_notes(data: Buffer, segments: Iterable[Segment]) -> Notes:
    """Read the notes that are in `segments` of the ELF file `data`.

    No more than 1024 notes are looked at. Raises `MalformedElf` for a note that does not fit.
    """
    build_id, isa_needed = "", 0
    dlopen: dict[DlopenNote, None] = {}
    for name, kind, content in _each_note(data, segments):
        if name == b"GNU\0":
            if kind == _NT_GNU_BUILD_ID:
                build_id = build_id or content.hex()
            elif kind == _NT_GNU_PROPERTY:
                isa_needed |= _isa_needed(content, "<" if data[5] == 1 else ">", 4 * data[4])
        elif kind == _NT_FDO_DLOPEN and name == b"FDO\0":
            dlopen.update(dict.fromkeys(_dlopen_notes(content)))
    return Notes(build_id, tuple(dlopen), isa_needed)


def _each_note(data: Buffer, segments: Iterable[Segment]) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner, type and content of each note; those too long to be of interest are left out."""
    header = _HEADER[data[5]]
    left = _MAX_NOTES
    for segment in segments:
        position, end = segment.offset, segment.offset + segment.size
        if end > len(data):
            raise MalformedElf("its notes lie outside the file")
        align = 8 if segment.align == 8 else 4
        while position + header.size <= end and left:
            left -= 1
            name_size, size, kind = header.unpack_from(data, position)
            name = position + header.size
            content = name + name_size + (-(header.size + name_size) % align)
            if content + size > end:
                raise MalformedElf("a note in it does not end")
            if name_size == 4 and size <= _MAX_NOTE:
                yield bytes(data[name : name + 4]), kind, bytes(data[content : content + size])
            position = content + size + (-size % align)


def _isa_needed(properties: bytes, order: str, align: int) -> int:
    """The x86 level bits of a property note, 0 when there are none."""
    pair, position = Struct(f"{order}III"), 0
    while position + pair.size <= len(properties):
        kind, size, value = pair.unpack_from(properties, position)
        if kind == _GNU_PROPERTY_X86_ISA_1_NEEDED:
            return int(value)
        position += 8 + size + (-size % align)
    return 0


def _dlopen_notes(content: bytes) -> list[DlopenNote]:
    """The entries of one note; one that does not follow its specification says nothing."""
    try:
        return msgspec.json.decode(content.rstrip(b"\0"), type=list[DlopenNote])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
