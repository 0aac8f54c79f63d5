"""Reading existing images, and what there is about them, wherever they are.

Everything is checked before it is believed: digests of all bytes, lengths, media types against
the documents they announce, diff ids against the layers. Follows the OCI image specification 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.image.documents import check_costs, check_kind, check_size
from distil.image.errors import (
    ConfigTooLarge,
    ForeignLayer,
    ManifestTooLarge,
    PlatformNotFound,
    TooManyLayers,
)
from distil.image.layer import Layer
from distil.image.limits import limits_here
from distil.image.stores import Source
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, LimitExceeded, MalformedImage
from distil.model.image import (
    CONFIG_TYPES,
    FOREIGN_LAYERS,
    IMAGE_TYPES,
    INDEX_TYPES,
    Descriptor,
    DescriptorPlatform,
    ImageConfig,
    Index,
    Manifest,
    decode_document,
)
from distil.model.platform import Platform, this_machine

LARGEST_CONTENT: Final = 64 << 20
"""Bytes of a document about an image that are read at most."""

MAX_NESTING: Final = 4
"""Indexes in indexes that are followed at most."""

_ATTESTATION: Final = "unknown/unknown"
"""What BuildKit calls the platform of a document about an image."""


class StoredImage(msgspec.Struct, frozen=True):
    """An image somebody else wrote: its documents, and its layers by reference.

    The `size` of its layers is 0: it is not known before they are unpacked. `is_of_several` says
    whether it was chosen from an index.
    """

    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig
    layers: tuple[Layer, ...]
    is_of_several: bool = False

    @property
    def platform(self) -> str:
        """The operating system and architecture, as in ``linux/amd64``."""
        return f"{self.config.os}/{self.config.architecture}"


def read_image(source: Source, platform: Platform | None = None) -> StoredImage:
    """The image that is meant in `source`, which is for `platform` if one is given.

    Of several platforms' images it is this machine's when none is given. Raises `ImageNotFound`
    when there is no such image or it cannot be told which one is meant, `PlatformNotFound` when
    it is for others, `MalformedImage` for anything that breaks the format, and OSError.
    """
    wanted = DescriptorPlatform.of(platform) if platform is not None else None
    descriptor, several = find_manifest(source, source.resolve(), wanted)
    image = image_at(source, descriptor, is_of_several=several)
    if platform is not None and image.platform != platform.oci:
        raise PlatformNotFound(str(source.location), platform.oci, [image.platform])
    return image


def find_manifest(
    source: Source, descriptor: Descriptor, platform: DescriptorPlatform | None
) -> tuple[Descriptor, bool]:
    """The manifest for `platform`, or else this machine's, that `descriptor` leads to.

    And whether it was chosen from several. A manifest leads to itself. Raises `PlatformNotFound`,
    `MalformedImage`, OSError.
    """
    several = False
    if descriptor.media_type in INDEX_TYPES:
        entries = list(listed_manifests(source, descriptor))
        descriptor = _for_platform(entries, platform, str(source.location))
        several = len(entries) > 1
    if descriptor.media_type not in IMAGE_TYPES:
        raise MalformedImage(source.where, f"{descriptor.media_type!r} is not an image")
    return descriptor, several


def image_at(source: Source, descriptor: Descriptor, *, is_of_several: bool = False) -> StoredImage:
    """The image whose manifest `descriptor` names. Raises `MalformedImage`, OSError."""
    manifest, what = read_manifest(source, descriptor), source.called(descriptor)
    if manifest.config.media_type not in CONFIG_TYPES:
        raise MalformedImage(what, f"its configuration is {manifest.config.media_type!r}")
    data = read_document(source, manifest.config, ConfigTooLarge)
    config = decode_document(data, ImageConfig, source.called(manifest.config))
    check_layers(what, manifest.layers)
    blobs = [source.blob(layer) for layer in manifest.layers]
    layers = _layers(what, manifest.layers, blobs, config)
    return StoredImage(descriptor, manifest, config, layers, is_of_several)


def find_artifact(source: Source, subject: Digest, media_type: str) -> bytes | None:
    """The document of `media_type` about image `subject` in `source`; None without.

    Raises `MalformedImage`, `CorruptContent`, OSError.
    """
    for entry in source.referrers(subject, media_type):
        what = source.called(entry)
        manifest = decode_document(read_document(source, entry), Manifest, what)
        if manifest.subject is None or manifest.subject.digest != subject:
            continue
        if len(manifest.layers) != 1:
            raise MalformedImage(what, "an artifact of this type holds one document")
        content = manifest.layers[0]
        if content.size > LARGEST_CONTENT:
            raise MalformedImage(what, f"a document of more than {LARGEST_CONTENT} bytes")
        return source.blob(content).read()
    return None


def read_index(source: Source, descriptor: Descriptor) -> Index:
    """The index that `descriptor` names. Raises `MalformedImage`, OSError."""
    data, what = read_document(source, descriptor), source.called(descriptor)
    check_kind(data, what, "manifests", descriptor.media_type)
    return decode_document(data, Index, what)


def read_manifest(source: Source, descriptor: Descriptor) -> Manifest:
    """The manifest that `descriptor` names, an image's or an artifact's.

    Raises `MalformedImage`, OSError.
    """
    data, what = read_document(source, descriptor), source.called(descriptor)
    check_kind(data, what, "layers", descriptor.media_type)
    return decode_document(data, Manifest, what)


def read_document(
    source: Source, descriptor: Descriptor, too_large: type[LimitExceeded] = ManifestTooLarge
) -> bytes:
    """The bytes of the document that `descriptor` names.

    Raises `MalformedImage`, `too_large` or another `LimitExceeded`, OSError.
    """
    what = source.called(descriptor)
    check_size(descriptor.size, what, too_large)
    try:
        data = source.blob(descriptor).read()
    except CorruptContent as error:
        raise MalformedImage(what, "its bytes do not match its digest") from error
    check_costs(data, what, too_large)
    return data


def listed_manifests(source: Source, index: Descriptor) -> Iterator[Descriptor]:
    """The manifests that `index` lists, in the place of an index what that lists.

    Raises `MalformedImage`, OSError.
    """
    yield from _listed(source, index, set(), 1)


def _listed(
    source: Source, index: Descriptor, seen: set[Digest], depth: int
) -> Iterator[Descriptor]:
    if depth > MAX_NESTING:
        raise MalformedImage(source.where, f"more than {MAX_NESTING} indexes in each other")
    for entry in read_index(source, index).manifests:
        if entry.media_type not in INDEX_TYPES:
            yield entry
        elif entry.digest not in seen:
            seen.add(entry.digest)
            yield from _listed(source, entry, seen, depth + 1)


def _for_platform(
    entries: Sequence[Descriptor], platform: DescriptorPlatform | None, where: str
) -> Descriptor:
    """The entry for `platform`, this machine's when none is given; the only one fits any."""
    if len(entries) == 1 and platform is None:
        return entries[0]
    here = this_machine()
    wanted = platform or (DescriptorPlatform.of(here) if here is not None else None)
    fitting = [e for e in entries if wanted and e.platform and e.platform.fits(wanted)]
    if wanted is None or not fitting:
        known = {str(entry.platform): None for entry in entries if entry.platform}
        known.pop(_ATTESTATION, None)
        raise PlatformNotFound(where, str(wanted or "this machine"), list(known))
    # The specification: of several that match, the first should be used.
    return next((e for e in fitting if e.platform == wanted), fitting[0])


def check_layers(what: str, descriptors: Sequence[Descriptor]) -> None:
    """Refuse layers, or files of an artifact, that are too many or are elsewhere.

    Raises `TooManyLayers`, `ForeignLayer`.
    """
    most = limits_here().layers
    if len(descriptors) > most:
        raise TooManyLayers(what, f"{len(descriptors)} layers, and {most} are allowed")
    for descriptor in descriptors:
        if descriptor.urls or descriptor.media_type in FOREIGN_LAYERS:
            raise ForeignLayer(what, descriptor.digest)


def _layers(
    what: str, descriptors: Sequence[Descriptor], blobs: Sequence[Blob], config: ImageConfig
) -> tuple[Layer, ...]:
    diff_ids = config.rootfs.diff_ids
    if len(diff_ids) != len(descriptors):
        raise MalformedImage(what, f"{len(descriptors)} layers, but {len(diff_ids)} diff ids")
    steps = [step.created_by for step in config.history if not step.empty_layer]
    if len(steps) != len(descriptors):
        steps = [""] * len(descriptors)
    return tuple(
        Layer(descriptor, diff_id, 0, content, step)
        for descriptor, diff_id, content, step in zip(
            descriptors, diff_ids, blobs, steps, strict=True
        )
    )
