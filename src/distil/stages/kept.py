"""What stages left behind and what was copied out of them, kept in the cache as packs.

A pack's index has a digest of its own, and every file is checked against its digest whenever it is
read: what is damaged, or somebody changed, is an error and no input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import Origin, PackageOrigin, StageOrigin

_LAYER: Final = "stage"
_COPY: Final = "stagecopy"
_SECONDS: Final = "seconds"
_ORIGINS: Final = "origins"

PACKAGE: Final = "package"
STAGE: Final = "stage"


class _Origin(msgspec.Struct, frozen=True, array_like=True):
    """Where a node is from: names need not be UTF-8, so bytes they are.

    Of a package the purl and the archive, of a stage its name and a path of it.
    """

    kind: str
    name: str
    detail: bytes

    @classmethod
    def of(cls, node: Node) -> _Origin:
        """That of `node`."""
        origin = node.origin
        if isinstance(origin, PackageOrigin):
            return cls(PACKAGE, origin.purl, origin.archive.encode())
        stage, source = getattr(origin, "stage", ""), getattr(origin, "source", "")
        return cls(STAGE, stage, source.encode("utf-8", "surrogateescape"))

    @property
    def origin(self) -> Origin:
        """As nodes have it."""
        if self.kind == PACKAGE:
            return PackageOrigin(self.name, Digest(self.detail.decode()))
        return StageOrigin(self.name, self.detail.decode("utf-8", "surrogateescape"))


_DECODER: Final = msgspec.msgpack.Decoder(list[_Origin])
_NOWHERE: Final = StageOrigin("", "")


class KeptLayer(msgspec.Struct, frozen=True):
    """The difference that a stage made, as an image layer has it; it took `seconds`."""

    nodes: tuple[Node, ...]
    seconds: float


class KeptCopy(msgspec.Struct, frozen=True):
    """What one ``[[copy]]`` took: nodes at their places in the image; the stage took `seconds`."""

    nodes: tuple[Node, ...]
    seconds: float


def find_layer(cache: Cache, key: str, origin: Origin) -> KeptLayer | None:
    """What the stage with `key` left behind, each path of `origin`; None when it is not kept.

    Raises `CorruptCache`.
    """
    pack = open_pack(cache, _name(key), _LAYER)
    return None if pack is None else KeptLayer(tuple(pack.nodes(origin)), _seconds(pack))


def keep_layer(
    cache: Cache, key: str, nodes: Iterable[Node], origin: Origin, seconds: float
) -> KeptLayer:
    """Keep what a stage left behind. Raises `DiskFull`, `CacheUnwritable`, `MalformedArchive`."""
    attachments = {_SECONDS: f"{seconds:.3f}".encode()}
    pack = write_pack(cache, _name(key), _LAYER, _members(nodes), attachments)
    return KeptLayer(tuple(pack.nodes(origin)), seconds)


def find_copy(cache: Cache, key: Digest) -> KeptCopy | None:
    """What was copied under `key`; None when that is not kept. Raises `CorruptCache`."""
    pack = open_pack(cache, key, _COPY)
    if pack is None:
        return None
    origins = _DECODER.decode(pack.attachments[_ORIGINS])
    found = [
        msgspec.structs.replace(node, origin=origin.origin)
        for node, origin in zip(pack.nodes(_NOWHERE), origins, strict=True)
    ]
    return KeptCopy(tuple(found), _seconds(pack))


def keep_copy(cache: Cache, key: Digest, nodes: Iterable[Node], seconds: float) -> KeptCopy:
    """Keep what was copied. Raises `DiskFull`, `CacheUnwritable`."""
    nodes = list(nodes)
    attachments = {
        _SECONDS: f"{seconds:.3f}".encode(),
        _ORIGINS: msgspec.msgpack.encode([_Origin.of(node) for node in nodes]),
    }
    pack = write_pack(cache, key, _COPY, _members(nodes), attachments)
    found = zip(pack.members, nodes, strict=True)
    placed = [
        msgspec.structs.replace(node, blob=pack.blob(member)) if member.sha256 else node
        for member, node in found
    ]
    return KeptCopy(tuple(placed), seconds)


def _members(nodes: Iterable[Node]) -> Iterator[tuple[PackMember, Iterable[bytes]]]:
    for node in nodes:
        member = PackMember(
            path=node.path,
            kind=node.kind,
            mode=node.mode,
            uid=node.uid,
            gid=node.gid,
            mtime=node.mtime,
            target=node.target,
            xattrs=node.xattrs,
            device=node.device,
        )
        own = node.kind is Kind.FILE and node.blob is not None
        yield member, node.blob.chunks() if own and node.blob is not None else ()


def _seconds(pack: Pack) -> float:
    attachments: Mapping[str, bytes] = pack.attachments
    return float(attachments[_SECONDS])


def _name(key: str) -> Digest:
    return Digest.from_hex(key)
