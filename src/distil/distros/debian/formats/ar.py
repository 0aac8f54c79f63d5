"""Reading Unix ``ar`` archives, the outer form of a .deb (deb(5), ar(5))."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.byte_source import Readable, chunks_of
from distil.formats.errors import MalformedArchive, TruncatedArchive

MAGIC: Final = b"!<arch>\n"
_HEADER: Final = 60
_END: Final = b"`\n"


class ArMember(msgspec.Struct, frozen=True, gc=False):
    """One member's name, without the slash that some writers add, and its size in bytes."""

    name: str
    size: int


class ArReader:
    """The members of an ar archive in order; what is not read of one is skipped.

    Owner, time and mode of the members are not read: a .deb gives them no meaning. BSD and GNU
    long names are errors, since no .deb has them. Raises `MalformedArchive`, `TruncatedArchive`.
    """

    def __init__(self, stream: Readable, what: str) -> None:
        self._stream = stream
        self._what = what
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[ArMember]:
        if self._stream.read(len(MAGIC)) != MAGIC:
            raise MalformedArchive(self._what, "it is not an ar archive")
        while True:
            self._skip()
            header = self._stream.read(_HEADER)
            if not header:
                return
            if len(header) != _HEADER:
                raise TruncatedArchive(self._what, "it ends inside a member's header")
            member = self._member(header)
            self._left = member.size
            self._padding = member.size % 2
            yield member

    @property
    def left(self) -> int:
        """Bytes of the current member that have not been read yet."""
        return self._left

    def chunks(self) -> Iterator[bytes]:
        """What is left of the current member's contents. Raises `TruncatedArchive`."""
        for piece in chunks_of(self._stream, self._left):
            self._left -= len(piece)
            yield piece
        if self._left:
            raise TruncatedArchive(self._what, f"a member lacks its last {self._left} bytes")

    def _member(self, header: bytes) -> ArMember:
        name = header[:16].rstrip(b" ").removesuffix(b"/")
        size = header[48:58].rstrip(b" ")
        if header[58:] != _END or not size.isdigit():
            raise MalformedArchive(self._what, "a member's header is damaged")
        if not name or b"/" in name or not name.isascii() or b"\0" in name:
            raise MalformedArchive(self._what, f"member name {name!r} is not allowed")
        return ArMember(name.decode("ascii"), int(size))

    def _skip(self) -> None:
        for _ in self.chunks():
            pass
        if self._padding:
            # dpkg accepts an archive whose last member lacks its padding byte; so do we.
            self._stream.read(self._padding)
            self._padding = 0
