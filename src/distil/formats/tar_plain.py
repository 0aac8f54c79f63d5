"""Members of tar archives as nearly all are: one header block with nothing uncommon in it.

A way past the steps of `tar.TarReader` for what comes by the ten thousand. Whatever this does not
understand, errors included, is None, and read by these steps.
"""

from __future__ import annotations

import re
from typing import Final

from distil.formats.tar_member import TarMember
from distil.model.node import Kind

LONGEST: Final = 256
"""Bytes of a name in one block, at most, with its prefix and the slash between."""

_NUMBERS: Final = re.compile(
    rb"([0-7]{7})[\0 ]([0-7]{7})[\0 ]([0-7]{7})[\0 ]([0-7]{11})[\0 ]([0-7]{11})[\0 ]"
    rb"([0-7]{6})\0 ([025])"
)
"""Mode, owner, group, size, time, checksum and type, as they follow the name."""
_NAME_SIZE: Final = 100
_KINDS: Final = {b"0": Kind.FILE, b"5": Kind.DIRECTORY, b"2": Kind.SYMLINK}
_LINK: Final = slice(157, 257)
_MAGIC: Final = slice(257, 265)
_PREFIX: Final = slice(345, 500)
_POSIX: Final = b"ustar\x0000"
_GNU: Final = b"ustar  \0"


def plain_member(block: bytes) -> TarMember | None:
    """The member whose header is `block`, which nothing else is said about."""
    found, magic = _NUMBERS.match(block, _NAME_SIZE), block[_MAGIC]
    if found is None or magic not in (_POSIX, _GNU):
        return None
    mode, uid, gid, size, time, check, letter = found.groups()
    if int(check, 8) != sum(block) - sum(check) + 6 * 0x20 + 0x20:
        return None  # The field counts as eight blanks, and ends in NUL and a blank.
    kind = _KINDS[letter]
    path = _path(block, kind, has_prefix=magic == _POSIX)
    target = _text(block[_LINK]) if kind is Kind.SYMLINK else ""
    if path is None or (kind is Kind.SYMLINK and not target):
        return None
    length = int(size, 8) if kind is Kind.FILE else 0
    bits = int(mode, 8) & 0o7777
    return TarMember(path, kind, bits, int(uid, 8), int(gid, 8), int(time, 8), length, target)


def _path(block: bytes, kind: Kind, *, has_prefix: bool) -> str | None:
    text = _text(block[:_NAME_SIZE])
    if has_prefix and block[_PREFIX.start]:
        text = f"{_text(block[_PREFIX])}/{text}"
    text = text.removeprefix("./")
    if kind is Kind.DIRECTORY:
        text = text.removesuffix("/")
    if not text or text[0] in "./" or text[-1] == "/" or "/." in text or "//" in text:
        return None
    return f"/{text}"


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
