"""The members of a zip archive by its central directory, within bounds.

Follows PKWARE's APPNOTE: the end of central directory record, ZIP64, and what may stand before an
archive (a script that starts it). Whatever an archive says of sizes is checked before it is
believed: members that are larger than they say, overlap or repeat cost no more than an allowance.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from distil.catalog.facts import Content, Unreadable

_END: Final = Struct("<4s4H2IH")
_END_MAGIC: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 0xFFFF
_END64_LOCATOR: Final = Struct("<4sIQI")
_END64_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_END64: Final = Struct("<4sQ2H2I4Q")
_END64_MAGIC: Final = b"PK\x06\x06"
_ENTRY: Final = Struct("<4s6H3I5H2I")
_ENTRY_MAGIC: Final = b"PK\x01\x02"
_LOCAL: Final = Struct("<4s5H3I2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_ZIP64_EXTRA: Final = 1
_WHOLE: Final = 0xFFFFFFFF
"""A size or an offset that stands in the ZIP64 extra field instead."""
_ENCRYPTED: Final = 1
_STORED, _DEFLATED = 0, 8
_MOST_MEMBERS: Final = 200_000
_LARGEST_DIRECTORY: Final = 128 << 20


class Member(NamedTuple):
    """A file in an archive; `size` is what it says it unpacks to, `packed` its bytes there."""

    name: str
    offset: int
    packed: int
    size: int
    method: int
    flags: int


class Allowance:
    """Bytes that may still be unpacked of one file and all that is in it."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, size: int) -> None:
        """Raises `Unreadable` if there are not `size` bytes left."""
        if size > self.left:
            raise Unreadable("it unpacks to more than is looked at")
        self.left -= size


class ZipDirectory:
    """The archive `content`, read member by member.

    Raises `Unreadable` for what is no zip archive, or lists more than any honest one.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        start, size, count, self._shift = self._end()
        if count > _MOST_MEMBERS or size > _LARGEST_DIRECTORY:
            raise Unreadable(f"it has more than {_MOST_MEMBERS} members")
        self._directory = content[start : start + size]

    @property
    def directory_size(self) -> int:
        """Bytes of the central directory, which is read whole."""
        return len(self._directory)

    def members(self, endings: tuple[bytes, ...]) -> Iterator[Member]:
        """The members with a name that has one of `endings`, in the order of the directory.

        Raises `Unreadable` where the directory does not follow its format.
        """
        directory, position, left = self._directory, 0, _MOST_MEMBERS
        while position < len(directory):
            if position + _ENTRY.size > len(directory) or not left:
                raise Unreadable("its central directory does not end")
            left -= 1
            entry = _ENTRY.unpack_from(directory, position)
            if entry[0] != _ENTRY_MAGIC:
                raise Unreadable("its central directory is damaged")
            name_start = position + _ENTRY.size
            extra_start = name_start + entry[10]
            position = extra_start + entry[11] + entry[12]
            name = directory[name_start:extra_start]
            if name.endswith(endings):
                extra = directory[extra_start : extra_start + entry[11]]
                size, packed, offset = _whole(extra, entry[9], entry[8], entry[16])
                text = name.decode("utf-8", "replace").lstrip("/")
                yield Member(text, offset + self._shift, packed, size, entry[4], entry[3])

    def read(self, member: Member, largest: int, allowance: Allowance) -> bytes:
        """The contents of `member`; no more than `largest` bytes, which `allowance` pays for.

        Raises `Unreadable` for an encrypted or damaged member, and for one beyond these limits.
        """
        if member.flags & _ENCRYPTED:
            raise Unreadable(f"{member.name} is encrypted")
        if max(member.size, member.packed) > largest:
            raise Unreadable(f"{member.name} unpacks to more than {largest} bytes")
        content = self._content
        if not 0 <= member.offset <= len(content) - _LOCAL.size:
            raise Unreadable(f"{member.name} lies outside of it")
        local = _LOCAL.unpack_from(content, member.offset)
        start = member.offset + _LOCAL.size + local[9] + local[10]
        if local[0] != _LOCAL_MAGIC or start + member.packed > len(content):
            raise Unreadable(f"{member.name} lies outside of it")
        if member.method == _STORED:
            allowance.take(member.packed)
            return content[start : start + member.packed]
        if member.method != _DEFLATED:
            raise Unreadable(f"{member.name} is compressed in a way that is not read")
        allowance.take(max(member.size, member.packed))
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            # What is longer than it says ends here; its archive is damaged.
            return unpack.decompress(content[start : start + member.packed], member.size or 1)
        except zlib.error as error:
            raise Unreadable(f"{member.name} is damaged") from error

    def _end(self) -> tuple[int, int, int, int]:
        """Where the directory is, its size, the number of members, and how far all is shifted."""
        content = self._content
        lowest = max(0, len(content) - _END.size - _LONGEST_COMMENT)
        at = content.rfind(_END_MAGIC, lowest)
        if at < 0 or at + _END.size > len(content):
            raise Unreadable("it is no zip archive")
        _, _, _, _, count, size, offset, _ = _END.unpack_from(content, at)
        end = at
        locator = at - _END64_LOCATOR.size
        if locator >= 0 and content[locator : locator + 4] == _END64_LOCATOR_MAGIC:
            where = _END64_LOCATOR.unpack_from(content, locator)[2]
            if not _holds_end64(content, where):
                where = locator - _END64.size
            if _holds_end64(content, where):
                fields = _END64.unpack_from(content, where)
                count, size, offset, end = fields[7], fields[8], fields[9], where
        start = end - size
        if start < 0:
            raise Unreadable("its central directory lies outside of it")
        return start, size, count, start - offset


def _holds_end64(content: Content, where: int) -> bool:
    return 0 <= where <= len(content) - _END64.size and content[where : where + 4] == _END64_MAGIC


def _whole(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Size, packed size and offset, those that are too large from the ZIP64 extra field."""
    if _WHOLE not in (size, packed, offset):
        return size, packed, offset
    values: list[int] = []
    position = 0
    while position + 4 <= len(extra):
        kind = int.from_bytes(extra[position : position + 2], "little")
        length = int.from_bytes(extra[position + 2 : position + 4], "little")
        if kind == _ZIP64_EXTRA:
            field = extra[position + 4 : position + 4 + length]
            values = [
                int.from_bytes(field[i : i + 8], "little") for i in range(0, len(field) - 7, 8)
            ]
            break
        position += 4 + length
    told = [values.pop(0) if one == _WHOLE and values else one for one in (size, packed, offset)]
    return told[0], told[1], told[2]
