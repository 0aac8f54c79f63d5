"""The layers of an image on each other, as records: what a container sees, and whose facts hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NoReturn

import msgspec

from distil.catalog.facts import Facts
from distil.catalog.layer_record import Entry, LayerRecord
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.tree import Tree


class RecordedFile(msgspec.Struct, frozen=True, gc=False):
    """A `Blob` of which only the record is at hand: who wants the bytes has to read the layer."""

    is_local: ClassVar[bool] = True
    entry: Entry
    layer: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.entry.size

    @property
    def digest(self) -> Digest:
        """sha256 of the contents; where they were not hashed, one that stands for the file."""
        if self.entry.sha256:
            return Digest.from_hex(self.entry.sha256.hex())
        told = f"{self.layer} {self.entry.path}"
        return Digest.of(told.encode("utf-8", "surrogateescape"))

    def read(self) -> NoReturn:
        """Nothing: records hold no contents."""
        raise NotImplementedError(f"{self.entry.path}: a record holds no contents")

    def chunks(self) -> Iterator[bytes]:
        """As `read`."""
        self.read()


class Squashed(msgspec.Struct, frozen=True):
    """The tree that a container sees, and the layer of each path that is no directory."""

    tree: Tree
    layer_of: dict[str, int]


def squash(records: Sequence[LayerRecord], hops: int) -> Squashed:
    """`records`, lowest first, on each other, by the rules of `Tree.overlaid`; raises as it does.

    `hops` are the symbolic links that are followed at most.
    """
    layer_of: dict[str, int] = {}
    tree = Tree().overlaid([_nodes(record, number) for number, record in enumerate(records)], hops)
    for node in tree:
        if node.kind is not Kind.DIRECTORY:
            layer_of[node.path] = node.mtime
    return Squashed(tree, layer_of)


def standing_facts(
    squashed: Squashed, records: Sequence[LayerRecord]
) -> Iterator[tuple[str, int, Facts]]:
    """(path, layer, facts) of the files that a container sees, by path."""
    if not any(record.facts for record in records):
        return
    for node in squashed.tree:
        blob = node.blob
        if isinstance(blob, RecordedFile):
            for facts in records[blob.layer].facts.get(blob.entry.path, ()):
                yield node.path, blob.layer, facts


def _nodes(record: LayerRecord, number: int) -> Iterator[Node]:
    """The entries as nodes. Times say nothing here: their place is the number of the layer."""
    for entry in record.entries:
        blob = RecordedFile(entry, number) if entry.kind is Kind.FILE else None
        yield Node(entry.path, entry.kind, entry.mode, mtime=number, target=entry.target, blob=blob)
