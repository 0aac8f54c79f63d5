"""From layers and a container configuration to an image: its two documents, ready to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from distil.image.deliverable import Part
from distil.image.layer import Layer
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.image import (
    CREATED,
    MEDIA_CONFIG,
    MEDIA_INDEX,
    MEDIA_MANIFEST,
    ContainerConfig,
    Descriptor,
    DescriptorPlatform,
    History,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    decode_document,
    encode_document,
    timestamp,
)
from distil.model.platform import Platform


class Image(msgspec.Struct, frozen=True):
    """An image for one platform: layers (lowest first) and the documents that bind them."""

    manifest: InlineBlob
    config: InlineBlob
    layers: tuple[Layer, ...]
    platform: DescriptorPlatform

    @property
    def descriptor(self) -> Descriptor:
        """What an index says of this image; its digest is the image's."""
        blob = self.manifest
        return Descriptor(MEDIA_MANIFEST, blob.digest, blob.size, platform=self.platform)

    @property
    def id(self) -> Digest:
        """Docker's image ID: the digest of the configuration."""
        return self.config.digest

    @property
    def size(self) -> int:
        """Bytes of all layers' tars: what the image takes unpacked."""
        return sum(layer.size for layer in self.layers)

    @property
    def compressed_size(self) -> int:
        """Bytes of all layers' blobs: what has to be transferred."""
        return sum(layer.descriptor.size for layer in self.layers)

    @property
    def images(self) -> tuple[Image, ...]:
        """The image itself, so that it can stand where an `ImageIndex` can."""
        return (self,)

    def contents(self) -> Iterator[Part]:
        """Layers and configuration."""
        for layer in self.layers:
            yield Part(layer.descriptor, layer.blob)
        yield Part(Descriptor(MEDIA_CONFIG, self.id, self.config.size), self.config)

    def documents(self) -> Iterator[Part]:
        """The manifest."""
        yield Part(self.descriptor, self.manifest)


class ImageIndex(msgspec.Struct, frozen=True):
    """One image for several platforms."""

    document: InlineBlob
    images: tuple[Image, ...]

    @property
    def descriptor(self) -> Descriptor:
        """What a layout's index says of this index."""
        return Descriptor(MEDIA_INDEX, self.document.digest, self.document.size)

    def contents(self) -> Iterator[Part]:
        """Layers and configurations of every platform."""
        for image in self.images:
            yield from image.contents()

    def documents(self) -> Iterator[Part]:
        """The manifest of every platform, then the index itself."""
        for image in self.images:
            yield from image.documents()
        yield Part(self.descriptor, self.document)


def assemble(
    layers: Sequence[Layer],
    config: ContainerConfig,
    *,
    platform: Platform,
    created: int,
    annotations: Mapping[str, str] | None = None,
    history: Sequence[History] = (),
) -> Image:
    """The image of `layers` (lowest first) started as `config` says.

    `created` (seconds since 1970) is the date of image and history; `annotations` go to the
    manifest, beside ``org.opencontainers.image.created``. `history` is that of an image that is
    built on, and tells of the lowest layers. The same values give the same bytes.
    """
    told = sum(not step.empty_layer for step in history)
    date = timestamp(created)
    target = DescriptorPlatform.of(platform)
    document = ImageConfig(
        architecture=target.architecture,
        os=target.os,
        variant=target.variant,
        rootfs=RootFS("layers", tuple(layer.diff_id for layer in layers)),
        created=date,
        config=config,
        history=(
            *history,
            *(History(created=date, created_by=layer.created_by) for layer in layers[told:]),
        ),
    )
    config_blob = InlineBlob.of(encode_document(document))
    manifest = Manifest(
        schema_version=2,
        media_type=MEDIA_MANIFEST,
        config=Descriptor(MEDIA_CONFIG, config_blob.digest, config_blob.size),
        layers=tuple(layer.descriptor for layer in layers),
        annotations={CREATED: date, **(annotations or {})},
    )
    return Image(InlineBlob.of(encode_document(manifest)), config_blob, tuple(layers), target)


def assemble_index(images: Sequence[Image]) -> ImageIndex:
    """One index over `images`, each for another platform, in the order given.

    It carries the annotations that all of them have: registries show those of what a tag names.
    """
    manifests = [decode_document(image.manifest.data, Manifest, "manifest") for image in images]
    shared = set.intersection(*(set(manifest.annotations.items()) for manifest in manifests))
    document = Index(
        schema_version=2,
        media_type=MEDIA_INDEX,
        manifests=tuple(image.descriptor for image in images),
        annotations=dict(shared),
    )
    return ImageIndex(InlineBlob.of(encode_document(document)), tuple(images))
