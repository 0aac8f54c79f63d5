"""`ls`: what is in an image, or in one of its layers."""

from __future__ import annotations

import msgspec

from distil.fetch.cache import Cache
from distil.image.errors import LayerNotFound
from distil.image.look_up import find_node, path_asked_for
from distil.image.read import read_image
from distil.image.read_tree import read_layers, read_listing
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.node import ROOT, Kind, Node
from distil.model.platform import optional_platform
from distil.model.reference import parse_location


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What `ls` is asked for: an image, a path in it, and how far to go.

    `layer` is the number of a layer, 1 the lowest: all that it holds below the path, whiteouts
    too. 0 stands for what a container sees.
    """

    image: str
    path: str = ROOT
    layer: int = 0
    recursive: bool = False
    platform: str = ""
    settings: StoreSettings = NOTHING_SAID


def ls(asked: Listed) -> list[Node]:
    """The nodes that `asked` means, by their paths. No contents are kept; all bytes are checked.

    A directory stands for what is in it. Raises `PathNotFound`, `LayerNotFound`, `InvalidPath`,
    and what reading the image raises.
    """
    path, cache = path_asked_for(asked.path), Cache.default()
    with store_to_read(parse_location(asked.image), asked.settings).opened() as source:
        layers = read_image(source, optional_platform(asked.platform)).layers
        if asked.layer:
            if asked.layer > len(layers):
                raise LayerNotFound(asked.image, asked.layer, len(layers))
            (nodes,) = read_layers([layers[asked.layer - 1]], cache)
            return sorted((n for n in nodes if _is_below(n.path, path)), key=lambda n: n.path)
        tree = read_listing(layers, cache)
    if path == ROOT and path not in tree:
        return sorted(tree, key=lambda n: n.path) if asked.recursive else tree.children(path)
    found = find_node(tree, path, asked.image)
    if found.kind is not Kind.DIRECTORY:
        return [found]
    if asked.recursive:
        return [node for node in tree.under(found.path) if node.path != found.path]
    return tree.children(found.path)


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
