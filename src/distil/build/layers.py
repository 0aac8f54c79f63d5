"""A Tree split into layers by rate of change, so that a code change moves one small layer."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from distil.model.node import ROOT, Node
from distil.model.origin import ApplicationOrigin, Origin, PackageOrigin
from distil.model.tree import Tree


class LayerKind(enum.IntEnum):
    """The layers of an image, from what changes least often to what changes most often."""

    SYSTEM = 0
    RUNTIME = 1
    DEPENDENCIES = 2
    APPLICATION = 3
    CONFIGURATION = 4

    @property
    def title(self) -> str:
        """What the history of the image calls the layer."""
        return _TITLES[self]


_TITLES = {
    LayerKind.SYSTEM: "system packages",
    LayerKind.RUNTIME: "runtime",
    LayerKind.DEPENDENCIES: "third-party dependencies",
    LayerKind.APPLICATION: "application",
    LayerKind.CONFIGURATION: "generated configuration",
}


def layer_of(origin: Origin | None, is_runtime: Callable[[str], bool]) -> LayerKind:
    """The layer that things of `origin` belong to; `is_runtime` judges a Debian purl."""
    if isinstance(origin, ApplicationOrigin):
        return LayerKind.APPLICATION
    if isinstance(origin, PackageOrigin):
        if not origin.purl.startswith("pkg:deb/"):
            return LayerKind.DEPENDENCIES
        return LayerKind.RUNTIME if is_runtime(origin.purl) else LayerKind.SYSTEM
    return LayerKind.CONFIGURATION


def split(tree: Tree, is_runtime: Callable[[str], bool]) -> list[tuple[LayerKind, Sequence[Node]]]:
    """The nodes of each layer, sorted; kinds without nodes are left out.

    Every layer also holds the directories that lead to its entries, so that each can be
    unpacked alone and has no dependence on how another layer spells them.
    """
    layers: dict[LayerKind, dict[str, Node]] = {}
    kinds: dict[Origin | None, LayerKind] = {}
    for node in tree:
        kind = kinds.get(node.origin)
        if kind is None:
            kind = kinds[node.origin] = layer_of(node.origin, is_runtime)
        members = layers.setdefault(kind, {})
        _add_parents(tree, members, node.parent)
        members[node.path] = node
    for members in layers.values():
        members.pop(ROOT, None)
    return [(kind, _sorted(layers[kind])) for kind in LayerKind if layers.get(kind)]


def _add_parents(tree: Tree, members: dict[str, Node], path: str) -> None:
    while path not in members:
        members[path] = tree[path]
        path = members[path].parent


def _sorted(members: dict[str, Node]) -> Sequence[Node]:
    return [members[path] for path in sorted(members)]
