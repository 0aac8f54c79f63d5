"""Reading existing images: OCI layouts, oci-archives and docker-archives.

Everything is checked before it is believed: digests of all bytes, lengths, media types against
the documents they announce, diff ids against the layers. Follows the OCI image specification 1.1
and what ``docker save`` writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.errors import CorruptContent, ImageNotFound, MalformedImage, PlatformNotFound
from distil.image.archive import MANIFEST_FILE, DockerImage
from distil.image.layer import Layer
from distil.image.layout import INDEX_FILE, LARGEST_DOCUMENT
from distil.image.source import ArchiveSource, ImageSource, LayoutSource, blob, document
from distil.model.blob import Blob, FileBlob
from distil.model.digest import Digest
from distil.model.image import (
    DOCKER_CONFIG,
    IMAGE_TYPES,
    INDEX_TYPES,
    MEDIA_CONFIG,
    MEDIA_LAYER,
    MEDIA_MANIFEST,
    REF_NAME,
    Descriptor,
    DescriptorPlatform,
    ImageConfig,
    Index,
    Manifest,
    decode_document,
    encode_document,
)
from distil.model.platform import Platform, this_machine
from distil.model.reference import Location, Transport, parse_image_name

MAX_LAYERS: Final = 1000
_MAX_NESTING: Final = 4
_ATTESTATION: Final = "unknown/unknown"
"""What BuildKit calls the platform of a document about an image."""
_MAGIC: Final = {b"\x1f\x8b": "+gzip", b"\x28\xb5": "+zstd"}


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


def open_image(location: Location, platform: Platform | None = None) -> StoredImage:
    """The image at `location`, which is for `platform` if one is given.

    Of several platforms' images it is this machine's when none is given. Raises `ImageNotFound`
    when there is no such image or it cannot be told which one is meant, `PlatformNotFound` when
    it is for others, `MalformedImage` for anything that breaks the format, and OSError.
    """
    path = Path(location.path)
    source = LayoutSource(path) if location.transport is Transport.OCI else ArchiveSource(path)
    if location.transport is Transport.DOCKER_ARCHIVE:
        image = _from_docker(source, location)
    else:
        image = _from_layout(source, location, platform)
    if platform is not None and image.platform != platform.oci:
        raise PlatformNotFound(str(location), platform.oci, [image.platform])
    return image


# --- OCI -----------------------------------------------------------------------------------


def _from_layout(source: ImageSource, location: Location, platform: Platform | None) -> StoredImage:
    data = document(source, INDEX_FILE)
    if data is None:
        raise MalformedImage(source.where, f"no image layout: {INDEX_FILE} is missing")
    what = f"{source.where}: {INDEX_FILE}"
    _check_kind(data, what, "manifests")
    descriptor = _named(decode_document(data, Index, what).manifests, location)
    several = False
    for _ in range(_MAX_NESTING):
        if descriptor.media_type not in INDEX_TYPES:
            break
        data, what = _verified(source, descriptor)
        _check_kind(data, what, "manifests", descriptor.media_type)
        entries = decode_document(data, Index, what).manifests
        descriptor = _for_platform(entries, platform, str(location))
        several |= len(entries) > 1
    if descriptor.media_type not in IMAGE_TYPES:
        raise MalformedImage(source.where, f"{descriptor.media_type!r} is not an image")
    return msgspec.structs.replace(_from_manifest(source, descriptor), is_of_several=several)


def _named(entries: Sequence[Descriptor], location: Location) -> Descriptor:
    names = {entry.annotations.get(REF_NAME, ""): entry for entry in entries}
    known = sorted(name for name, entry in names.items() if name and not entry.artifact_type)
    if location.reference:
        if location.reference not in names:
            raise ImageNotFound(str(location), location.reference, known)
        return names[location.reference]
    if len({entry.digest for entry in entries}) != 1:
        wanted = "at all" if not entries else "that alone is meant"
        raise ImageNotFound(str(location), wanted, known)
    return entries[0]


def _for_platform(
    entries: Sequence[Descriptor], platform: Platform | None, where: str
) -> Descriptor:
    """The entry for `platform`, this machine's when none is given; the only one fits any."""
    if len(entries) == 1 and platform is None:
        return entries[0]
    wanted = platform or this_machine()
    fitting = [e for e in entries if wanted and e.platform and e.platform.fits(wanted)]
    if wanted is None or not fitting:
        known = {str(entry.platform): None for entry in entries if entry.platform}
        known.pop(_ATTESTATION, None)
        raise PlatformNotFound(where, str(wanted or "this machine"), list(known))
    # The specification: of several that match, the first should be used.
    return next((e for e in fitting if e.platform == DescriptorPlatform.of(wanted)), fitting[0])


def _from_manifest(source: ImageSource, descriptor: Descriptor) -> StoredImage:
    data, what = _verified(source, descriptor)
    _check_kind(data, what, "layers", descriptor.media_type)
    manifest = decode_document(data, Manifest, what)
    if manifest.config.media_type not in (MEDIA_CONFIG, DOCKER_CONFIG):
        raise MalformedImage(what, f"its configuration is {manifest.config.media_type!r}")
    data, config_what = _verified(source, manifest.config)
    config = decode_document(data, ImageConfig, config_what)
    blobs = [blob(source, layer) for layer in manifest.layers[: MAX_LAYERS + 1]]
    layers = _layers(what, manifest.layers, blobs, config)
    return StoredImage(descriptor, manifest, config, layers)


def _verified(source: ImageSource, descriptor: Descriptor) -> tuple[bytes, str]:
    """The bytes of a document and what to call it."""
    what = f"{source.where}: {descriptor.digest}"
    if descriptor.size > LARGEST_DOCUMENT:
        raise MalformedImage(what, f"larger than {LARGEST_DOCUMENT} bytes")
    try:
        return blob(source, descriptor).read(), what
    except CorruptContent as error:
        raise MalformedImage(what, "its bytes do not match its digest") from error


class _Shape(msgspec.Struct):
    """The keys that tell an index from a manifest."""

    mediaType: str | None = None  # noqa: N815 - as it is in JSON
    layers: object = None
    manifests: object = None
    config: object = None


def _check_kind(data: bytes, what: str, key: str, media_type: str = "") -> None:
    """Refuse a document that could be taken for another kind (CVE-2021-41190)."""
    try:
        shape = msgspec.json.decode(data, type=_Shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedImage(what, f"not what it should be: {error}") from error
    other = (shape.layers, shape.config) if key == "manifests" else (shape.manifests,)
    if any(part is not None for part in other):
        raise MalformedImage(what, "both an index and a manifest")
    if shape.mediaType and media_type and shape.mediaType != media_type:
        raise MalformedImage(what, f"it is {shape.mediaType!r}, but was said to be {media_type!r}")


def _layers(
    what: str, descriptors: Sequence[Descriptor], blobs: Sequence[Blob], config: ImageConfig
) -> tuple[Layer, ...]:
    diff_ids = config.rootfs.diff_ids
    if len(diff_ids) != len(descriptors) or len(descriptors) > MAX_LAYERS:
        raise MalformedImage(
            what, f"{len(descriptors)} layers, but {len(diff_ids)} diff ids (at most {MAX_LAYERS})"
        )
    steps = [step.created_by for step in config.history if not step.empty_layer]
    if len(steps) != len(descriptors):
        steps = [""] * len(descriptors)
    return tuple(
        Layer(descriptor, diff_id, 0, content, step)
        for descriptor, diff_id, content, step in zip(
            descriptors, diff_ids, blobs, steps, strict=True
        )
    )


# --- docker-archive ------------------------------------------------------------------------


def _from_docker(source: ImageSource, location: Location) -> StoredImage:
    data = document(source, MANIFEST_FILE)
    if data is None:
        raise MalformedImage(source.where, f"no docker-archive: {MANIFEST_FILE} is missing")
    entries = decode_document(data, list[DockerImage], f"{source.where}: {MANIFEST_FILE}")
    entry = _docker_named(entries, location)
    config_data = document(source, entry.config)
    if config_data is None:
        raise MalformedImage(source.where, f"{entry.config!r} is missing")
    config = decode_document(config_data, ImageConfig, f"{source.where}: {entry.config}")
    blobs = [_docker_blob(source, name) for name in entry.layers[: MAX_LAYERS + 1]]
    descriptors = tuple(Descriptor(_sniffed(part), part.digest, part.size) for part in blobs)
    layers = _layers(source.where, descriptors, blobs, config)
    config_descriptor = Descriptor(MEDIA_CONFIG, Digest.of(config_data), len(config_data))
    # The archive has no manifest of its own; this is the one that describes it.
    manifest = Manifest(2, config_descriptor, descriptors, MEDIA_MANIFEST)
    encoded = encode_document(manifest)
    descriptor = Descriptor(MEDIA_MANIFEST, Digest.of(encoded), len(encoded))
    return StoredImage(descriptor, manifest, config, layers)


def _docker_named(entries: Sequence[DockerImage], location: Location) -> DockerImage:
    known = sorted(name for entry in entries for name in entry.repo_tags)
    if not location.reference:
        if len(entries) != 1:
            raise ImageNotFound(str(location), "that alone is meant", known)
        return entries[0]
    wanted = parse_image_name(location.reference)
    for entry in entries:
        if any(parse_image_name(name) == wanted for name in entry.repo_tags):
            return entry
    raise ImageNotFound(str(location), location.reference, known)


def _docker_blob(source: ImageSource, name: str) -> FileBlob:
    """A layer of a docker-archive, which does not say its digest: the diff id is what binds it."""
    found = source.slice_of(name)
    if found is None:
        raise MalformedImage(source.where, f"{name!r} is missing")
    path, offset, size = found
    hasher = hashlib.sha256()
    with open(path, "rb") as stream:
        stream.seek(offset)
        left = size
        while left and (piece := stream.read(min(left, 1 << 20))):
            hasher.update(piece)
            left -= len(piece)
    return FileBlob(path, offset, size, Digest.from_hex(hasher.hexdigest()))


def _sniffed(part: FileBlob) -> str:
    with open(part.path, "rb") as stream:
        stream.seek(part.offset)
        return MEDIA_LAYER + _MAGIC.get(stream.read(2), "")
