"""Names in a compiled file that dependency tables do not hold: what it may open or call."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_LIBRARY: Final = re.compile(rb"[A-Za-z0-9_+./-]{1,200}\.so(?:\.[0-9]+)*(?=\0)")
_MENTIONS: Final = (b"iconv_open", b"tgetent", b"setupterm")


class ElfStrings(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Library names among a file's strings, and which of some functions it imports by name."""

    libraries: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


def read_elf_strings(data: bytes) -> ElfStrings:
    """The strings of the ELF file `data` that end like a library's name (``libz.so.1``).

    A function counts as called when its name is a whole string of the file, which the symbol
    table's strings are. Over-approximates; never raises.
    """
    libraries = sorted({match.decode() for match in _LIBRARY.findall(data)})
    functions = [name.decode() for name in _MENTIONS if b"\0" + name + b"\0" in data]
    return ElfStrings(tuple(libraries), tuple(functions))
