"""A Tree split into layers by rate of change, so that a code change moves one small layer."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from distil.model.draft import PARENT_RULE
from distil.model.node import ROOT, Node
from distil.model.origin import GeneratedOrigin, LayerOrigin, Origin, OwnOrigin, PackageOrigin
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


class Components(msgspec.Struct, frozen=True):
    """Which components are the base's, which of them belong to the runtime, which are own.

    `system` is the ecosystem of the base's packages; the others are purls.
    """

    system: str
    runtime: frozenset[str]
    application: frozenset[str]

    def layer_of(self, origin: Origin | None) -> LayerKind:
        """The layer that things of `origin` belong to."""
        if isinstance(origin, OwnOrigin):
            return LayerKind.APPLICATION
        if not isinstance(origin, PackageOrigin):
            return LayerKind.CONFIGURATION
        if origin.purl in self.application:
            return LayerKind.APPLICATION
        if origin.purl in self.runtime:
            return LayerKind.RUNTIME
        system = origin.ecosystem == self.system
        return LayerKind.SYSTEM if system else LayerKind.DEPENDENCIES


def split(tree: Tree, components: Components) -> list[tuple[LayerKind, Sequence[Node]]]:
    """The nodes of each layer, sorted; kinds without nodes are left out.

    Every layer also holds the directories that lead to its entries, so that each can be
    unpacked alone and has no dependence on how another layer spells them.
    """
    layers: dict[LayerKind, dict[str, Node]] = {}
    kinds: dict[Origin | None, LayerKind] = {}
    for node in tree:
        if node.origin == PARENT_RULE:
            continue  # It is in every layer that has something below it.
        if isinstance(node.origin, LayerOrigin):
            continue  # It is in a layer that is there already.
        origin: Origin | None = node.origin
        if isinstance(origin, GeneratedOrigin) and origin.made_from:
            # It changes when that does, so it belongs beside it.
            origin = tree[origin.made_from].origin
        kind = kinds.get(origin)
        if kind is None:
            kind = kinds[origin] = components.layer_of(origin)
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
