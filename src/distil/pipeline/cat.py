"""`cat`: what a file of an image holds."""

from __future__ import annotations

from collections.abc import Iterator

from distil.fetch.cache import Cache
from distil.image.look_up import find_file, path_asked_for
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.blob import Blob
from distil.model.platform import optional_platform
from distil.model.reference import parse_location


def cat(
    image: str, path: str, platform: str = "", settings: StoreSettings = NOTHING_SAID
) -> Iterator[bytes]:
    """The contents of the file at `path` in pieces, links followed inside the image alone.

    They are in the cache from then on, and checked while they are read, which raises
    `CorruptCache` at the end. Raises `PathNotFound`,
    `NotAFile`, `InvalidPath`, `LinkLoop`, and what reading the image raises.
    """
    wanted, cache = path_asked_for(path), Cache.default()
    with store_to_read(parse_location(image), settings).opened() as source:
        tree = read_tree(read_image(source, optional_platform(platform)).layers, cache)
    return _checked(find_file(tree, wanted, image), cache)


def _checked(blob: Blob, cache: Cache) -> Iterator[bytes]:
    """The bytes of `blob`; what turns out to be damaged does not stay in the cache."""
    with cache.guarding():
        yield from blob.chunks()
