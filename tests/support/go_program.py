"""Small programs as Go's linker writes them: build information and a table of functions."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tests.support.elf_builder import FIRST_SECTION, Elf

MODULES = """path\texample.org/api/cmd/api
mod\texample.org/api\tv1.2.3\th1:main=
dep\texample.org/one\tv0.1.0\th1:one=
dep\texample.org/two\tv2.0.0
=>\texample.org/fork\tv2.0.1\th1:fork=
build\t-compiler=gc
build\t-ldflags="-s -w"
build\tCGO_ENABLED=0
build\tGOOS=linux
build\tvcs.revision=0123abcd
"""
FRAME = (
    bytes.fromhex("3077af0c9274080241e1c107e6d618e6"),
    bytes.fromhex("f932433186182072008242104116d8f2"),
)
MAGIC = {"1.2": 0xFFFFFFFB, "1.16": 0xFFFFFFFA, "1.18": 0xFFFFFFF0, "1.20": 0xFFFFFFF1}


@dataclass
class GoProgram:
    """What the program shall say of itself; `build` writes it."""

    version: str = "go1.24.4"
    modules: str = MODULES
    functions: tuple[str, ...] = ("main.main", "runtime.goexit")
    table: str = "1.20"
    inlined: bool = True
    """Whether the build information holds its strings, as since Go 1.18."""
    elf: Elf = field(default_factory=lambda: Elf(kind=2, dynamic=False))

    def build(self) -> bytes:
        sections = {".go.buildinfo": self.information(), ".gopclntab": self.functions_table()}
        self.elf.sections = sections | self.elf.sections
        return self.elf.build()

    @property
    def order(self) -> str:
        return "<" if self.elf.little_endian else ">"

    @property
    def pointer(self) -> str:
        return "I" if self.elf.elf_class == 32 else "Q"

    def pointers(self, *values: int) -> bytes:
        return struct.pack(f"{self.order}{len(values)}{self.pointer}", *values)

    def information(self) -> bytes:
        version = self.version.encode()
        modules = FRAME[0] + self.modules.encode() + FRAME[1] if self.modules else b""
        size = self.elf.elf_class // 8
        start = b"\xff Go buildinf:" + bytes((size,))
        if self.inlined:
            head = (start + b"\x02").ljust(32, b"\0")
            return head + varint(len(version)) + version + varint(len(modules)) + modules + b"\0"
        at = self.elf.base + FIRST_SECTION + 32
        big = 0 if self.elf.little_endian else 1
        head = start + bytes((big,)) + self.pointers(at, at + 2 * size)
        text = at + 4 * size
        strings = self.pointers(text, len(version), text + len(version), len(modules))
        return head.ljust(32, b"\0") + strings + version + modules

    def functions_table(self) -> bytes:
        head = struct.pack(f"{self.order}IHBB", MAGIC[self.table], 0, 1, self.elf.elf_class // 8)
        count = len(self.functions)
        if self.table == "1.2":
            return head + self._each_function(count)
        names = b"".join(name.encode() + b"\0" for name in self.functions)
        words = [count, 1] if self.table == "1.16" else [count, 1, 0]
        start = 8 + (len(words) + 5) * struct.calcsize(self.pointer)
        end = start + len(names)
        return head + self.pointers(*words, start, end, end, end, end) + names + bytes(80)

    def _each_function(self, count: int) -> bytes:
        size = self.elf.elf_class // 8
        start = 8 + size + (2 * count + 1) * size
        entries, bodies = [], b""
        for name in self.functions:
            at = start + len(bodies)
            entries += [0x1000, at]
            bodies += self.pointers(0x1000)
            bodies += struct.pack(f"{self.order}I", at + size + 4) + name.encode() + b"\0"
        return self.pointers(count, *entries, 0x2000) + bodies + bytes(80)


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))
