"""Reading tar streams from strangers: old tar, ustar, GNU, PAX, sparse files.

Follows pax in POSIX.1-2017 and the GNU tar manual ("Basic Tar Format"). Nothing is ever written
to disk. What two readers might understand differently (sizes or names given twice and not the
same, names with NUL or ``..``) is an error, as is anything beyond the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NoReturn

import msgspec

from distil.formats.byte_source import Readable, chunks_of, skip
from distil.formats.errors import (
    ArchiveTooLarge,
    MalformedArchive,
    TruncatedArchive,
    UnsupportedArchive,
)
from distil.formats.pax import (
    OWN_RECORDS,
    SPARSE,
    SPARSE_NAME,
    DamagedPax,
    Xattrs,
    in_force,
    parse_records,
    pax_natural,
    pax_time,
    pax_xattrs,
)
from distil.formats.sparse import DamagedMap, SparseMap, sparse_map, zeros
from distil.formats.tar_fields import (
    BLOCK,
    EMPTY,
    EXTENSIONS,
    GNU_LINK,
    GNU_NAME,
    GNU_SPARSE,
    KINDS,
    PAX_GLOBAL,
    UNREAD,
    Header,
    checksums,
    number,
)
from distil.formats.tar_member import MEMBER_COST, TarLimits, TarMember, cost_of
from distil.formats.tar_plain import LONGEST, plain_member
from distil.model.errors import InvalidPath
from distil.model.node import Kind, absolute_path

_MAX_ID: Final = 2**32 - 2
_MAX_DEVICE: Final = 2**32 - 1
_MAX_TIME: Final = 2**48
_LARGEST_OCTAL: Final = 0o77777777777
_GLOBAL_RECORDS: Final = 64
"""Every member is given all of them, so there may be few."""


class _Extension(msgspec.Struct):
    """What the extended headers before a member say about it."""

    name: bytes | None = None
    link: bytes | None = None
    pax: dict[str, bytes] | None = None


class TarReader:
    """The members of a tar stream in order; what is not read of one is skipped.

    `what` names the archive in errors. Raises `MalformedArchive`, `TruncatedArchive`,
    `UnsupportedArchive` for member types that are not read, and `ArchiveTooLarge`, whose `limit`
    is the name of the field of `limits` that was passed.
    """

    def __init__(self, stream: Readable, what: str, limits: TarLimits | None = None) -> None:
        self._stream = stream
        self._what = what
        self._limits = limits or TarLimits()
        self._position = 0
        self._left = 0
        self._padding = 0
        self._map: SparseMap | None = None
        self._global: dict[str, bytes] = {}
        self._records_read = 0
        self._cost = 0

    def __iter__(self) -> Iterator[TarMember]:
        count = 0
        content = 0
        extension = _Extension()
        is_extended = self._limits.path < LONGEST or self._limits.depth < LONGEST
        while (block := self._next_block()) is not None:
            plain = None if is_extended or self._global else plain_member(block)
            if plain is not None:
                member, self._map = plain, None
                self._left, self._padding = plain.size, -plain.size % BLOCK
            else:
                header = self._header(block)
                if header.type in EXTENSIONS:
                    self._extend(extension, header)
                    is_extended = True
                    continue
                member = self._member(block, header, extension)
                extension = _Extension()
                is_extended = self._limits.path < LONGEST or self._limits.depth < LONGEST
            count += 1
            content += member.size
            if count > self._limits.members:
                self._too_large("members", f"it holds more than {self._limits.members} members")
            if content > self._limits.content:
                self._too_large("content", f"it holds more than {self._limits.content} bytes")
            self._spend(cost_of(member.path, member.target, member.xattrs))
            yield member
        if extension != _Extension():
            raise MalformedArchive(self._what, "an extended header without its member")
        self._check_end()

    def chunks(self) -> Iterator[bytes]:
        """What is left of the current member's contents. Raises `TruncatedArchive`."""
        if self._map is None:
            yield from self._stored(self._left)
            return
        for hole, stored in self._map.runs():
            yield from zeros(hole)
            yield from self._stored(stored)

    # --- blocks ----------------------------------------------------------------------------

    def _stored(self, size: int) -> Iterator[bytes]:
        after = self._left - size
        for piece in chunks_of(self._stream, size):
            self._left -= len(piece)
            self._position += len(piece)
            yield piece
        if self._left != after:
            self._lacks()

    def _next_block(self) -> bytes | None:
        """The next header block, or None at the archive's end."""
        if self._left:
            skipped = skip(self._stream, self._left)
            self._position += skipped
            self._left -= skipped
            if self._left:
                self._lacks()
        if self._padding:
            self._take(self._padding)
            self._padding = 0
        block = self._take(BLOCK)
        return None if block == EMPTY else block

    def _lacks(self) -> NoReturn:
        raise TruncatedArchive(self._what, f"a member lacks its last {self._left} bytes")

    def _header(self, block: bytes) -> Header:
        header = Header.of(block)
        if self._number(header.checksum, "checksum") not in checksums(block):
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

    def _too_large(self, limit: str, why: str) -> NoReturn:
        raise ArchiveTooLarge(self._what, why, limit=limit)

    def _spend(self, cost: int) -> None:
        self._cost += cost
        if self._cost > self._limits.metadata:
            why = f"its headers together come to more than {self._limits.metadata} bytes"
            self._too_large("metadata", why)

    # --- extended headers ------------------------------------------------------------------

    def _extend(self, extension: _Extension, header: Header) -> None:
        kind = header.type
        size = self._number(header.size, "size")
        if size > self._limits.extension:
            self._too_large("extension", f"an extended header has {size} bytes")
        self._spend(size)
        data = self._take(size)
        self._take(-size % BLOCK)
        if kind in (GNU_NAME, GNU_LINK):
            name = data.rstrip(b"\0")
            if (extension.name if kind == GNU_NAME else extension.link) is not None:
                self._bad("two long names for one member")
            if kind == GNU_NAME:
                extension.name = name
            else:
                extension.link = name
        elif kind == PAX_GLOBAL:
            records = self._records(data)
            if any(key in OWN_RECORDS or key.startswith(SPARSE) for key in records):
                self._bad("a global header that names one member")
            self._global.update(records)
            if len(self._global) > _GLOBAL_RECORDS:
                self._too_large("extension", "its global headers are too large")
        elif extension.pax is not None:
            self._bad("two PAX headers for one member")
        else:
            extension.pax = self._records(data)

    def _records(self, data: bytes) -> dict[str, bytes]:
        try:
            records = parse_records(data)
        except DamagedPax as error:
            self._bad(str(error))
        self._records_read += len(records)
        if self._records_read > 4 * self._limits.members:
            self._too_large("members", "it holds more PAX records than any honest archive")
        return records

    # --- members ---------------------------------------------------------------------------

    def _member(self, block: bytes, header: Header, extension: _Extension) -> TarMember:
        kind = KINDS.get(header.type)
        pax: dict[str, bytes] = {}
        if extension.pax is not None or self._global:
            pax = in_force(self._global, extension.pax or {})
        name = self._name(header, extension, pax)
        if kind is None:
            self._unsupported(header.type, name)
        if kind is Kind.FILE and name.endswith(b"/"):
            if header.type in (b"0", GNU_SPARSE):
                self._bad("a file whose name ends in a slash")
            kind = Kind.DIRECTORY  # Before POSIX, directories had no type of their own.
        size = self._place(kind, block, header, pax)
        return TarMember(
            path=self._path(name),
            kind=kind,
            mode=self._number(header.mode, "mode") & 0o7777,
            uid=self._owner(header.uid, pax.get("uid")),
            gid=self._owner(header.gid, pax.get("gid")),
            mtime=self._time(header.mtime, pax.get("mtime")),
            size=size,
            target=self._target(kind, header, extension, pax),
            xattrs=self._xattrs(pax) if pax else (),
            device=self._device(kind, header),
            is_sparse=self._map is not None,
        )

    def _unsupported(self, kind: bytes, name: bytes) -> NoReturn:
        what = UNREAD.get(kind, "unknown")
        raise UnsupportedArchive(self._what, f"tar member type {kind!r} ({what}) of {name[:100]!r}")

    def _place(self, kind: Kind, block: bytes, header: Header, pax: dict[str, bytes]) -> int:
        """The size of a member's contents; sets where they are in the archive."""
        self._map = None
        stored = self._size(header, pax)
        if kind is not Kind.FILE:
            self._left = self._padding = 0  # Whatever size such a header has, no contents follow.
            return 0
        self._padding = -stored % BLOCK
        self._left = stored
        try:
            found = sparse_map(header.type, block, pax, self._take)
        except DamagedMap as error:
            self._bad(str(error))
        if found is None:
            return stored
        self._map, leading = found
        self._left -= leading
        if self._map.stored != self._left:
            self._bad("a map of a sparse file that is not what is stored of it")
        self._spend(MEMBER_COST * len(self._map.pieces))
        return self._map.size

    def _name(self, header: Header, extension: _Extension, pax: dict[str, bytes]) -> bytes:
        if SPARSE_NAME in pax:
            return pax[SPARSE_NAME]  # The others are for readers that do not know of holes.
        long = self._agreed(extension.name, pax.get("path"), "name")
        return header.full_name if long is None else long

    def _agreed(self, gnu: bytes | None, pax: bytes | None, which: str) -> bytes | None:
        if gnu is not None and pax is not None and gnu != pax:
            self._bad(f"the GNU and the PAX header give a member different {which}s")
        return pax if gnu is None else gnu

    def _path(self, name: bytes) -> str:
        if len(name) > self._limits.path:
            self._too_large("path", f"a path is longer than {self._limits.path} bytes")
        try:
            path = absolute_path(name.decode("utf-8", "surrogateescape"))
        except InvalidPath as error:
            raise MalformedArchive(self._what, error.message) from error
        if path.count("/") > self._limits.depth:
            self._too_large("depth", f"a path has more than {self._limits.depth} directories")
        return path

    def _target(
        self, kind: Kind, header: Header, extension: _Extension, pax: dict[str, bytes]
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
        if len(link) > self._limits.path:
            why = f"the target of a symbolic link has more than {self._limits.path} bytes"
            self._too_large("path", why)
        return link.decode("utf-8", "surrogateescape")

    def _xattrs(self, pax: dict[str, bytes]) -> Xattrs:
        try:
            found = pax_xattrs(pax)
        except DamagedPax as error:
            self._bad(str(error))
        if sum(len(key) + len(value) for key, value in found) > self._limits.xattrs:
            why = f"one member has more than {self._limits.xattrs} bytes of extended attributes"
            self._too_large("xattrs", why)
        return found

    def _size(self, header: Header, pax: dict[str, bytes]) -> int:
        size = self._number(header.size, "size")
        if "size" not in pax:
            return size
        said = pax_natural(pax["size"])
        if said is None:
            self._bad("a damaged size in a PAX header")
        if size != said and said <= _LARGEST_OCTAL:
            self._bad("two different sizes for one member")
        return said

    def _owner(self, field: bytes, pax: bytes | None) -> int:
        owner = self._number(field, "owner") if pax is None else pax_natural(pax)
        if owner is None or owner > _MAX_ID:
            self._bad("an owner that is no user or group number")
        return owner

    def _time(self, field: bytes, pax: bytes | None) -> int:
        time = number(field) if pax is None else pax_time(pax)
        if time is None or abs(time) > _MAX_TIME:
            self._bad("a damaged time")
        return time

    def _device(self, kind: Kind, header: Header) -> tuple[int, int] | None:
        if kind not in (Kind.CHARACTER, Kind.BLOCK):
            return None
        device = self._number(header.major, "device"), self._number(header.minor, "device")
        if max(device) > _MAX_DEVICE:
            self._bad("a damaged device")
        return device

    def _number(self, field: bytes, which: str) -> int:
        value = number(field)
        if value is None or value < 0:
            self._bad(f"a damaged {which}")
        return value
