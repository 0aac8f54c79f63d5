"""Names in a compiled file that dependency tables do not hold: what it may open or call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_functions import GoFunctions, read_go_functions

_ENDING: Final = re.compile(rb"\.so(?:\.[0-9]+)*(?=\0)")
_IN_A_NAME: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+./-"
_LONGEST: Final = 200
"""Bytes of a name before its ending."""
_OWN_PACKAGES: Final = frozenset({"net", "os/user", "runtime/cgo"})
"""Packages of Go's own library that call C."""


_SHELL: Final = b"\0/bin/sh\0"
_START: Final = b"\0__libc_start_main\0"
"""A symbol that every program for glibc imports, so that it stands in the table of names."""
_NO_NAMES: Final = re.compile(rb"[^\x20-\x7e\0]")
_TABLE: Final = 4 << 20
"""Bytes that names before a symbol's can take."""
_START_SHELL: Final = (b"\0system\0", b"\0popen\0")
"""Functions of the C library that start ``/bin/sh``."""


class ElfStrings(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Library names among a file's strings, and which of some functions and texts it has."""

    libraries: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    go_functions: tuple[str, ...] = ()


class Sought(msgspec.Struct, frozen=True):
    """What a file is asked for: functions, texts, and functions of Go by their full names."""

    functions: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    go_functions: tuple[str, ...] = ()


def read_elf_strings(data: bytes, sought: Sought) -> ElfStrings:
    """The strings of the ELF file `data` that end like a library's name (``libz.so.1``).

    Of what is `sought`, a function counts as called when its name is a whole string of the file,
    which the symbol table's strings are; a text wherever it stands, for Rust ends no string with
    a zero. A Go program tells what is linked into it: the texts of Go's own library are in
    programs that never use them, and only those of other C code count. Over-approximates; never
    raises.
    """
    libraries = tuple(sorted({name.decode() for name in _libraries(data)}))
    go = _go_functions(data)
    linked = () if go is None else tuple(name for name in sought.go_functions if name in go)
    if go is not None and _OWN_PACKAGES.issuperset(go.calling_c()):
        return ElfStrings(libraries, go_functions=linked)
    return ElfStrings(
        libraries=libraries,
        functions=tuple(n for n in sought.functions if b"\0" + n.encode() + b"\0" in data),
        texts=tuple(text for text in sought.texts if text.encode() in data),
        go_functions=linked,
    )


def _go_functions(data: bytes) -> GoFunctions | None:
    try:
        return read_go_functions(ElfImage(data))
    except MalformedElf:
        return None


def _libraries(data: bytes) -> Iterator[bytes]:
    """Whatever ends like the name of a library: endings are few, what could begin a name is not."""
    for ending in _ENDING.finditer(data):
        before = data[max(0, ending.start() - _LONGEST) : ending.start()]
        name = before[len(before.rstrip(_IN_A_NAME)) :]
        if name:
            yield name + ending[0]


def starts_shell(data: bytes) -> bool:
    """Whether the ELF program `data` has the name of the shell, or imports what starts it.

    ``system`` is a word, too, so it counts in the table of symbols' names only.
    """
    if _SHELL in data:
        return True
    middle = data.find(_START)
    if middle < 0:
        return False
    after = _NO_NAMES.search(data, middle)
    names = data[: len(data) if after is None else after.start()]
    before = [match.end() for match in _NO_NAMES.finditer(names, max(0, middle - _TABLE))]
    names = names[before[-1] if before else max(0, middle - _TABLE) :]
    return any(function in names for function in _START_SHELL)
