"""`export`: all that a container of an image would see, as one tar archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from distil.fetch.cache import Cache
from distil.image.layer import arranged
from distil.image.layer_stream import tar_stream
from distil.image.read import read_image
from distil.image.read_tree import read_tree
from distil.image.staging import reporting, staged_file
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.platform import optional_platform
from distil.model.reference import parse_location

_ANY_TIME: Final = 1 << 62
"""Later than any time of a file: here none is changed."""


def export(
    image: str, file: Path, platform: str = "", settings: StoreSettings = NOTHING_SAID
) -> None:
    """Write `exported` to `file`, which appears whole.

    Raises the same, `OutputFailed`, `DiskFull`.
    """
    pieces = exported(image, platform, settings)
    with reporting(file), staged_file(file, pieces):
        pass


def exported(
    image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID
) -> Iterator[bytes]:
    """The tar archive of all files of `image`, sorted by path, in pieces.

    Owners, modes, times, links, devices and extended attributes are those of the image; the same
    image gives the same bytes. Raises what reading the image raises, and `CorruptCache`.
    """
    cache = Cache.default()
    with cache.guarding():
        with store_to_read(parse_location(image), settings).opened() as source:
            tree = read_tree(read_image(source, optional_platform(platform)).layers, cache)
        yield from tar_stream(arranged(tree), _ANY_TIME)
