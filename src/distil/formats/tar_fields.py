"""The header blocks of tar archives: their fields, numbers and checksums.

Follows pax in POSIX.1-2017 ("ustar Interchange Format") and the GNU tar manual ("Basic Tar
Format"), and what came before both: headers without a magic number and with signed checksums.
"""

from __future__ import annotations

import functools
import struct
from typing import Final, NamedTuple

from distil.model.node import Kind

BLOCK: Final = 512
EMPTY: Final = bytes(BLOCK)

KINDS: Final = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHARACTER,
    b"4": Kind.BLOCK,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}
"""What the types of members are; `GNU_SPARSE` is a file with a map of its holes."""

GNU_SPARSE: Final = b"S"
GNU_NAME: Final = b"L"
GNU_LINK: Final = b"K"
PAX_MEMBER: Final = b"x"
PAX_GLOBAL: Final = b"g"
EXTENSIONS: Final = frozenset({GNU_NAME, GNU_LINK, PAX_MEMBER, PAX_GLOBAL})
"""Headers whose contents are about the member that follows, or about all that do."""

UNREAD: Final = {
    b"D": "a list of names from an incremental backup",
    b"M": "the rest of a file that began in another archive",
    b"N": "a list of long names of old GNU tar",
    b"V": "the name of a volume",
    b"X": "an extended header of Solaris",
}
"""Types of members that no image has any use for, and what they are."""

_FIELDS: Final = struct.Struct("100s8s8s8s12s12s8s1s100s6s2x32x32x8s8s155s12x")
_CHECKSUM: Final = slice(148, 156)
_POSIX: Final = b"ustar\0"


class Header(NamedTuple):
    """The fields of a ustar header block, as bytes."""

    name: bytes
    mode: bytes
    uid: bytes
    gid: bytes
    size: bytes
    mtime: bytes
    checksum: bytes
    type: bytes
    link: bytes
    magic: bytes
    major: bytes
    minor: bytes
    prefix: bytes

    @classmethod
    def of(cls, block: bytes) -> Header:
        """The fields of `block`, which has `BLOCK` bytes."""
        return cls._make(_FIELDS.unpack(block))

    @property
    def full_name(self) -> bytes:
        """The name with its prefix, which GNU tar and older ones do not have."""
        name = self.name.split(b"\0", 1)[0]
        if self.magic == _POSIX and self.prefix[0]:
            return self.prefix.split(b"\0", 1)[0] + b"/" + name
        return name


def checksums(block: bytes) -> tuple[int, int]:
    """A header block's checksum, and the one of old writers that added signed bytes."""
    start = 8 * 0x20 - sum(block[_CHECKSUM])
    unsigned = start + sum(block)
    high = sum(byte > 127 for byte in block) if not block.isascii() else 0
    return unsigned, unsigned - 256 * high


@functools.lru_cache(1024)
def number(field: bytes) -> int | None:
    """A numeric header field: octal text, or GNU's base 256. None when it is neither."""
    if field[0] & 0x80:
        bits = 8 * len(field) - 1
        value = int.from_bytes(field, "big") & ((1 << bits) - 1)
        return value - (1 << bits) if field[0] & 0x40 else value
    text = field.split(b"\0", 1)[0].strip(b" ")
    if not text:
        return 0
    try:
        return int(text, 8) if text.isdigit() else None
    except ValueError:
        return None
