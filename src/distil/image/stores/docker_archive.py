"""What ``docker save`` writes: a tar file with ``manifest.json`` (Docker image specification 1.2).

The ones that are written hold an OCI layout as well; both lead to the same blobs. ``docker load``
from 20.10 on and podman read the one, newer engines and skopeo's ``oci-archive:`` the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.image.documents import check_costs
from distil.image.errors import ConfigTooLarge, ImageNotFound, UnsupportedDestination
from distil.image.limits import limits_here
from distil.image.naming import NamedImage
from distil.image.stores.layout import layout_documents
from distil.image.stores.oci_archive import OciArchive
from distil.image.stores.parts import BLOBS, LayoutSource, Parts
from distil.model.blob import Blob, FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import MalformedImage
from distil.model.image import (
    CONTAINERD_NAME,
    MEDIA_CONFIG,
    MEDIA_LAYER,
    MEDIA_MANIFEST,
    Compression,
    Descriptor,
    ImageConfig,
    Manifest,
    decode_document,
    encode_document,
)
from distil.model.reference import Location, parse_image_name

MANIFEST_FILE: Final = "manifest.json"
_MAGIC: Final = {b"\x1f\x8b": "+gzip", b"\x28\xb5": "+zstd"}


class DockerImage(msgspec.Struct, frozen=True, rename="pascal"):
    """One entry of ``manifest.json``: paths in the archive, and the names."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...] = ()


class DockerSource(LayoutSource):
    """The images that ``manifest.json`` leads to.

    It knows no digests: a layer is bound by its diff id, and a manifest is made that describes
    the whole.
    """

    has_digests = False

    def __init__(self, location: Location, parts: Parts) -> None:
        super().__init__(location, parts)
        self._blobs: dict[Digest, Blob] = {}
        self._names: dict[Digest, str] = {}

    def resolve(self) -> Descriptor:
        data = self.document(MANIFEST_FILE)
        if data is None:
            raise MalformedImage(self.where, f"no docker-archive: {MANIFEST_FILE} is missing")
        what = f"{self.where}: {MANIFEST_FILE}"
        entry = self._meant(decode_document(data, list[DockerImage], what))
        config_data = self.document(entry.config)
        if config_data is None:
            raise MalformedImage(self.where, f"{entry.config!r} is missing")
        config = InlineBlob.of(config_data)
        names = entry.layers[: limits_here().layers + 1]
        said = self._diff_ids(config, entry)
        layers = [self._layer(name, one) for name, one in zip(names, said, strict=False)]
        manifest = Manifest(
            2,
            Descriptor(MEDIA_CONFIG, config.digest, config.size),
            tuple(Descriptor(_sniffed(part), part.digest, part.size) for part in layers),
            MEDIA_MANIFEST,
        )
        made = InlineBlob.of(encode_document(manifest))
        blobs: list[Blob] = [*layers, config, made]
        self._blobs = {blob.digest: blob for blob in blobs}
        self._names = {made.digest: self.where, config.digest: f"{self.where}: {entry.config}"}
        tags = {CONTAINERD_NAME: entry.repo_tags[0]} if entry.repo_tags else {}
        return Descriptor(MEDIA_MANIFEST, made.digest, made.size, annotations=tags)

    def blob(self, descriptor: Descriptor) -> Blob:
        return self._blobs.get(descriptor.digest) or super().blob(descriptor)

    def called(self, descriptor: Descriptor) -> str:
        return self._names.get(descriptor.digest) or super().called(descriptor)

    def _meant(self, entries: Sequence[DockerImage]) -> DockerImage:
        location = self.location
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

    def _diff_ids(self, config: InlineBlob, entry: DockerImage) -> Sequence[Digest | None]:
        """What `config` says of each layer that `entry` names; None where it says nothing."""
        check_costs(config.data, f"{self.where}: {entry.config}", ConfigTooLarge)
        diff_ids = decode_document(
            config.data, ImageConfig, f"{self.where}: {entry.config}"
        ).rootfs.diff_ids
        same = len(diff_ids) == len(entry.layers)
        return diff_ids if same else [None] * len(entry.layers)

    def _layer(self, name: str, diff_id: Digest | None) -> FileBlob:
        """A layer. One that is not compressed is its diff id, which is checked when it is read.

        Others are digested now: nothing else says what their bytes are.
        """
        found = self.parts.slice_of(name)
        if found is None:
            raise MalformedImage(self.where, f"{name!r} is missing")
        path, offset, size = found
        if diff_id is not None and not _compression(path, offset):
            return FileBlob(path, offset, size, diff_id)
        hasher = hashlib.sha256()
        with open(path, "rb") as stream:
            stream.seek(offset)
            left = size
            while left and (piece := stream.read(min(left, 1 << 20))):
                hasher.update(piece)
                left -= len(piece)
        return FileBlob(path, offset, size, Digest.from_hex(hasher.hexdigest()))


def _sniffed(part: FileBlob) -> str:
    return MEDIA_LAYER + _compression(part.path, part.offset)


def _compression(path: str, offset: int) -> str:
    with open(path, "rb") as stream:
        stream.seek(offset)
        return _MAGIC.get(stream.read(2), "")


class DockerArchive(OciArchive):
    """A tar file that engines load, and that is an OCI layout as well."""

    source = DockerSource
    is_oci = False

    def address(self, image: NamedImage) -> Location:
        return self.location.with_reference(image.name.familiar)

    def documents(self, images: Sequence[NamedImage]) -> dict[str, bytes]:
        return {**layout_documents(images), **docker_documents(images)}


def docker_documents(images: Sequence[NamedImage]) -> dict[str, bytes]:
    """What engines look for in an archive of `images`.

    Raises `UnsupportedDestination` when an engine could not load one of them.
    """
    entries: dict[str, DockerImage] = {}
    for named in images:
        if len(named.image.images) != 1:
            raise UnsupportedDestination(
                f"a docker-archive ({named.name})",
                "it holds one platform for each name",
                hint="write oci: or oci-archive:, or build one platform",
            )
        image = named.image.images[0]
        _check_compression(named, [layer.descriptor for layer in image.layers])
        entry = entries.get(image.id)
        entries[image.id] = DockerImage(
            config=f"{BLOBS}/{image.id.hex}",
            repo_tags=(entry.repo_tags if entry else ()) + (named.name.familiar,),
            layers=tuple(f"{BLOBS}/{layer.descriptor.digest.hex}" for layer in image.layers),
        )
    return {MANIFEST_FILE: msgspec.json.encode(list(entries.values()), order="sorted")}


def _check_compression(named: NamedImage, layers: Sequence[Descriptor]) -> None:
    if any(layer.media_type == Compression.ZSTD.media_type for layer in layers):
        raise UnsupportedDestination(
            f"a docker-archive ({named.name})",
            "its layers are compressed with zstd, which Docker 20.10 cannot load",
            hint="use gzip, or write oci: or oci-archive:",
        )
