"""Contents by reference: a digest, a size, and where the bytes can be had."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final, Protocol

import msgspec

from distil.model.digest import Digest
from distil.model.errors import CorruptContent
from distil.model.regular_file import open_regular

CHUNK: Final = 1 << 20
"""Bytes that `Blob.chunks` yields at a time."""


class Blob(Protocol):
    """Some bytes with a known digest; reading them always checks that digest."""

    @property
    def digest(self) -> Digest:
        """sha256 of the bytes."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def is_local(self) -> bool:
        """Whether the bytes are on this machine, so that reading them once more moves nothing."""

    def read(self) -> bytes:
        """All the bytes. Raises `CorruptContent` when they do not match `digest`."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of at most `CHUNK`. Raises `CorruptContent` at the end."""


class InlineBlob(msgspec.Struct, frozen=True, gc=False):
    """Bytes held in memory: what distil itself generates."""

    is_local: ClassVar[bool] = True
    data: bytes
    digest: Digest

    @classmethod
    def of(cls, data: bytes) -> InlineBlob:
        """A blob of `data`, digested now."""
        return cls(data, Digest.of(data))

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), CHUNK):
            yield self.data[start : start + CHUNK]


class FileBlob(msgspec.Struct, frozen=True, gc=False):
    """Bytes in a slice of a file: a whole file, or one member of a pack."""

    is_local: ClassVar[bool] = True
    path: str
    offset: int
    size: int
    digest: Digest

    @classmethod
    def of_file(cls, path: Path) -> FileBlob:
        """A blob of the whole file at `path`, digested now. Raises OSError."""
        with open_regular(path) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return cls(str(path), 0, stream.tell(), Digest.from_hex(digest))

    def read(self) -> bytes:
        with open(self.path, "rb", buffering=0) as stream:
            stream.seek(self.offset)
            data = stream.read(self.size)
        if len(data) != self.size or Digest.of(data) != self.digest:
            raise CorruptContent(self.path, self.digest)
        return data

    def chunks(self) -> Iterator[bytes]:
        if self.size <= CHUNK:
            yield self.read()
            return
        hasher = hashlib.sha256()
        left = self.size
        with open(self.path, "rb", buffering=0) as stream:
            stream.seek(self.offset)
            while left:
                piece = stream.read(min(CHUNK, left))
                if not piece:
                    break
                hasher.update(piece)
                left -= len(piece)
                yield piece
        if left or hasher.hexdigest() != self.digest.hex:
            raise CorruptContent(self.path, self.digest)
