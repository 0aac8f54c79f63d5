"""The entries of one layer out of its compressed bytes, which are checked on the way.

Digest, length and diff id are known to be right when the last entry has passed; who uses entries
before that has to be able to take it back.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import Final

from distil.formats.ahead import ahead
from distil.formats.byte_source import ByteSource
from distil.formats.compressed import decompress
from distil.formats.errors import ArchiveTooLarge
from distil.formats.tar import TarReader
from distil.formats.tar_member import TarLimits, TarMember, cost_of
from distil.image.errors import (
    AttributesTooLarge,
    ContentTooLarge,
    ExpandsTooMuch,
    HeadersTooLarge,
    PathTooDeep,
    PathTooLong,
    TooManyEntries,
)
from distil.image.layer import Layer
from distil.model.errors import CorruptContent, LimitExceeded, MalformedImage
from distil.model.image import DOCKER_LAYER, MEDIA_LAYER
from distil.model.limits import Limits

_COMPRESSIONS: Final = {
    MEDIA_LAYER: "",
    f"{MEDIA_LAYER}+gzip": "gz",
    f"{MEDIA_LAYER}+zstd": "zst",
    DOCKER_LAYER: "",
    f"{DOCKER_LAYER}.gzip": "gz",
}
_MAGIC: Final = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"\xfd7zXZ\0": "xz", b"BZh": "bz2"}
_WORTH_A_THREAD: Final = 4 << 20
"""Compressed bytes of a layer that is inflated in a thread while its entries are used."""
_ERRORS: Final[dict[str, type[LimitExceeded]]] = {
    "members": TooManyEntries,
    "content": ContentTooLarge,
    "extension": AttributesTooLarge,
    "xattrs": AttributesTooLarge,
    "metadata": HeadersTooLarge,
    "path": PathTooLong,
    "depth": PathTooDeep,
}
"""What passing a limit of the tar reader is, by its name there."""


class Allowance:
    """What the layers of one image may come to together; several threads take from it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.is_over = False
        """Set when nothing more is wanted, so that those at work stop."""
        self._mutex = threading.Lock()
        self._members = limits.entries
        self._metadata = limits.header_size
        self._content = limits.expanded_size
        self._free = limits.expansion_free

    def of_tar(self) -> TarLimits:
        """For the headers of one layer."""
        limits = self.limits
        return TarLimits(
            members=limits.entries,
            content=limits.expanded_size,
            extension=(1 << 20) + 3 * limits.xattr_size,
            metadata=limits.header_size,
            path=limits.path_length,
            depth=limits.path_depth,
            xattrs=limits.xattr_size,
        )

    def take(self, what: str, cost: int, size: int) -> None:
        """Count an entry: what it costs in memory, and its contents. Raises `LimitExceeded`."""
        with self._mutex:
            self._members -= 1
            self._metadata -= cost
            self._content -= size
        if self._members < 0:
            raise TooManyEntries(what, f"more than {self.limits.entries} entries with this layer")
        if self._metadata < 0:
            why = f"the image's headers together come to more than {self.limits.header_size} bytes"
            raise HeadersTooLarge(what, why)
        if self._content < 0:
            raise ContentTooLarge(what, _unpacks_to(self.limits.expanded_size))

    def room(self, compressed: int) -> int:
        """Bytes that a layer of so many compressed bytes may unpack to."""
        return self.limits.expansion_ratio * compressed + self._free

    def unpacked(self, what: str, compressed: int, size: int) -> None:
        """Count the bytes of a whole layer. Raises `ExpandsTooMuch`."""
        with self._mutex:
            self._free -= max(0, size - self.limits.expansion_ratio * compressed)
        if self._free < 0:
            raise ExpandsTooMuch(what, self.expands())

    def expands(self) -> str:
        """What is wrong with a layer beyond `room`."""
        ratio, free = self.limits.expansion_ratio, self.limits.expansion_free
        return f"it unpacks to more than {ratio} times its size and {free} bytes"


class Abandoned(Exception):
    """Another layer of the image was refused."""


def called(layer: Layer) -> str:
    """The name of a layer for errors."""
    return f"layer {layer.descriptor.digest}"


def layer_members(
    layer: Layer, allowance: Allowance
) -> Generator[tuple[TarMember, Iterator[bytes]], None, None]:
    """The entries of `layer` in order, each with its contents, to be read before the next one.

    Raises `MalformedImage`, `MalformedArchive`, and a `LimitExceeded` for what `allowance` has
    not; and `Abandoned`.
    """
    what = called(layer)
    unpacked = _Unpacked(layer, allowance)
    pieces = unpacked.pieces()
    if layer.descriptor.size >= _WORTH_A_THREAD:
        pieces = ahead(pieces)
    try:
        with contextlib.closing(pieces):
            reader = TarReader(ByteSource(pieces), what, allowance.of_tar())
            for member in reader:
                cost = cost_of(member.path, member.target, member.xattrs)
                allowance.take(what, cost, member.size)
                if member.is_sparse:
                    unpacked.add_holes(member.size)
                yield member, reader.chunks()
    except CorruptContent as error:
        raise wrong_digest(layer) from error
    except ArchiveTooLarge as error:
        raise _ERRORS[error.limit](what, error.why) from error
    unpacked.check()


def tar_size(layer: Layer, allowance: Allowance) -> int:
    """The bytes of the tar of `layer`, which is read to its end. Raises as `layer_members` does."""
    unpacked = _Unpacked(layer, allowance)
    try:
        size = sum(map(len, unpacked.pieces()))
    except CorruptContent as error:
        raise wrong_digest(layer) from error
    unpacked.check()
    return size


class _Unpacked:
    """The tar of a layer in pieces, hashed and counted as they pass."""

    def __init__(self, layer: Layer, allowance: Allowance) -> None:
        self._layer = layer
        self._allowance = allowance
        self._hasher = hashlib.sha256()
        self._size = self._holes = 0
        self._room = allowance.room(layer.descriptor.size)
        # The same bytes, hashed once: not compressed, and checked against its digest as it is read.
        self._is_hashed = layer.descriptor.digest == layer.diff_id == layer.blob.digest

    def pieces(self) -> Generator[bytes, None, None]:
        """The pieces, once."""
        what = called(self._layer)
        compression = _compression(self._layer)
        limit = self._allowance.limits.expanded_size
        chunks = _as_said(self._layer.blob.chunks(), compression, what)
        for piece in decompress(chunks, compression, limit=limit, what=what):
            if self._allowance.is_over:
                raise Abandoned
            self._size += len(piece)
            self._check_room()
            if not self._is_hashed:
                self._hasher.update(piece)
            yield piece

    def add_holes(self, size: int) -> None:
        """Count a sparse file, which is more than what is stored of it."""
        self._holes += size
        self._check_room()

    def check(self) -> None:
        """Hold what has passed, which is all of it, against the image's configuration."""
        if not self._is_hashed and self._hasher.hexdigest() != self._layer.diff_id.hex:
            raise wrong_diff_id(self._layer)
        self._allowance.unpacked(
            called(self._layer), self._layer.descriptor.size, self._size + self._holes
        )

    def _check_room(self) -> None:
        if self._size + self._holes > self._room:
            raise ExpandsTooMuch(called(self._layer), self._allowance.expands())


def _compression(layer: Layer) -> str:
    found = _COMPRESSIONS.get(layer.descriptor.media_type)
    if found is None:
        raise MalformedImage(
            called(layer), f"{layer.descriptor.media_type!r} is not a known layer type"
        )
    return found


def _as_said(chunks: Iterable[bytes], compression: str, what: str) -> Iterator[bytes]:
    """`chunks`, when they do not begin as another compression than was said does."""
    chunks = iter(chunks)
    first = next(chunks, b"")
    begun = next((name for magic, name in _MAGIC.items() if first.startswith(magic)), compression)
    if begun != compression:
        said = f"compressed as {compression}" if compression else "not compressed"
        raise MalformedImage(what, f"its media type says that it is {said}, but it is {begun}")
    return chain((first,), chunks)


def wrong_digest(layer: Layer) -> MalformedImage:
    """The error for a layer that is not the bytes that were meant."""
    return MalformedImage(called(layer), "its bytes do not match its digest")


def wrong_diff_id(layer: Layer) -> MalformedImage:
    """The error for a layer that does not unpack to what the configuration says."""
    return MalformedImage(called(layer), f"its contents are not those of {layer.diff_id}")


def _unpacks_to(most: int) -> str:
    return f"the image unpacks to more than {most} bytes"
