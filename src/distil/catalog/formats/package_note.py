"""Package notes of ELF files: JSON that says which package a program was built for.

Follows "Package Metadata for Executable Files" of the UAPI group: a note of type 0xcafe1a7e of
the owner FDO in the section ``.note.package``. Programs that have the bare JSON there are read,
too.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import Final

import msgspec

from distil.catalog.facts import Claim, Facts, Stated
from distil.catalog.formats.licenses import spdx
from distil.catalog.package_url import package_url
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.model.inventory import InventoryComponent

_SECTION: Final = ".note.package"
_KIND: Final = 0xCAFE1A7E
_OWNER: Final = b"FDO\0"
_LARGEST: Final = 64 << 10
"""Bytes of the section; the specification has a few hundred in mind."""
_PACKAGE_KINDS: Final = {"rpm": "rpm", "deb": "deb", "apk": "apk", "alpm": "alpm"}
"""Kinds of package URLs by the types of notes; every other type is ``generic``."""


_PURL: Final = re.compile(r"pkg:[!-~]{1,4096}")
_CPE: Final = re.compile(r"cpe:[!-~]{1,512}")
"""What can stand in a document, one on a line: neither has blanks or anything but ASCII."""


class _Note(msgspec.Struct, frozen=True, rename="camel"):
    type: str = ""
    name: str = ""
    version: str = ""
    architecture: str = ""
    os: str = ""
    os_version: str = ""
    os_cpe: str = ""
    app_cpe: str = ""
    debug_info_url: str = ""
    purl: str = ""
    cpe: str = ""
    license: str = ""
    vendor: str = ""
    system: str = ""


def package_note(path: str, image: ElfImage) -> Facts:
    """The package that the note of the program at `path` names; nothing without one.

    Raises `MalformedElf` for a note that does not follow its specification.
    """
    section = image.sections.get(_SECTION)
    if section is None:
        return Facts()
    if section.size > _LARGEST:
        raise MalformedElf(f"its package note has more than {_LARGEST} bytes")
    text = _text(image.data[section.offset : section.offset + section.size], image.order)
    try:
        note = msgspec.json.decode(text, type=_Note)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedElf("its package note is not the JSON that it should be") from error
    if not note.name or not note.version:
        return Facts(remarks=("its package note names no package",))
    key = f"elf:{note.type}:{note.name}:{note.version}"
    return Facts(stated=(Stated(_component(note), (key,), (Claim(path),)),))


def _text(section: bytes, order: str) -> bytes:
    """The JSON of the first package note in `section`, or all of it where it holds no notes."""
    header = Struct(f"{order}III")
    position = 0
    while position + header.size <= len(section):
        owner_size, size, kind = header.unpack_from(section, position)
        owner = position + header.size
        start = owner + owner_size + -owner_size % 4
        if start + size > len(section):
            break
        if kind == _KIND and section[owner : owner + owner_size] == _OWNER:
            return section[start : start + size].rstrip(b"\0")
        position = start + size + -size % 4
    return section.rstrip(b"\0")


def _component(note: _Note) -> InventoryComponent:
    licenses = spdx(note.license) if note.license else None
    told = (
        ("os", note.os),
        ("os-version", note.os_version),
        ("os-cpe", note.os_cpe),
        ("type", note.type),
        ("debug-info", note.debug_info_url),
    )
    return InventoryComponent(
        name=note.name,
        version=note.version,
        kind="elf",
        purl=note.purl if _PURL.fullmatch(note.purl) else _package_url(note),
        architecture=note.architecture,
        supplier=note.vendor,
        licenses=licenses.expressions if licenses else (),
        license_texts=licenses.texts if licenses else (),
        cpes=tuple(cpe for cpe in (note.cpe, note.app_cpe) if _CPE.fullmatch(cpe)),
        properties=tuple(sorted(pair for pair in told if pair[1])),
    )


def _package_url(note: _Note) -> str:
    system, version = note.os, note.os_version
    if not (system and version) and note.os_cpe:
        system, version = _system(note.os_cpe)
    kind = _PACKAGE_KINDS.get(note.type, "generic")
    system = system.lower()
    namespace = note.system if kind == "generic" or not system else system
    distro = f"{system}-{version}" if system and version else ""
    return package_url(
        kind, note.name, note.version, namespace=namespace, qualifiers=(("distro", distro),)
    )


def _system(cpe: str) -> tuple[str, str]:
    """Product and version of a CPE in either of its forms."""
    parts = cpe.removeprefix("cpe:/").removeprefix("cpe:2.3:").split(":")
    known = [part if part not in ("*", "-") else "" for part in parts[2:4]]
    return (known[0], known[1]) if len(known) == 2 else ("", "")
