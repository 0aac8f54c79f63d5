"""`layers`: what each layer of an image is for."""

from __future__ import annotations

from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_layers
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.image.waste import Layering, layering
from distil.model.platform import optional_platform
from distil.model.reference import parse_location


def layers(image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID) -> Layering:
    """What each layer of `image` adds, overwrites and removes, and what is wasted.

    All bytes are read and checked, none are kept. Raises what reading the image raises.
    """
    with store_to_read(parse_location(image), settings).opened() as source:
        found = read_image(source, optional_platform(platform)).layers
        return layering(found, read_layers(found, Cache.default()))
