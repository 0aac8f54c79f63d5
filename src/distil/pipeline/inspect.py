"""`inspect`: what the documents of an image say."""

from __future__ import annotations

from distil.image.description import Description, describe, meant
from distil.image.read import read_document, read_image, read_manifest
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.image import INDEX_TYPES
from distil.model.platform import optional_platform
from distil.model.reference import parse_location


def inspect(image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID) -> Description:
    """What `image`, a place such as ``oci:DIR:TAG``, is said to be by its documents.

    Of an image for several platforms it is the index, or the image for the one named. No layer
    is read. Raises what reading the documents raises.
    """
    with store_to_read(parse_location(image), settings).opened() as source:
        return describe(source, optional_platform(platform))


def raw_manifest(image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID) -> bytes:
    """The manifest or index that `inspect` tells of, byte by byte. Raises the same."""
    with store_to_read(parse_location(image), settings).opened() as source:
        return read_document(source, meant(source, optional_platform(platform)))


def raw_config(image: str, platform: str = "", settings: StoreSettings = NOTHING_SAID) -> bytes:
    """The configuration of `image`, byte by byte.

    Of an image for several platforms it is this machine's, or that of the one named. Raises what
    reading the documents raises.
    """
    with store_to_read(parse_location(image), settings).opened() as source:
        descriptor = source.resolve()
        if descriptor.media_type in INDEX_TYPES or platform:
            descriptor = read_image(source, optional_platform(platform)).descriptor
        return read_document(source, read_manifest(source, descriptor).config)
