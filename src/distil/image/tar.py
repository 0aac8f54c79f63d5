"""Writing tar archives that are the same to the bit wherever they are written.

ustar (POSIX.1-1988) where a member fits into it, a PAX extended header (POSIX.1-2001) where it
does not: long or non-ASCII names, large numbers, extended attributes. No user or group names,
no access or change times, no padding beyond the two final blocks.
"""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

from distil.formats.tar_fields import BLOCK
from distil.formats.tar_member import TarMember
from distil.model.node import Kind

END: Final = bytes(2 * BLOCK)
"""The two empty blocks that end an archive."""

_LARGEST_ID: Final = 0o7777777
_LARGEST_SIZE: Final = 0o77777777777
_SPACES: Final = 8 * 0x20
"""What the checksum field itself adds to the checksum."""

_TYPES: Final = {
    Kind.FILE: b"0",
    Kind.HARDLINK: b"1",
    Kind.SYMLINK: b"2",
    Kind.CHARACTER: b"3",
    Kind.BLOCK: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
}
_STAND_IN: Final = b"see-the-extended-header"
"""What the ustar header calls a member whose name is in the PAX header."""


class _Fields(NamedTuple):
    """The fields of a ustar header, each known to fit."""

    type: bytes
    name: bytes
    prefix: bytes = b""
    link: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: int = 0
    device: tuple[int, int] = (0, 0)


def header(member: TarMember) -> bytes:
    """The header blocks of `member`, an extended one first if it needs one.

    The contents follow, then `padding`. Names that are not UTF-8 (surrogate escapes) are
    written as their bytes and marked with the record ``hdrcharset=BINARY``.
    """
    records: list[tuple[bytes, bytes]] = []
    name = _encoded((member.path[1:] or ".") + ("/" if member.kind is Kind.DIRECTORY else ""))
    place = _split(name)
    if place is None:
        records.append((b"path", name))
        place = (b"", _STAND_IN)
    link = _encoded(member.target[1:] if member.kind is Kind.HARDLINK else member.target)
    if len(link) > 100 or not link.isascii():
        records.append((b"linkpath", link))
        link = _STAND_IN
    fields = _Fields(
        type=_TYPES[member.kind],
        name=place[1],
        prefix=place[0],
        link=link,
        mode=member.mode,
        uid=_fitting(b"uid", member.uid, _LARGEST_ID, records),
        gid=_fitting(b"gid", member.gid, _LARGEST_ID, records),
        size=_fitting(b"size", member.size, _LARGEST_SIZE, records),
        mtime=_fitting(b"mtime", member.mtime, _LARGEST_SIZE, records),
        device=member.device or (0, 0),
    )
    for key, value in sorted(member.xattrs):
        records.append((b"SCHILY.xattr." + _encoded(key), value))
    return _extended(records) + _block(fields) if records else _block(fields)


def padding(size: int) -> bytes:
    """The zero bytes that follow `size` bytes of contents."""
    return bytes(-size % BLOCK)


def _fitting(key: bytes, value: int, largest: int, records: list[tuple[bytes, bytes]]) -> int:
    """`value` if the ustar field holds it; otherwise 0, and a record for it."""
    if 0 <= value <= largest:
        return value
    records.append((key, b"%d" % value))
    return 0


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """The prefix and name of a ustar header for `name`, or None when it fits neither way."""
    if not name.isascii():
        return None
    if len(name) <= 100:
        return b"", name
    # The last slash that leaves a prefix of at most 155 bytes; a directory's own does not count.
    cut = name.rfind(b"/", 0, min(156, len(name) - 1))
    if cut <= 0 or len(name) - cut - 1 > 100:
        return None
    return name[:cut], name[cut + 1 :]


def _block(fields: _Fields) -> bytes:
    before = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        fields.name.ljust(100, b"\0"),
        fields.mode,
        fields.uid,
        fields.gid,
        fields.size,
        fields.mtime,
    )
    after = b"%b%bustar\x0000%b%07o\0%07o\0%b" % (
        fields.type,
        fields.link.ljust(100, b"\0"),
        bytes(64),
        *fields.device,
        fields.prefix.ljust(167, b"\0"),
    )
    return b"%b%06o\0 %b" % (before, _sum(before) + _sum(after) + _SPACES, after)


def _sum(data: bytes) -> int:
    """The sum of ASCII bytes, fewer than 512 of them, so that it is below Adler's modulus.

    Adler-32 keeps one more than the sum in its lower half, and is twenty times as fast as `sum`.
    """
    return (zlib.adler32(data) & 0xFFFF) - 1


def _extended(records: list[tuple[bytes, bytes]]) -> bytes:
    """A PAX extended header with `records`, padded."""
    body = b"".join(_record(key, value) for key, value in records)
    if not _are_utf8(records):
        body = _record(b"hdrcharset", b"BINARY") + body
    block = _block(_Fields(type=b"x", name=b"PaxHeaders/member", size=len(body)))
    return block + body + padding(len(body))


def _are_utf8(records: list[tuple[bytes, bytes]]) -> bool:
    try:
        for key, value in records:
            if key in (b"path", b"linkpath"):
                value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _record(key: bytes, value: bytes) -> bytes:
    """``length key=value newline``, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if len(str(length)) > len(str(rest)):
        length += 1
    return b"%d %b=%b\n" % (length, key, value)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
