"""The file tree of an existing image: its layers decoded into the cache and laid on each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.formats.byte_source import ByteSource
from distil.formats.compressed import ALLOWANCE, RATIO, decompress
from distil.formats.errors import ArchiveTooLarge
from distil.formats.tar import TarLimits, TarReader, cost_of
from distil.image.layer import Layer
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import DOCKER_LAYER, MEDIA_LAYER
from distil.model.origin import LayerOrigin
from distil.model.tree import Tree

LARGEST_LAYER: Final = 32 << 30
"""Bytes of one layer's tar, at most."""

_COMPRESSIONS: Final = {
    MEDIA_LAYER: "",
    f"{MEDIA_LAYER}+gzip": "gz",
    f"{MEDIA_LAYER}+zstd": "zst",
    DOCKER_LAYER: "",
    f"{DOCKER_LAYER}.gzip": "gz",
}
_KIND: Final = "layer"
_DIFF_ID: Final = "diff-id"


def read_tree(layers: Iterable[Layer], cache: Cache) -> Tree:
    """What a container of `layers` (lowest first) sees; each node's origin is its layer.

    Every layer is decoded once and kept in the cache. Bytes of this machine are hashed each time,
    so the tree is that of the bytes that are there now; of what would have to come over the
    network the digest tells it. The diff id is checked when a layer is decoded.
    Raises `MalformedImage`, `MalformedArchive` for a hostile or damaged layer.
    """
    tree = Tree()
    left = _Left()
    for layer in layers:
        pack = _known(layer, cache) or _decoded(layer, cache, left)
        left.take(layer, pack)
        tree = tree.overlay(pack.nodes(LayerOrigin(layer.diff_id)))
    return tree


class _Left(msgspec.Struct):
    """What the layers of one image may still come to together."""

    members: int = TarLimits().members
    metadata: int = TarLimits().metadata
    beyond_ratio: int = ALLOWANCE

    def limits(self) -> TarLimits:
        """For the headers of the next layer."""
        return TarLimits(members=self.members, metadata=self.metadata)

    def content(self, layer: Layer) -> int:
        """Bytes that the next layer may unpack to."""
        return min(LARGEST_LAYER, RATIO * layer.descriptor.size + self.beyond_ratio)

    def take(self, layer: Layer, pack: Pack) -> None:
        """Count a layer. Raises `ArchiveTooLarge` when it was one too many."""
        members = pack.members
        size = sum(member.size for member in members)
        self.members -= len(members)
        self.metadata -= sum(cost_of(one.path, one.target, one.xattrs) for one in members)
        self.beyond_ratio -= max(0, size - RATIO * layer.descriptor.size)
        if min(self.members, self.metadata, self.beyond_ratio) < 0:
            raise ArchiveTooLarge(_called(layer), "the image is larger than any honest one")


def _known(layer: Layer, cache: Cache) -> Pack | None:
    pack = open_pack(cache, layer.descriptor.digest, _KIND)
    if pack is None:
        return None
    if pack.attachments[_DIFF_ID] != layer.diff_id.encode():
        raise _wrong_diff_id(layer)
    if not layer.blob.is_local:
        return pack  # What is not there any more is found out when it is asked for.
    try:
        for _ in layer.blob.chunks():
            pass  # It is known what these bytes hold, not that they are still these.
    except CorruptContent as error:
        raise _wrong_digest(layer) from error
    return pack


def _decoded(layer: Layer, cache: Cache, left: _Left) -> Pack:
    attachments = {_DIFF_ID: layer.diff_id.encode()}
    return write_pack(cache, layer.descriptor.digest, _KIND, _members(layer, left), attachments)


def _members(layer: Layer, left: _Left) -> Iterator[tuple[PackMember, Iterable[bytes]]]:
    what = _called(layer)
    compression = _COMPRESSIONS.get(layer.descriptor.media_type)
    if compression is None:
        raise MalformedImage(what, f"{layer.descriptor.media_type!r} is not a known layer type")
    hasher = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        limit = left.content(layer)
        pieces = decompress(layer.blob.chunks(), compression, limit=limit, what=what)
        for piece in pieces:
            hasher.update(piece)
            yield piece

    reader = TarReader(ByteSource(hashed()), what, left.limits())
    try:
        for member in reader:
            yield (
                PackMember(
                    path=member.path,
                    kind=member.kind,
                    mode=member.mode,
                    uid=member.uid,
                    gid=member.gid,
                    mtime=member.mtime,
                    target=member.target,
                    xattrs=member.xattrs,
                    device=member.device,
                ),
                reader.chunks(),
            )
    except CorruptContent as error:
        raise _wrong_digest(layer) from error
    if hasher.hexdigest() != layer.diff_id.hex:
        raise _wrong_diff_id(layer)


def _called(layer: Layer) -> str:
    return f"layer {layer.descriptor.digest}"


def _wrong_digest(layer: Layer) -> MalformedImage:
    return MalformedImage(_called(layer), "its bytes do not match its digest")


def _wrong_diff_id(layer: Layer) -> MalformedImage:
    return MalformedImage(_called(layer), f"its contents are not those of {layer.diff_id}")
