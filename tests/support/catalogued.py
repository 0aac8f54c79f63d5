"""Small images, catalogued."""

from __future__ import annotations

from pathlib import Path

from distil.catalog.inventory import inventory
from distil.fetch.cache import Cache
from distil.model.inventory import Inventory, InventoryFile, Subject
from distil.model.node import Node, directory
from distil.model.origin import GeneratedOrigin
from tests.support.images import layer

ORIGIN = GeneratedOrigin("test")


def catalogued(tmp_path: Path, *nodes: Node) -> Inventory:
    """What is in an image of one layer with these nodes, and the directories above them."""
    cache = Cache(tmp_path / "cache")
    parents = {
        path: directory(path, ORIGIN)
        for node in nodes
        for path in map(str, Path(node.path).parents)
        if path != "/"
    }
    return inventory(Subject(name="image"), [layer(cache, [*parents.values(), *nodes])], cache)


def by_path(found: Inventory) -> dict[str, InventoryFile]:
    """Its files."""
    return {one.path: one for one in found.files}
