"""Reading tar streams from strangers: ustar, GNU long names, PAX.

Follows pax in POSIX.1-2017 and the GNU tar manual ("Basic Tar Format"). Nothing is ever written
to disk. What two readers might understand differently (sizes or names given twice and not the
same, names with NUL or ``..``) is an error, as is anything beyond the limits.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

import msgspec

from distil.formats.byte_source import Readable, chunks_of
from distil.formats.errors import (
    ArchiveTooLarge,
    MalformedArchive,
    TruncatedArchive,
    UnsupportedArchive,
)
from distil.model.errors import InvalidPath
from distil.model.node import PATH_MAX, Kind, absolute_path

BLOCK: Final = 512
_MAX_ID: Final = 2**32 - 2
_MAX_TIME: Final = 2**48
_LARGEST_OCTAL: Final = 0o77777777777
_MEMBER_COST: Final = 320
_COPIES: Final = 3
_GLOBAL_RECORDS: Final = 64
"""Every member is given all of them, so there may be few."""
_XATTR: Final = "SCHILY.xattr."
_FIELDS: Final = struct.Struct("100s8s8s8s12s12s8s1s100s6s2x32x32x8s8s155s12x")
_CHECKSUM: Final = slice(148, 156)
_EMPTY: Final = bytes(BLOCK)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]*)?", re.ASCII)

_KINDS: Final = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHARACTER,
    b"4": Kind.BLOCK,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}


class TarLimits(msgspec.Struct, frozen=True):
    """How much one archive may hold: members, bytes of contents, bytes of one extended header.

    `metadata` bounds the memory that all headers together come to (`cost_of`), and the PAX
    records with `members`: four for each.
    """

    members: int = 400_000
    content: int = 64 << 30
    extension: int = 1 << 20
    metadata: int = 320 << 20


class TarMember(msgspec.Struct, frozen=True, gc=False):
    """One member of a tar archive.

    `path` and a hard link's `target` are absolute and normalised; a symbolic link's `target` is
    its text. `size` is in bytes, `mtime` in whole seconds since 1970.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int
    target: str = ""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] | None = None


def cost_of(path: str, target: str, xattrs: tuple[tuple[str, bytes], ...]) -> int:
    """What a member costs in memory, about, in bytes: its values, and its strings a few times."""
    strings = len(path) + len(target)
    if xattrs:
        strings += sum(len(key) + len(value) for key, value in xattrs)
    return _MEMBER_COST + _COPIES * strings


class _Header(NamedTuple):
    """The fields of a ustar header block."""

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


class _Extension(msgspec.Struct):
    """What the extended headers before a member say about it."""

    name: bytes | None = None
    link: bytes | None = None
    pax: dict[str, bytes] | None = None


class TarReader:
    """The members of a tar stream in order; what is not read of one is skipped.

    `what` names the archive in errors. Raises `MalformedArchive`, `TruncatedArchive`,
    `ArchiveTooLarge`, and `UnsupportedArchive` for sparse files and unknown member types.
    """

    def __init__(self, stream: Readable, what: str, limits: TarLimits | None = None) -> None:
        self._stream = stream
        self._what = what
        self._limits = limits or TarLimits()
        self._position = 0
        self._left = 0
        self._padding = 0
        self._global: dict[str, bytes] = {}
        self._records_read = 0
        self._cost = 0

    def __iter__(self) -> Iterator[TarMember]:
        count = 0
        content = 0
        extension = _Extension()
        while (header := self._next_header()) is not None:
            if header.type in _EXTENSIONS:
                self._extend(extension, header)
                continue
            member = self._member(header, extension)
            extension = _Extension()
            count += 1
            content += member.size
            if count > self._limits.members:
                self._too_large(f"it holds more than {self._limits.members} members")
            if content > self._limits.content:
                self._too_large(f"it holds more than {self._limits.content} bytes")
            self._spend(cost_of(member.path, member.target, member.xattrs))
            self._left = member.size
            self._padding = -member.size % BLOCK
            yield member
        if extension != _Extension():
            raise MalformedArchive(self._what, "an extended header without its member")
        self._check_end()

    def chunks(self) -> Iterator[bytes]:
        """What is left of the current member's contents. Raises `TruncatedArchive`."""
        for piece in chunks_of(self._stream, self._left):
            self._left -= len(piece)
            self._position += len(piece)
            yield piece
        if self._left:
            raise TruncatedArchive(self._what, f"a member lacks its last {self._left} bytes")

    # --- blocks ----------------------------------------------------------------------------

    def _next_header(self) -> _Header | None:
        """The next header block, or None at the archive's end."""
        for _ in self.chunks():
            pass
        if self._padding:
            self._take(self._padding)
            self._padding = 0
        block = self._take(BLOCK)
        if block == _EMPTY:
            return None
        header = _Header._make(_FIELDS.unpack(block))
        if self._number(header.checksum, "checksum") not in _checksums(block):
            self._bad("a header with a wrong checksum")
        return header

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise TruncatedArchive(self._what, f"the tar data ends at byte {self._position}")
        self._position += size
        return data

    def _check_end(self) -> None:
        """Nothing but zeros may follow: a second archive there would be read by some only."""
        while data := self._stream.read(1 << 16):
            if data.count(0) != len(data):
                self._bad("something follows the end of the tar data")

    def _bad(self, why: str) -> NoReturn:
        raise MalformedArchive(self._what, f"{why} (at byte {self._position} of the tar data)")

    def _too_large(self, why: str) -> NoReturn:
        raise ArchiveTooLarge(self._what, why)

    def _spend(self, cost: int) -> None:
        self._cost += cost
        if self._cost > self._limits.metadata:
            self._too_large("its headers together are larger than any honest archive's")

    # --- extended headers ------------------------------------------------------------------

    def _extend(self, extension: _Extension, header: _Header) -> None:
        kind = header.type
        size = self._number(header.size, "size")
        if size > self._limits.extension:
            self._too_large(f"an extended header has {size} bytes")
        self._spend(size)
        data = self._take(size)
        self._take(-size % BLOCK)
        if kind in b"LK":
            name = data.rstrip(b"\0")
            if (extension.name if kind == b"L" else extension.link) is not None:
                self._bad("two long names for one member")
            if kind == b"L":
                extension.name = name
            else:
                extension.link = name
        elif kind == b"g":
            records = self._records(data)
            if not _OWN_RECORDS.isdisjoint(records):
                self._bad("a global header that names one member")
            self._global.update(records)
            if len(self._global) > _GLOBAL_RECORDS:
                self._too_large("its global headers are too large")
        elif extension.pax is not None:
            self._bad("two PAX headers for one member")
        else:
            extension.pax = self._records(data)

    def _records(self, data: bytes) -> dict[str, bytes]:
        """The records of a PAX header: ``length key=value newline``, no key twice."""
        records: dict[str, bytes] = {}
        position = 0
        while position < len(data):
            length, space, _ = data[position : position + 12].partition(b" ")
            if not space or not length.isdigit():
                self._bad("a damaged PAX record")
            end = position + int(length)
            key, equals, value = data[position + len(length) + 1 : end].partition(b"=")
            if end > len(data) or not equals or not key or not value.endswith(b"\n"):
                self._bad("a damaged PAX record")
            name = key.decode("utf-8", "surrogateescape")
            if name in records:
                self._bad(f"PAX record {name!r} comes twice")
            records[name] = value[:-1]
            position = end
        self._records_read += len(records)
        if self._records_read > 4 * self._limits.members:
            self._too_large("it holds more PAX records than any honest archive")
        return records

    # --- members ---------------------------------------------------------------------------

    def _member(self, header: _Header, extension: _Extension) -> TarMember:
        kind = _KINDS.get(header.type)
        if kind is None:
            raise UnsupportedArchive(self._what, f"tar member type {header.type!r}")
        pax = self._records_of(extension)
        name = self._name(header, extension, pax)
        if kind is Kind.FILE and name.endswith(b"/"):
            if header.type == b"0":
                self._bad("a file whose name ends in a slash")
            kind = Kind.DIRECTORY  # Before POSIX, directories had no type of their own.
        size = self._size(header, pax)
        return TarMember(
            path=self._path(name),
            kind=kind,
            mode=self._number(header.mode, "mode") & 0o7777,
            uid=self._owner(header.uid, pax.get("uid")),
            gid=self._owner(header.gid, pax.get("gid")),
            mtime=self._time(header.mtime, pax.get("mtime")),
            size=size if kind is Kind.FILE else 0,
            target=self._target(kind, header, extension, pax),
            xattrs=_xattrs(pax),
            device=self._device(kind, header),
        )

    def _records_of(self, extension: _Extension) -> dict[str, bytes]:
        """The PAX records that hold for the member; an empty value takes a record back."""
        if extension.pax is None and not self._global:
            return {}
        records = {**self._global, **(extension.pax or {})}
        if any(key.startswith("GNU.sparse.") for key in records):
            raise UnsupportedArchive(self._what, "sparse files")
        return {key: value for key, value in records.items() if value}

    def _name(self, header: _Header, extension: _Extension, pax: dict[str, bytes]) -> bytes:
        long = self._agreed(extension.name, pax.get("path"), "name")
        if long is not None:
            return long
        name = header.name.split(b"\0", 1)[0]
        prefix = header.prefix.split(b"\0", 1)[0]
        if prefix and header.magic == b"ustar\0":
            return prefix + b"/" + name
        return name

    def _agreed(self, gnu: bytes | None, pax: bytes | None, which: str) -> bytes | None:
        if gnu is not None and pax is not None and gnu != pax:
            self._bad(f"the GNU and the PAX header give a member different {which}s")
        return pax if gnu is None else gnu

    def _path(self, name: bytes) -> str:
        try:
            return absolute_path(name.decode("utf-8", "surrogateescape"))
        except InvalidPath as error:
            raise MalformedArchive(self._what, error.message) from error

    def _target(
        self, kind: Kind, header: _Header, extension: _Extension, pax: dict[str, bytes]
    ) -> str:
        link = self._agreed(extension.link, pax.get("linkpath"), "link target")
        if link is None:
            link = header.link.split(b"\0", 1)[0]
        if kind is Kind.HARDLINK:
            return self._path(link)
        if kind is not Kind.SYMLINK:
            return ""
        if not link or b"\0" in link:
            self._bad("a symbolic link to nothing")
        if len(link) > PATH_MAX:
            self._bad(f"the target of a symbolic link has more than {PATH_MAX} bytes")
        return link.decode("utf-8", "surrogateescape")

    def _size(self, header: _Header, pax: dict[str, bytes]) -> int:
        size = self._number(header.size, "size")
        if "size" not in pax:
            return size
        text = pax["size"]
        if not text.isdigit() or len(text) > 18:
            self._bad("a damaged size in a PAX header")
        if size != int(text) and int(text) <= _LARGEST_OCTAL:
            self._bad("two different sizes for one member")
        return int(text)

    def _owner(self, field: bytes, pax: bytes | None) -> int:
        if pax is None:
            owner = self._number(field, "owner")
        elif pax.isdigit() and len(pax) < 18:
            owner = int(pax)
        else:
            owner = -1
        if not 0 <= owner <= _MAX_ID:
            self._bad("an owner that is no user or group number")
        return owner

    def _time(self, field: bytes, pax: bytes | None) -> int:
        if pax is None:
            time = _number(field)
        else:
            text = pax.decode("ascii", "replace")
            time = int(text.split(".")[0] or "0") if _DECIMAL.fullmatch(text) else None
            if time is not None and text.startswith("-") and text.partition(".")[2].strip("0"):
                time -= 1
        if time is None or abs(time) > _MAX_TIME:
            self._bad("a damaged time")
        return time

    def _device(self, kind: Kind, header: _Header) -> tuple[int, int] | None:
        if kind not in (Kind.CHARACTER, Kind.BLOCK):
            return None
        return self._number(header.major, "device"), self._number(header.minor, "device")

    def _number(self, field: bytes, which: str) -> int:
        value = _number(field)
        if value is None or value < 0:
            self._bad(f"a damaged {which}")
        return value


def _checksums(block: bytes) -> tuple[int, int]:
    """A header block's checksum, and the one of old writers that added signed bytes."""
    start = 8 * 0x20 - sum(block[_CHECKSUM])
    unsigned = start + sum(block)
    high = sum(byte > 127 for byte in block) if not block.isascii() else 0
    return unsigned, unsigned - 256 * high


def _xattrs(pax: dict[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    found = [(key[len(_XATTR) :], value) for key, value in pax.items() if key.startswith(_XATTR)]
    return tuple(sorted(found))


@functools.lru_cache(1024)
def _number(field: bytes) -> int | None:
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


_EXTENSIONS: Final = frozenset({b"L", b"K", b"x", b"g"})
_OWN_RECORDS: Final = frozenset({"path", "linkpath", "size"})
