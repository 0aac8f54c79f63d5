"""`diff`: what two images do not have in common."""

from __future__ import annotations

from distil.catalog.asked import Asked
from distil.catalog.inventory import inventory
from distil.diff.compare import Side, compare
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.difference import ImageDifference
from distil.model.inventory import Subject
from distil.model.platform import Platform, optional_platform
from distil.model.reference import parse_location


def diff(
    before: str, after: str, platform: str = "", settings: StoreSettings = NOTHING_SAID
) -> ImageDifference:
    """What is not the same in images `before` and `after`, places such as ``oci:DIR:TAG``.

    Of an image for several platforms it is this machine's, or the one named. All layers are read
    and checked. Raises what reading images raises.
    """
    cache, target = Cache.default(), optional_platform(platform)
    with cache.guarding():
        sides = [_side(place, target, cache, settings) for place in (before, after)]
        return compare(*sides)


def _side(place: str, target: Platform | None, cache: Cache, settings: StoreSettings) -> Side:
    where = parse_location(place)
    with store_to_read(where, settings).opened() as source:
        image = read_image(source, target)
        tree = read_tree(image.layers, cache)
        found = inventory(Subject(name=str(where)), image.layers, cache, Asked(contents=False))
        return Side(str(where), image, tree, found.components)
