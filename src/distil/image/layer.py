"""Layers: nodes as a compressed tar in the cache, found again while nothing in them changes.

The bytes depend on the nodes and the compressor alone. A layer is found by a key over everything
it is made from, and its blob is hashed again before it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.image.compress import Codec, codec_of
from distil.image.errors import InvalidLayer
from distil.image.layer_stream import LayerStream, Written, tar_stream
from distil.model.blob import Blob, FileBlob
from distil.model.digest import Digest
from distil.model.image import Compression, Descriptor
from distil.model.node import ROOT, Kind, Node
from distil.model.tree import WHITEOUT

FORMAT: Final = 1
"""Raised whenever the same nodes would be written as other bytes; part of the cache's key."""

AREA: Final = "layers"


class Layer(msgspec.Struct, frozen=True):
    """One layer of an image: a compressed tar and what manifest and configuration say of it.

    `descriptor` and `blob` are about the compressed bytes; `diff_id` and `size` (bytes) about
    the tar. `created_by` becomes the layer's entry in the image's history.
    """

    descriptor: Descriptor
    diff_id: Digest
    size: int
    blob: Blob
    created_by: str = ""


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """`Written` as the cache keeps it."""

    digest: str
    compressed: int
    diff_id: str
    size: int


def write_layer(
    nodes: Iterable[Node], *, compression: Compression, mtime: int, cache: Cache, created_by: str
) -> Layer:
    """The layer that holds exactly `nodes`, from the cache or written now.

    Entries are sorted by path; modification times after `mtime` (seconds since 1970) become
    `mtime`; of files linked together the first holds the contents. Raises `InvalidLayer` for a
    path that comes twice or would be read as a whiteout, `CorruptContent` when a file's bytes
    are not what its digest says, `CorruptCache` when the layer in the cache is not what was
    written, `DiskFull`, `CacheUnwritable`.
    """
    members = arranged(nodes)
    codec = codec_of(compression)
    key = content_key(members, codec.identity, mtime)
    written = _known(cache, key) or _write(tar_stream(members, mtime), codec, cache, key)
    return _layer(written, compression, cache, key, created_by)


def compress_layer(layer: Layer, compression: Compression, cache: Cache) -> Layer:
    """`layer`, whose blob is a bare tar, with a compressed one: from the cache or written now.

    Raises `CorruptContent`, `CorruptCache`, `DiskFull`, `CacheUnwritable`.
    """
    codec = codec_of(compression)
    key = hashlib.sha256(f"tar {codec.identity} {layer.diff_id}".encode()).hexdigest()
    written = _known(cache, key) or _write(layer.blob.chunks(), codec, cache, key)
    return _layer(written, compression, cache, key, layer.created_by)


def _layer(
    written: Written, compression: Compression, cache: Cache, key: str, created_by: str
) -> Layer:
    path = cache.path(AREA, _blob_name(key))
    return Layer(
        descriptor=Descriptor(compression.media_type, written.digest, written.compressed),
        diff_id=written.diff_id,
        size=written.size,
        blob=FileBlob(str(path), 0, written.compressed, written.digest),
        created_by=created_by,
    )


# --- order and key -------------------------------------------------------------------------


def arranged(nodes: Iterable[Node]) -> list[Node]:
    """`nodes` in the order a layer has them: sorted, each hard link after the file it joins.

    The root directory is left out unless something about it is unusual. Raises `InvalidLayer`.
    """
    members = sorted(nodes, key=lambda node: node.path)
    if members and members[0].path == ROOT and _is_plain(members[0]):
        del members[0]  # Every engine makes this root by itself.
    last = ""
    links = False
    for node in members:
        path = node.path
        if path == last:
            raise InvalidLayer(f"{path} comes twice")
        if WHITEOUT in path and node.name.startswith(WHITEOUT):
            raise InvalidLayer(f"{path} would be read as the removal of a file")
        last = path
        links = links or node.kind is Kind.HARDLINK
    return _regrouped(members) if links else members


def _is_plain(root: Node) -> bool:
    return (root.mode, root.uid, root.gid, root.xattrs) == (0o755, 0, 0, ())


def _regrouped(members: list[Node]) -> list[Node]:
    """`members` with each group of hard links led by its first path.

    A reader makes a link when it comes to it, so the file has to be there by then; and a target
    in another layer cannot be linked to at all.
    """
    targets = {node.target for node in members if node.kind is Kind.HARDLINK}
    leaders: dict[str, str] = {}
    for node in members:
        group = _group(node)
        if group in targets:
            leaders.setdefault(group, node.path)
    return [_led(node, leaders.get(_group(node))) for node in members]


def _group(node: Node) -> str:
    return node.target if node.kind is Kind.HARDLINK else node.path


def _led(node: Node, leader: str | None) -> Node:
    if leader is None:
        return node
    if leader != node.path:
        return msgspec.structs.replace(node, kind=Kind.HARDLINK, target=leader)
    if node.kind is Kind.HARDLINK and node.blob is None:
        raise InvalidLayer(f"{node.path} is a hard link to {node.target}, which is not there")
    return msgspec.structs.replace(node, kind=Kind.FILE, target="")


def content_key(members: Sequence[Node], identity: str, mtime: int) -> str:
    """Hexadecimal digest of all that a layer's bytes depend on.

    `members` are arranged; `identity` is the codec's. Times count as they are written, so that
    another `mtime` alone does not give a layer another key.
    """
    parts = [f"{FORMAT} {identity}"]
    for node in members:
        blob = node.blob
        parts.append(
            f"{node.path}\0{node.kind:d} {node.mode} {node.uid} {node.gid} "
            f"{min(node.mtime, mtime)} {blob.digest if blob is not None else ''}\0{node.target}"
        )
        if node.xattrs or node.device:
            parts.append(f"{node.device} {sorted(node.xattrs)}")
    # No path or target holds NUL, so the text can be read in one way only.
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


# --- the cache -----------------------------------------------------------------------------


def _blob_name(key: str) -> str:
    return f"{key}.layer"


def _known(cache: Cache, key: str) -> Written | None:
    """What the cache has under `key`, its blob hashed now; None when it has to be written.

    Raises `CorruptCache` for a blob that is not what was written.
    """
    data = cache.document(AREA, key)
    if data is None:
        return None
    record = msgspec.msgpack.decode(data, type=_Record)
    path = cache.path(AREA, _blob_name(key))
    try:
        found = FileBlob.of_file(path)
    except FileNotFoundError:
        return None
    if (found.digest, found.size) != (record.digest, record.compressed):
        raise cache.corrupt(path)
    cache.used(AREA, _blob_name(key))
    return Written(found.digest, found.size, Digest(record.diff_id), record.size)


def layer_is_sound(cache: Cache, name: str) -> bool | None:
    """Whether the blob called `name` is what was written; None when no record leads to it.

    Raises OSError.
    """
    data = cache.document(AREA, name.partition(".")[0])
    if data is None:
        return None
    record = msgspec.msgpack.decode(data, type=_Record)
    return FileBlob.of_file(cache.path(AREA, name)).digest == record.digest


def _write(pieces: Iterable[bytes], codec: Codec, cache: Cache, key: str) -> Written:
    with cache.writing(AREA, _blob_name(key)) as stream, LayerStream(stream, codec) as layer:
        for piece in pieces:
            layer.write(piece)
        written = layer.finish()
    record = _Record(str(written.digest), written.compressed, str(written.diff_id), written.size)
    cache.put_document(AREA, key, msgspec.msgpack.encode(record))
    return written
