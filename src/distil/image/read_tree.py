"""The file tree of an existing image: its layers, decoded side by side, laid on each other.

`read_tree` keeps every layer's contents in the cache, for who reads files; `read_listing` hashes
them and keeps nothing, for who asks what is there.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.packs import Pack, PackMember, open_pack, write_pack
from distil.formats.elf import ElfFile
from distil.formats.errors import MalformedArchive
from distil.formats.tar_member import TarMember, cost_of
from distil.image.errors import TooManyHops
from distil.image.layer import Layer
from distil.image.layer_contents import (
    Allowance,
    called,
    layer_members,
    tar_size,
    wrong_diff_id,
    wrong_digest,
)
from distil.image.limits import limits_here
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, LinkLoop
from distil.model.limits import Limits
from distil.model.node import Kind, Node
from distil.model.origin import LayerOrigin
from distil.model.tree import Tree

_KIND: Final = "layer"
_SIZES: Final = "analysis"
_DIFF_ID: Final = "diff-id"
_THREADS: Final = min(4, os.cpu_count() or 1)
_WORTH_THREADS: Final = 4 << 20
"""Compressed bytes from which on threads take less time than it takes to load them."""

Result = TypeVar("Result")


def read_tree(layers: Iterable[Layer], cache: Cache, limits: Limits | None = None) -> Tree:
    """What a container of `layers` (lowest first) sees; each node's origin is its layer.

    Every layer is decoded once and kept in the cache. Bytes of this machine are hashed each time,
    so the tree is that of the bytes that are there now; of what would have to come over the
    network the digest tells it. The diff id is checked when a layer is decoded.
    `limits` are the user's by default. Raises `MalformedImage`, `MalformedArchive` for a hostile
    or damaged layer, `LimitExceeded` for one beyond a limit.
    """

    def nodes(layer: Layer, allowance: Allowance) -> list[Node]:
        pack = _known(layer, cache, allowance) or _kept(layer, cache, allowance)
        return pack.nodes(LayerOrigin(layer.diff_id))

    return _laid_out(list(layers), nodes, limits)


def read_listing(layers: Iterable[Layer], cache: Cache, limits: Limits | None = None) -> Tree:
    """The tree of `read_tree`, without contents that the cache does not have already.

    A file's blob knows its digest and size; reading it decodes its layer as far as the file is.
    All bytes are hashed and every limit holds; nothing is written. Raises what `read_tree` raises.
    """
    return _laid_out(list(layers), _listing(cache), limits)


def read_layers(
    layers: Sequence[Layer], cache: Cache, limits: Limits | None = None
) -> list[list[Node]]:
    """What each of `layers` holds itself, whiteouts among it, in the order of their entries.

    Contents are as those of `read_listing`; the same is raised.
    """
    allowance = Allowance(limits or limits_here())
    with contextlib.closing(side_by_side(layers, _listing(cache), allowance)) as decoded:
        return list(decoded)


def layer_elf(layers: Iterable[Layer], cache: Cache) -> dict[Digest, ElfFile | None]:
    """What each file of `layers`, which `read_tree` has kept, is as ELF, by its digest."""
    found: dict[Digest, ElfFile | None] = {}
    for layer in layers:
        pack = open_pack(cache, layer.descriptor.digest, _KIND)
        if pack is not None:
            found |= pack.elf_files()
    return found


def layer_size(layer: Layer, cache: Cache) -> int:
    """The bytes of the tar of `layer`, counted once. Raises what `read_tree` raises."""
    key = f"tar {layer.descriptor.digest}"
    known = cache.document(_SIZES, key)
    if known is not None:
        return int(known)
    size = tar_size(layer, Allowance(limits_here()))
    cache.put_document(_SIZES, key, str(size).encode())
    return size


class LayerFile(msgspec.Struct, frozen=True, gc=False):
    """The contents of a file that nobody has taken out of its layer."""

    layer: Layer
    path: str
    size: int
    digest: Digest

    @property
    def is_local(self) -> bool:
        """Whether the layer is on this machine."""
        return self.layer.blob.is_local

    def read(self) -> bytes:
        """All the bytes. Raises `CorruptContent`."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces. Raises `CorruptContent` at the end."""
        hasher = hashlib.sha256()
        with contextlib.closing(layer_members(self.layer, Allowance(limits_here()))) as members:
            for member, pieces in members:
                if member.path == self.path:
                    for piece in pieces:
                        hasher.update(piece)
                        yield piece
                    break
        if hasher.hexdigest() != self.digest.hex:
            raise CorruptContent(f"{called(self.layer)}: {self.path}", self.digest)


def _listing(cache: Cache) -> Callable[[Layer, Allowance], list[Node]]:
    """How to see what is in a layer, without keeping what the cache does not have."""

    def nodes(layer: Layer, allowance: Allowance) -> list[Node]:
        pack = _known(layer, cache, allowance)
        if pack is not None:
            return pack.nodes(LayerOrigin(layer.diff_id))
        return _listed(layer, allowance)

    return nodes


# --- layers side by side, and on each other ------------------------------------------------


def _laid_out(
    layers: Sequence[Layer],
    nodes: Callable[[Layer, Allowance], list[Node]],
    limits: Limits | None,
) -> Tree:
    allowance = Allowance(limits or limits_here())
    hops = allowance.limits.symlink_hops
    with contextlib.closing(side_by_side(layers, nodes, allowance)) as decoded:
        try:
            return Tree().overlaid(decoded, hops)
        except LinkLoop as error:
            why = f"{error.message}, {hops} are followed"
            raise TooManyHops("the layers of the image", why) from error


def side_by_side(
    layers: Sequence[Layer],
    work: Callable[[Layer, Allowance], Result],
    allowance: Allowance,
) -> Generator[Result, None, None]:
    """What `work` makes of each layer, in order; several are worked on at a time.

    Inflating and hashing let go of the interpreter's lock. When one fails, or nothing more is
    asked for, the others stop where they are.
    """
    if len(layers) < 2 or sum(one.descriptor.size for one in layers) < _WORTH_THREADS:
        for layer in layers:
            yield work(layer, allowance)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(_THREADS)
    try:
        for future in [
            pool.submit(contextvars.copy_context().run, work, layer, allowance) for layer in layers
        ]:
            yield future.result()
    finally:
        allowance.is_over = True
        pool.shutdown(cancel_futures=True)


# --- one layer -----------------------------------------------------------------------------


def _known(layer: Layer, cache: Cache, allowance: Allowance) -> Pack | None:
    pack = open_pack(cache, layer.descriptor.digest, _KIND)
    if pack is None:
        return None
    if pack.attachments[_DIFF_ID] != layer.diff_id.encode():
        raise wrong_diff_id(layer)
    what, whole = called(layer), 0
    for one in pack.members:
        allowance.take(what, cost_of(one.path, one.target, one.xattrs), one.size)
        whole += one.size
    allowance.unpacked(what, layer.descriptor.size, whole)
    if not layer.blob.is_local:
        return pack  # What is not there any more is found out when it is asked for.
    try:
        for _ in layer.blob.chunks():
            pass  # It is known what these bytes hold, not that they are still these.
    except CorruptContent as error:
        raise wrong_digest(layer) from error
    return pack


def _kept(layer: Layer, cache: Cache, allowance: Allowance) -> Pack:
    attachments = {_DIFF_ID: layer.diff_id.encode()}
    members = ((_packed(member), pieces) for member, pieces in layer_members(layer, allowance))
    return write_pack(cache, layer.descriptor.digest, _KIND, members, attachments)


def _packed(member: TarMember) -> PackMember:
    return PackMember(
        path=member.path,
        kind=member.kind,
        mode=member.mode,
        uid=member.uid,
        gid=member.gid,
        mtime=member.mtime,
        target=member.target,
        xattrs=member.xattrs,
        device=member.device,
    )


def _listed(layer: Layer, allowance: Allowance) -> list[Node]:
    found: dict[str, Node] = {}
    origin = LayerOrigin(layer.diff_id)
    for member, pieces in layer_members(layer, allowance):
        earlier = found.get(member.path)
        if earlier is not None and {earlier.kind, member.kind} != {Kind.DIRECTORY}:
            raise MalformedArchive(called(layer), f"{member.path!r} comes twice")
        blob: LayerFile | None = None
        if member.kind is Kind.FILE:
            hasher = hashlib.sha256()
            for piece in pieces:
                hasher.update(piece)
            digest = Digest.from_hex(hasher.hexdigest())
            blob = LayerFile(layer, member.path, member.size, digest)
        found[member.path] = Node(
            member.path,
            member.kind,
            member.mode,
            member.uid,
            member.gid,
            member.mtime,
            member.target,
            blob,
            origin,
            member.xattrs,
            member.device,
        )
    return list(found.values())
