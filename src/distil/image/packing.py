"""Compressing the layers of an image that an engine gave out bare, for places that keep digests."""

from __future__ import annotations

import msgspec

from distil.fetch.cache import Cache
from distil.image.assemble import Image
from distil.image.layer import Layer, compress_layer
from distil.image.read import image_at
from distil.image.stores import Source
from distil.model.blob import InlineBlob
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import (
    MEDIA_LAYER,
    Compression,
    Descriptor,
    DescriptorPlatform,
    encode_document,
)


def packed(source: Source, descriptor: Descriptor, cache: Cache) -> Image:
    """The image of `descriptor` in `source`, each layer compressed as layers are that are pushed.

    Its ID is the same. Raises `MalformedImage` for a layer that is not what the configuration
    says, and what `compress_layer` raises.
    """
    image = image_at(source, descriptor)
    config = image.config
    layers = tuple(packed_layer(source, layer, cache) for layer in image.layers)
    described = tuple(layer.descriptor for layer in layers)
    manifest = msgspec.structs.replace(image.manifest, layers=described)
    return Image(
        InlineBlob.of(encode_document(manifest)),
        InlineBlob.of(source.blob(manifest.config).read()),
        layers,
        DescriptorPlatform(config.architecture, config.os, config.variant),
    )


def packed_layer(source: Source, layer: Layer, cache: Cache) -> Layer:
    """`layer` of `source` compressed, if it is a bare tar.

    Raises `MalformedImage` for one that is not what the configuration says, and what
    `compress_layer` raises.
    """
    if layer.descriptor.media_type != MEDIA_LAYER:
        return layer
    if layer.blob.digest != layer.diff_id:
        why = f"its configuration says {layer.diff_id}, but it is {layer.blob.digest}"
        raise MalformedImage(f"{source.where}: a layer", why)
    try:
        return compress_layer(layer, Compression.GZIP, cache)
    except CorruptContent as error:
        why = f"its configuration says {layer.diff_id}, and its bytes are others"
        raise MalformedImage(f"{source.where}: a layer", why) from error
