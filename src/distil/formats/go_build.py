"""What Go's linker says about a program: its version of Go, modules and build settings.

Follows ``debug/buildinfo`` and ``runtime/debug.ParseBuildInfo`` of Go. Programs of Go 1.18 and
later hold two strings behind a header; before, the header points to them.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf

_MAGIC: Final = b"\xff Go buildinf:"
_ALIGN: Final = 16
_HEADER: Final = 32
_BIG_ENDIAN, _INLINED = 1, 2
_FRAME: Final = 16
"""Bytes before and after the text of the modules, by which other programs find it."""
_SECTION: Final = ".go.buildinfo"
_LONGEST_VERSION: Final = 256
_LONGEST_TEXT: Final = 4 << 20
"""Bytes of the modules and settings of one program; the largest known have 100 kB."""
_MOST_MODULES: Final = 1 << 14


class GoModule(msgspec.Struct, frozen=True, gc=False):
    """A module as it was built in: what `replaced_by` another was not used itself."""

    path: str
    version: str
    sum: str = ""
    replaced_by: GoModule | None = None

    @property
    def used(self) -> GoModule:
        """The module whose code is there."""
        return self.replaced_by or self


class GoBuild(msgspec.Struct, frozen=True):
    """How a program was built. `version` is Go's own (``go1.24.4``), `path` the main package's.

    `main` is None, and the rest is empty, where the program was not built from a module.
    """

    version: str
    path: str = ""
    main: GoModule | None = None
    dependencies: tuple[GoModule, ...] = ()
    settings: dict[str, str] = {}

    @property
    def release(self) -> str:
        """Go's version as a number: ``1.24.4`` of ``go1.24.4 X:boringcrypto``, or empty."""
        match = re.match(r"go(\d+(?:\.\w+)*)", self.version)
        return match[1] if match else ""

    @property
    def cgo(self) -> bool | None:
        """Whether C code could be linked; None where that is not known."""
        setting = self.settings.get("CGO_ENABLED")
        return None if setting is None else setting == "1"


def read_go_build(image: ElfImage) -> GoBuild | None:
    """How the program `image` was built; None for one that Go's linker did not write.

    Raises `MalformedElf` for build information that does not follow its format.
    """
    start = _find(image)
    if start is None:
        return None
    data = image.data
    pointer_size, flags = data[start + 14], data[start + 15]
    if flags & _INLINED:
        version, after = _counted(data, start + _HEADER, _LONGEST_VERSION)
        text, _ = _counted(data, after, _LONGEST_TEXT)
    else:
        if pointer_size not in (4, 8):
            raise MalformedElf("its Go build information has an impossible pointer size")
        pair = Struct((">" if flags & _BIG_ENDIAN else "<") + ("2I" if pointer_size == 4 else "2Q"))
        addresses = pair.unpack_from(data, start + _FRAME)
        version = _pointed(image, addresses[0], pair, _LONGEST_VERSION)
        text = _pointed(image, addresses[1], pair, _LONGEST_TEXT)
    if not version:
        return None
    framed = len(text) > 2 * _FRAME and text[-_FRAME - 1] == 0x0A
    lines = text[_FRAME:-_FRAME].decode("utf-8", "replace") if framed else ""
    return _parsed(version.decode("utf-8", "replace"), lines)


def _find(image: ElfImage) -> int | None:
    """Where the header is: in a section of its own, or where data begins."""
    section = image.sections.get(_SECTION)
    if section is not None:
        start, end = section.offset, section.offset + section.size
    else:
        load = next((load for load in image.loads if load.is_data), None)
        if load is None:
            return None
        start, end = load.offset, load.offset + load.size
    found = image.data.find(_MAGIC, start, end)
    while found >= 0 and (found - start) % _ALIGN:
        found = image.data.find(_MAGIC, found + 1, end)
    return found if found >= 0 and found + _HEADER <= end else None


def _counted(data: bytes | mmap.mmap, start: int, longest: int) -> tuple[bytes, int]:
    """The string at `start` behind its length as a varint, and where it ends."""
    size = shift = 0
    for position in range(start, min(start + 5, len(data))):
        size |= (data[position] & 0x7F) << shift
        if data[position] < 0x80:
            end = position + 1 + size
            if size > longest or end > len(data):
                break
            return data[position + 1 : end], end
        shift += 7
    raise MalformedElf("its Go build information does not end")


def _pointed(image: ElfImage, address: int, pair: Struct, longest: int) -> bytes:
    """The Go string whose header, a pointer and a length, is at `address`; empty without one."""
    header = image.at(address, pair.size)
    if header is None:
        return b""
    where, size = pair.unpack(header)
    if size > longest:
        raise MalformedElf("its Go build information does not end")
    return image.at(where, size) or b""


def _parsed(version: str, text: str) -> GoBuild:
    path = ""
    modules: list[tuple[str, GoModule]] = []
    settings: dict[str, str] = {}
    for line in text.split("\n"):
        kind, _, rest = line.partition("\t")
        if kind == "path":
            path = rest
        elif kind in ("mod", "dep"):
            modules.append((kind, _module(rest)))
        elif kind == "=>":
            if not modules or modules[-1][1].replaced_by is not None:
                raise MalformedElf("its Go build information replaces a module that is none")
            kind, replaced = modules[-1]
            replacement = msgspec.structs.replace(replaced, replaced_by=_module(rest))
            modules[-1] = (kind, replacement)
        elif kind == "build":
            name, value = _setting(rest)
            settings[name] = value
        if len(modules) > _MOST_MODULES or len(settings) > _MOST_MODULES:
            raise MalformedElf(f"it is built from more than {_MOST_MODULES} Go modules")
    return GoBuild(
        version=version,
        path=path,
        main=next((module for kind, module in modules if kind == "mod"), None),
        dependencies=tuple(module for kind, module in modules if kind == "dep"),
        settings=settings,
    )


def _module(columns: str) -> GoModule:
    found = columns.split("\t")
    if not 2 <= len(found) <= 3:
        raise MalformedElf(f"its Go build information has a module in {len(found)} columns")
    return GoModule(found[0], found[1], "".join(found[2:]))


def _setting(text: str) -> tuple[str, str]:
    name, rest = _word(text, "=")
    if not name or not rest.startswith("="):
        raise MalformedElf("its Go build information has a setting without a name")
    value, after = _word(rest[1:], "")
    if after:
        raise MalformedElf("its Go build information has a setting that does not end")
    return name, value


_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`')
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))"
)
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _word(text: str, stop: str) -> tuple[str, str]:
    """A word as strconv.Quote writes it, or as it is up to `stop`; and what follows it."""
    quoted = _QUOTED.match(text)
    if quoted is not None:
        raw = quoted[2]
        return raw if raw is not None else _unquoted(quoted[1]), text[quoted.end() :]
    if text[:1] in ('"', "`"):
        raise MalformedElf("its Go build information has a setting that does not end")
    word = text.partition(stop)[0] if stop else text
    return word, text[len(word) :]


def _unquoted(text: str) -> str:
    """What `text`, the inside of a Go string, stands for; escaped bytes can be part of a letter."""
    return b"".join(_pieces(text)).decode("utf-8", "replace")


def _pieces(text: str) -> Iterator[bytes]:
    position = 0
    for escape in _ESCAPE.finditer(text):
        yield text[position : escape.start()].encode("utf-8", "replace")
        byte, octal, short, long, letter = escape.groups()
        if byte or octal:
            yield bytes((int(byte, 16) if byte else int(octal, 8) & 0xFF,))
        elif short or long:
            point = int(short or long, 16)
            yield (chr(point) if point < 0x110000 else "�").encode("utf-8", "replace")
        else:
            yield _LETTERS.get(letter, letter).encode("utf-8", "replace")
        position = escape.end()
    yield text[position:].encode("utf-8", "replace")
