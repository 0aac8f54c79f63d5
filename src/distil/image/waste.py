"""What each layer of an image adds, and what of it nobody sees.

Wasted bytes and efficiency are those of dive (wagoodman/dive, ``filetree/efficiency.go``): a path
that is a leaf in several layers counts with all that it has in any of them, a removed directory
with what it held, a removed file with nothing more. What an opaque whiteout hides is not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from distil.image.layer import Layer
from distil.model.digest import Digest
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.tree import OPAQUE, WHITEOUT


class Amount(msgspec.Struct, frozen=True):
    """A number of paths, directories left out, and the bytes of their contents."""

    files: int = 0
    size: int = 0

    def plus(self, size: int) -> Amount:
        """One more path, of `size` bytes."""
        return Amount(self.files + 1, self.size + size)


class LayerUse(msgspec.Struct, frozen=True, rename="camel"):
    """A layer, and what it does to those below it; `contents` are the bytes of its files.

    What it overwrites and removes is counted with the bytes that are below.
    """

    digest: Digest
    diff_id: Digest
    size: int
    contents: int
    command: str
    added: Amount
    overwritten: Amount
    removed: Amount


class Wasted(msgspec.Struct, frozen=True):
    """A path that several layers have: how many `times`, and the bytes of all together."""

    path: str
    times: int
    size: int


class Layering(msgspec.Struct, frozen=True):
    """All layers, lowest first, and what is wasted in them, the costliest first."""

    layers: tuple[LayerUse, ...]
    wasted: tuple[Wasted, ...]
    efficiency: float

    @property
    def wasted_size(self) -> int:
        """Bytes of all that is wasted."""
        return sum(one.size for one in self.wasted)


def layering(layers: Sequence[Layer], nodes: Sequence[Sequence[Node]]) -> Layering:
    """How `layers`, which hold `nodes`, lie on each other; both lowest first."""
    below = _Below()
    paths: defaultdict[str, list[int]] = defaultdict(list)
    uses = []
    for layer, entries in zip(layers, nodes, strict=True):
        for path, size in _leaves(entries, below):
            paths[path].append(size)
        uses.append(_use(layer, entries, below))
    found = [Wasted(path, len(sizes), sum(sizes)) for path, sizes in paths.items()]
    least = sum(min(sizes) for sizes in paths.values())
    total = sum(one.size for one in found)
    wasted = sorted((one for one in found if one.times > 1), key=lambda one: (-one.size, one.path))
    return Layering(tuple(uses), tuple(wasted), least / total if total else 1.0)


class _Below:
    """The paths of the layers so far, by directory, with the sizes of files."""

    def __init__(self) -> None:
        self._sizes: dict[str, int | None] = {}
        self._children: defaultdict[str, set[str]] = defaultdict(set)

    def files(self, path: str) -> Iterator[int]:
        """The sizes of what is at `path` and below, directories left out."""
        size = self._sizes.get(path)
        if size is not None:
            yield size
        pending = list(self._children.get(path, ()))
        while pending:
            child = pending.pop()
            size = self._sizes.get(child)
            if size is not None:
                yield size
            pending += self._children.get(child, ())

    def held(self, path: str) -> int:
        """The bytes of a directory; 0 for a file, or for nothing."""
        return sum(self.files(path)) if self._sizes.get(path, 0) is None else 0

    def has_file(self, path: str) -> bool:
        """Whether something other than a directory is there."""
        return self._sizes.get(path) is not None

    def put(self, path: str, size: int | None) -> None:
        """`size` is None for a directory; those around `path` are there from now on."""
        if size is not None and self._sizes.get(path, 0) is None:
            self.remove(path)
        self._sizes[path] = size
        while path != ROOT:
            parent = parent_of(path)
            if path in self._children[parent]:
                break
            self._children[parent].add(path)
            self._sizes.setdefault(parent, None)
            path = parent

    def remove(self, path: str) -> None:
        """Forget what is at `path` and below."""
        self.empty(path)
        self._sizes.pop(path, None)
        self._children[parent_of(path)].discard(path)

    def empty(self, path: str) -> None:
        """Forget what is below `path`."""
        pending = list(self._children.pop(path, ()))
        while pending:
            child = pending.pop()
            self._sizes.pop(child, None)
            pending += self._children.pop(child, ())


def _leaves(nodes: Iterable[Node], below: _Below) -> Iterator[tuple[str, int]]:
    """What dive counts of a layer: its leaves, and directories of before that it removes."""
    inner = {ROOT}
    for node in nodes:
        if node.name == OPAQUE:
            continue
        path = node.parent
        while path not in inner:
            inner.add(path)
            path = parent_of(path)
    for node in nodes:
        if node.name == OPAQUE or node.path in inner:
            continue
        if node.name.startswith(WHITEOUT):
            hidden = _hidden(node)
            yield hidden, below.held(hidden)
        else:
            yield node.path, _size(node)


def _use(layer: Layer, nodes: Sequence[Node], below: _Below) -> LayerUse:
    added, overwritten, removed = Amount(), Amount(), Amount()
    for node in nodes:
        if not node.name.startswith(WHITEOUT):
            continue
        hidden = node.parent if node.name == OPAQUE else _hidden(node)
        for size in below.files(hidden):
            removed = removed.plus(size)
        if node.name == OPAQUE:
            below.empty(hidden)
        else:
            below.remove(hidden)
    for node in nodes:
        if node.name.startswith(WHITEOUT):
            continue
        is_directory = node.kind is Kind.DIRECTORY
        before = (
            list(below.files(node.path)) if not is_directory or below.has_file(node.path) else []
        )
        for size in before:
            overwritten = overwritten.plus(size)
        if not is_directory and not before:
            added = added.plus(_size(node))
        below.put(node.path, None if is_directory else _size(node))
    return LayerUse(
        digest=layer.descriptor.digest,
        diff_id=layer.diff_id,
        size=layer.descriptor.size,
        contents=sum(map(_size, nodes)),
        command=layer.created_by,
        added=added,
        overwritten=overwritten,
        removed=removed,
    )


def _hidden(whiteout: Node) -> str:
    return f"{whiteout.parent.rstrip('/')}/{whiteout.name[len(WHITEOUT) :]}"


def _size(node: Node) -> int:
    return node.size if node.kind is Kind.FILE else 0
