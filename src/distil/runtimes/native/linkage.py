"""How a finished program is linked, and what that means for the image it runs in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from distil.formats.elf import ET_DYN, ET_EXEC, ElfFile
from distil.model.component import ToldProgram
from distil.reach.closure import is_program

_PACKER: Final = b"UPX!"
_PACKER_WITHIN: Final = 1024
"""Where a packed program has the packer's own header: behind its program headers."""
_NAME_SERVICE: Final = b"libnss_%s.so"
"""How glibc calls the modules that it loads for its name service."""


class Linkage(StrEnum):
    """How a program comes to the code that it does not hold itself."""

    STATIC = "static"
    STATIC_PIE = "static-pie"
    DYNAMIC = "dynamic"
    LIBRARY = "library"
    """It is no program at all."""


def linkage_of(elf: ElfFile) -> Linkage:
    """How `elf` is linked; what no loader is asked for holds all of its code."""
    if elf.interpreter and is_program(elf):
        return Linkage.DYNAMIC
    if elf.type == ET_EXEC:
        return Linkage.DYNAMIC if elf.needed else Linkage.STATIC
    if elf.type == ET_DYN and (elf.pie or not elf.dynamic):
        return Linkage.STATIC_PIE
    return Linkage.LIBRARY


def told_by_linker(path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
    """What any program tells, whatever it is written in; None for a library."""
    linkage = linkage_of(elf)
    if linkage is Linkage.LIBRARY:
        return None
    what = "packed" if _is_packed(data) else linkage.value
    return ToldProgram(path, what, warnings=tuple(link_warnings(path, data, linkage)))


def link_warnings(path: str, data: bytes, linkage: Linkage) -> Iterator[str]:
    """What of the program at `path` cannot be seen, or fails only at run time."""
    if linkage is Linkage.DYNAMIC:
        return
    if _is_packed(data):
        yield (
            f"{path} is packed with UPX: what it is made from and what it needs is not seen; "
            "leave it unpacked, layers are compressed anyway"
        )
    if _NAME_SERVICE in data:
        yield (
            f"{path} is linked with glibc statically and looks up names: any source of "
            "nsswitch.conf but files and dns it loads at run time, out of the same version of glibc"
        )


def _is_packed(data: bytes) -> bool:
    """Whether the program unpacks itself into memory, so that its own headers say nothing."""
    return _PACKER in data[:_PACKER_WITHIN]
