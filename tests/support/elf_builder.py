"""Small ELF files written field by field, for any class, byte order and machine."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

FIRST_SECTION = 1024
"""Where in the file the first of the sections is."""

NEEDED, SONAME, RPATH, RUNPATH, FLAGS_1 = 1, 14, 15, 29, 0x6FFFFFFB
AUXILIARY, FILTER = 0x7FFFFFFD, 0x7FFFFFFF


@dataclass
class Elf:
    """What the file shall say; `build` writes it."""

    elf_class: int = 64
    little_endian: bool = True
    machine: int = 62
    kind: int = 3
    flags: int = 0
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: str = ""
    runpath: str = ""
    filters: tuple[str, ...] = ()
    auxiliary: tuple[str, ...] = ()
    flags_1: int = 0
    versions_needed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions_optional: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions_defined: tuple[str, ...] = ()
    notes: tuple[tuple[bytes, int, bytes], ...] = ()
    dynamic: bool = True
    base: int = 0x10000
    sections: dict[str, bytes] = field(default_factory=dict)
    """Contents by name; the first begins at `FIRST_SECTION`."""
    section_headers: bool = True
    """Whether the sections can be found by name."""

    def build(self) -> bytes:
        return _Writer(self).file()


class _Writer:
    def __init__(self, elf: Elf) -> None:
        self.elf = elf
        self.order = "<" if elf.little_endian else ">"
        self.word = "I" if elf.elf_class == 32 else "Q"
        self.strings = bytearray(b"\0")
        self.body = bytearray()
        self.start = FIRST_SECTION

    def pack(self, form: str, *values: int) -> bytes:
        return struct.pack(self.order + form.replace("A", self.word), *values)

    def string(self, text: str) -> int:
        self.strings += text.encode("utf-8", "surrogateescape") + b"\0"
        return len(self.strings) - len(text.encode("utf-8", "surrogateescape")) - 1

    def append(self, data: bytes) -> tuple[int, int]:
        self.body += bytes(-len(self.body) % 16)
        offset = self.start + len(self.body)
        self.body += data
        return offset, len(data)

    def verneed(self) -> bytes:
        files = [
            (library, names, weak)
            for table, weak in ((self.elf.versions_needed, 0), (self.elf.versions_optional, 2))
            for library, names in table.items()
        ]
        out = bytearray()
        for index, (library, names, weak) in enumerate(files):
            following = 0 if index == len(files) - 1 else 16 + 16 * len(names)
            out += self.pack("HHIII", 1, len(names), self.string(library), 16, following)
            for position, name in enumerate(names):
                step = 0 if position == len(names) - 1 else 16
                out += self.pack("IHHII", 0, weak, 2 + position, self.string(name), step)
        return bytes(out)

    def verdef(self) -> bytes:
        names = (self.elf.soname or "self", *self.elf.versions_defined)
        out = bytearray()
        for index, name in enumerate(names):
            step = 0 if index == len(names) - 1 else 28
            out += self.pack("HHHHIII", 1, int(index == 0), index + 1, 1, 0, 20, step)
            out += self.pack("II", self.string(name), 0)
        return bytes(out)

    def note_bytes(self) -> bytes:
        out = bytearray()
        for name, kind, content in self.elf.notes:
            out += self.pack("III", len(name), len(content), kind)
            out += name + bytes(-len(name) % 4) + content + bytes(-len(content) % 4)
        return bytes(out)

    def dynamic_entries(self) -> list[tuple[int, int]]:
        elf = self.elf
        entries = [(NEEDED, self.string(name)) for name in elf.needed]
        entries += [(FILTER, self.string(name)) for name in elf.filters]
        entries += [(AUXILIARY, self.string(name)) for name in elf.auxiliary]
        for tag, text in ((SONAME, elf.soname), (RPATH, elf.rpath), (RUNPATH, elf.runpath)):
            if text:
                entries.append((tag, self.string(text)))
        if elf.flags_1:
            entries.append((FLAGS_1, elf.flags_1))
        if elf.versions_needed or elf.versions_optional:
            count = len(elf.versions_needed) + len(elf.versions_optional)
            offset, _ = self.append(self.verneed())
            entries += [(0x6FFFFFFE, elf.base + offset), (0x6FFFFFFF, count)]
        if elf.versions_defined:
            offset, _ = self.append(self.verdef())
            entries += [(0x6FFFFFFC, elf.base + offset), (0x6FFFFFFD, len(elf.versions_defined))]
        if elf.versions_needed or elf.versions_optional or elf.versions_defined:
            offset, _ = self.append(bytes(2))
            entries.append((0x6FFFFFF0, elf.base + offset))
        offset, size = self.append(bytes(self.strings))
        return [*entries, (5, elf.base + offset), (10, size), (0, 0)]

    def segment(self, kind: int, offset: int, size: int, align: int = 8) -> bytes:
        address = self.elf.base + offset
        if self.elf.elf_class == 32:
            return self.pack("8I", kind, offset, address, address, size, size, 6, align)
        return self.pack("II6Q", kind, 6, offset, address, address, size, size, align)

    def section_table(self, placed: dict[str, tuple[int, int]]) -> bytes:
        """The headers of the sections, after an empty one, and last the one of their names."""
        names = b"\0" + b"".join(name.encode() + b"\0" for name in (*placed, ".shstrtab"))
        placed = placed | {".shstrtab": self.append(names)}
        out = bytes(40 if self.elf.elf_class == 32 else 64)
        for name, (offset, size) in placed.items():
            at = names.index(b"\0" + name.encode() + b"\0") + 1
            kind, address = (3, 0) if name == ".shstrtab" else (1, self.elf.base + offset)
            out += self.pack("IIAAAAIIAA", at, kind, 2, address, offset, size, 0, 0, 16, 0)
        return out

    def file(self) -> bytes:
        elf = self.elf
        segments = []
        placed = {name: self.append(data) for name, data in elf.sections.items()}
        if elf.interpreter:
            segments.append(self.segment(3, *self.append(elf.interpreter.encode() + b"\0")))
        if elf.dynamic:
            entries = self.dynamic_entries()
            data = b"".join(self.pack("AA", *entry) for entry in entries)
            segments.append(self.segment(2, *self.append(data)))
        if elf.notes:
            segments.append(self.segment(4, *self.append(self.note_bytes()), align=4))
        table, table_at = b"", 0
        if placed and elf.section_headers:
            table = self.section_table(placed)
            table_at, _ = self.append(table)
        # Readable and writable in whole pages: a real loader can map it and list what it needs.
        segments.insert(0, self.segment(1, 0, self.start + len(self.body), align=0x1000))
        header_size, entry_size = (52, 32) if elf.elf_class == 32 else (64, 56)
        order = 1 if elf.little_endian else 2
        ident = b"\x7fELF" + bytes((elf.elf_class // 32, order, 1, 0)) + bytes(8)
        of_sections = (40 if elf.elf_class == 32 else 64, len(placed) + 2, len(placed) + 1)
        numbers = (header_size, entry_size, len(segments), *(of_sections if table else (0, 0, 0)))
        header = ident + self.pack(
            "HHIAAAI6H", elf.kind, elf.machine, 1, 0, header_size, table_at, elf.flags, *numbers
        )
        return (header + b"".join(segments)).ljust(self.start, b"\0") + bytes(self.body)
