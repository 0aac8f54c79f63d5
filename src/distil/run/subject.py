"""The image that is to be run, and where it is."""

from __future__ import annotations

import msgspec

from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.image import ContainerConfig
from distil.model.platform import Platform
from distil.model.reference import Location
from distil.model.tree import Tree


class Opened(msgspec.Struct, frozen=True):
    """An image that was read: how its container is started, and its files, all in the cache."""

    config: ContainerConfig
    tree: Tree
    platform: str


class Subject(msgspec.Struct, frozen=True):
    """An image by the place that it is in; of several platforms' the one for `platform`."""

    location: Location
    platform: Platform | None = None
    settings: StoreSettings = NOTHING_SAID

    def opened(self, cache: Cache) -> Opened:
        """The whole image, its files decoded into `cache`. Raises the same."""
        with store_to_read(self.location, self.settings).opened() as source:
            image = read_image(source, self.platform)
            tree = read_tree(image.layers, cache)
        return Opened(image.config.config, tree, image.platform)
