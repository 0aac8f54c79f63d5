"""What an inventory is of, as the documents of an image say it."""

from __future__ import annotations

from distil.image.assemble import Image
from distil.image.read import StoredImage
from distil.image.stores import Source
from distil.model.image import (
    Descriptor,
    ImageConfig,
    Index,
    Manifest,
    decode_document,
    seconds_of,
)
from distil.model.inventory import Subject


def subject_of(source: Source, image: StoredImage) -> Subject:
    """`image`, which was read from `source`.

    A place that keeps no manifests makes one up: its digest is nobody's, and not told.
    """
    descriptor = image.descriptor
    return _subject(
        str(source.location),
        Descriptor(descriptor.media_type, descriptor.digest, 0) if source.has_digests else None,
        image.manifest,
        image.config,
    )


def subject_of_built(name: str, image: Image) -> Subject:
    """`image`, which was just built and has no place yet, called `name`."""
    manifest = decode_document(image.manifest.data, Manifest, "manifest")
    config = decode_document(image.config.data, ImageConfig, "configuration")
    return _subject(name, image.descriptor, manifest, config)


def subject_of_index(source: Source, descriptor: Descriptor, index: Index) -> Subject:
    """The image for several platforms that `descriptor` names in `source`."""
    return Subject(
        name=str(source.location),
        digest=str(descriptor.digest),
        media_type=descriptor.media_type,
        annotations=tuple(sorted(index.annotations.items())),
    )


def _subject(
    name: str, descriptor: Descriptor | None, manifest: Manifest, config: ImageConfig
) -> Subject:
    return Subject(
        name=name,
        digest=str(descriptor.digest) if descriptor is not None else "",
        config_digest=str(manifest.config.digest),
        media_type=descriptor.media_type if descriptor is not None else "",
        platform="/".join(filter(None, (config.os, config.architecture, config.variant))),
        size=sum(layer.size for layer in manifest.layers),
        created=seconds_of(config.created),
        labels=tuple(sorted(config.config.labels.items())),
        annotations=tuple(sorted(manifest.annotations.items())),
    )
