"""The file tree of an existing image: its layers decoded into the cache and laid on each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from distil.errors import CorruptContent, MalformedImage
from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.formats.byte_source import ByteSource
from distil.formats.compressed import decompress
from distil.formats.tar import TarReader
from distil.image.layer import Layer
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

    Every layer is decoded once and kept in the cache; its digest and its diff id are checked
    then. Raises `MalformedImage`, `MalformedArchive` for a hostile or damaged layer.
    """
    tree = Tree()
    for layer in layers:
        pack = _known(layer, cache) or _decoded(layer, cache)
        tree = tree.overlay(pack.nodes(LayerOrigin(layer.diff_id)))
    return tree


def _known(layer: Layer, cache: Cache) -> Pack | None:
    pack = open_pack(cache, layer.descriptor.digest, _KIND)
    if pack is None:
        return None
    if pack.attachments[_DIFF_ID] != layer.diff_id.encode():
        raise _wrong_diff_id(layer)
    return pack


def _decoded(layer: Layer, cache: Cache) -> Pack:
    attachments = {_DIFF_ID: layer.diff_id.encode()}
    return write_pack(cache, layer.descriptor.digest, _KIND, _members(layer), attachments)


def _members(layer: Layer) -> Iterator[tuple[PackMember, Iterable[bytes]]]:
    what = f"layer {layer.descriptor.digest}"
    compression = _COMPRESSIONS.get(layer.descriptor.media_type)
    if compression is None:
        raise MalformedImage(what, f"{layer.descriptor.media_type!r} is not a known layer type")
    hasher = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        pieces = decompress(layer.blob.chunks(), compression, limit=LARGEST_LAYER, what=what)
        for piece in pieces:
            hasher.update(piece)
            yield piece

    reader = TarReader(ByteSource(hashed()), what)
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
        raise MalformedImage(what, "its bytes do not match its digest") from error
    if hasher.hexdigest() != layer.diff_id.hex:
        raise _wrong_diff_id(layer)


def _wrong_diff_id(layer: Layer) -> MalformedImage:
    return MalformedImage(
        f"layer {layer.descriptor.digest}", f"its contents are not those of {layer.diff_id}"
    )
