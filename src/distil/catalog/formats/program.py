"""What an ELF file says of what it is made from, and which program it is.

One look at the names of its sections tells whether there is anything to read; nothing else of
the file is touched otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from distil.catalog.facts import Content, Facts, Unreadable
from distil.catalog.formats.classify import classified
from distil.catalog.formats.go_modules import go_modules
from distil.catalog.formats.package_note import package_note
from distil.catalog.formats.rust_crates import rust_crates
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf

_READERS: Final[tuple[tuple[Callable[[str, ElfImage], Facts], tuple[bytes, ...]], ...]] = (
    (go_modules, (b".go.buildinfo\0", b".gopclntab\0", b".note.go.buildid\0")),
    (rust_crates, (b".dep-v0\0",)),
    (package_note, (b".note.package\0",)),
)
"""What reads a program, and the names of sections of which such a program has one."""
_PACKED: Final = b"UPX!"
_PACKED_WITHIN: Final = 4096
"""Bytes at the start of a file that UPX packed: its own header follows the program headers."""


def program(path: str, content: Content) -> Facts:
    """Go modules, Rust crates, package notes and the version of the program at `path`.

    Raises `Unreadable` for an ELF file whose headers cannot be followed.
    """
    try:
        image = ElfImage(content)
    except MalformedElf as error:
        raise Unreadable(error.why) from error
    remarks: list[str] = []
    found = [classified(path, content)]
    names = image.section_names
    for read, sections in _READERS:
        if names and not any(name in names for name in sections):
            continue
        try:
            found.append(read(path, image))
        except MalformedElf as error:
            remarks.append(error.why)
    if not names and content.find(_PACKED, 0, _PACKED_WITHIN) >= 0:
        remarks.append("it is packed with UPX: what it is made from cannot be told")
    return Facts(
        stated=tuple(one for facts in found for one in facts.stated),
        added=tuple(one for facts in found for one in facts.added),
        remarks=(*(why for facts in found for why in facts.remarks), *remarks),
    )
