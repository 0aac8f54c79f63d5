"""What the documents of an image say of it; no layer is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.image.artifact import TITLE
from distil.image.layer import Layer
from distil.image.read import image_at, read_image, read_index, read_manifest
from distil.image.stores import Source
from distil.model.digest import Digest
from distil.model.errors import MalformedImage, MissingPart
from distil.model.image import (
    CONFIG_TYPES,
    IMAGE_TYPES,
    INDEX_TYPES,
    ContainerConfig,
    Descriptor,
    Manifest,
)
from distil.model.platform import Platform

MOST_REFERRERS: Final = 1000
"""Artifacts about one image that are looked at; a registry can name any number."""


class PlatformEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An entry of an index. `size` is what has to be downloaded for it, in bytes.

    It is None when the manifest of the entry cannot be had, as in a copy of one platform alone.
    """

    platform: str
    digest: Digest
    media_type: str
    size: int | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = {}


class LayerEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A layer: the digest and length of its blob, and the step that made it."""

    digest: Digest
    diff_id: Digest
    media_type: str
    size: int
    command: str = ""


class FileEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A file of an artifact; `title` is what it is called, and can be empty."""

    digest: Digest
    media_type: str
    size: int
    title: str = ""


class ReferrerEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An artifact about the image. `size` is that of its files, in bytes."""

    artifact_type: str
    digest: Digest
    size: int
    annotations: dict[str, str] = {}


class Description(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An index, an image or an artifact, which of the three shows in what is there.

    An index has `platforms`; an image `platform`, `config` and `layers`, lowest first; anything
    else has `files`. `size` is of what has to be downloaded for an image or an artifact.
    """

    digest: Digest
    media_type: str
    artifact_type: str = ""
    subject: Digest | None = None
    platforms: tuple[PlatformEntry, ...] = ()
    platform: str = ""
    created: str = ""
    author: str = ""
    size: int = 0
    config: ContainerConfig | None = None
    layers: tuple[LayerEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    annotations: dict[str, str] = {}
    referrers: tuple[ReferrerEntry, ...] = ()


def describe(source: Source, platform: Platform | None = None) -> Description:
    """What is meant in `source`: all of it, or of an index the image for `platform`.

    Raises what `read_image` raises.
    """
    descriptor = meant(source, platform)
    if descriptor.media_type in INDEX_TYPES:
        return _of_index(source, descriptor)
    if descriptor.media_type not in IMAGE_TYPES:
        raise MalformedImage(source.where, f"{descriptor.media_type!r} is not an image")
    manifest = read_manifest(source, descriptor)
    if manifest.config.media_type in CONFIG_TYPES:
        return _of_image(source, descriptor)
    return _of_artifact(source, descriptor, manifest)


def meant(source: Source, platform: Platform | None) -> Descriptor:
    """The manifest or index that is meant in `source`; with `platform` the manifest for it.

    Raises what `read_image` raises.
    """
    return source.resolve() if platform is None else read_image(source, platform).descriptor


def _of_index(source: Source, descriptor: Descriptor) -> Description:
    index = read_index(source, descriptor)
    return Description(
        descriptor.digest,
        descriptor.media_type,
        artifact_type=index.artifact_type,
        subject=_about(index.subject),
        platforms=tuple(_platform_entry(source, entry) for entry in index.manifests),
        annotations=index.annotations,
        referrers=tuple(_referrers(source, descriptor.digest)),
    )


def _platform_entry(source: Source, entry: Descriptor) -> PlatformEntry:
    return PlatformEntry(
        str(entry.platform) if entry.platform is not None else "",
        entry.digest,
        entry.media_type,
        _download_size(source, entry),
        entry.artifact_type,
        entry.annotations,
    )


def _download_size(source: Source, entry: Descriptor) -> int | None:
    if entry.media_type not in IMAGE_TYPES:
        return None
    try:
        return _size(read_manifest(source, entry))
    except MissingPart:
        return None


def _of_image(source: Source, descriptor: Descriptor) -> Description:
    image = image_at(source, descriptor)
    manifest, config = image.manifest, image.config
    return Description(
        descriptor.digest,
        descriptor.media_type,
        artifact_type=manifest.artifact_type,
        subject=_about(manifest.subject),
        platform=image.platform,
        created=config.created,
        author=config.author,
        size=_size(manifest),
        config=config.config,
        layers=tuple(map(_layer_entry, image.layers)),
        annotations=manifest.annotations,
        referrers=tuple(_referrers(source, descriptor.digest)),
    )


def _layer_entry(layer: Layer) -> LayerEntry:
    blob = layer.descriptor
    return LayerEntry(blob.digest, layer.diff_id, blob.media_type, blob.size, layer.created_by)


def _of_artifact(source: Source, descriptor: Descriptor, manifest: Manifest) -> Description:
    return Description(
        descriptor.digest,
        descriptor.media_type,
        artifact_type=_type_of(manifest),
        subject=_about(manifest.subject),
        size=_size(manifest),
        files=tuple(map(_file_entry, manifest.layers)),
        annotations=manifest.annotations,
        referrers=tuple(_referrers(source, descriptor.digest)),
    )


def _file_entry(file: Descriptor) -> FileEntry:
    return FileEntry(file.digest, file.media_type, file.size, file.annotations.get(TITLE, ""))


def _referrers(source: Source, subject: Digest) -> Iterator[ReferrerEntry]:
    """The artifacts that are about `subject` indeed, each once."""
    candidates: dict[Digest, Descriptor] = {}
    for entry in source.referrers(subject, ""):
        candidates[entry.digest] = entry
        if len(candidates) > MOST_REFERRERS:
            raise MalformedImage(source.where, f"more than {MOST_REFERRERS} artifacts about it")
    for digest, entry in candidates.items():
        if digest == subject:
            continue
        manifest = read_manifest(source, entry)
        if _about(manifest.subject) == subject:
            size = _total(manifest.layers)
            yield ReferrerEntry(_type_of(manifest), digest, size, manifest.annotations)


def _type_of(manifest: Manifest) -> str:
    """The type of an artifact; older ones say it by their configuration."""
    return manifest.artifact_type or manifest.config.media_type


def _about(subject: Descriptor | None) -> Digest | None:
    return subject.digest if subject is not None else None


def _size(manifest: Manifest) -> int:
    return manifest.config.size + _total(manifest.layers)


def _total(descriptors: Sequence[Descriptor]) -> int:
    return sum(one.size for one in descriptors)
