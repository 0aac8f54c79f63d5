"""The documents of an image: index, manifest, configuration (OCI image specification 1.1).

They are written canonically (keys sorted, nothing that has its default), so the same values
always give the same bytes and the same digest. Reading ignores keys that are not known here.
"""

from __future__ import annotations

import datetime
import enum
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec

from distil.model.digest import Digest
from distil.model.errors import (
    DuplicateKey,
    InvalidDigest,
    MalformedImage,
    UnknownCompression,
    UnknownPlatform,
)
from distil.model.platform import Platform, parse_platform

MEDIA_INDEX: Final = "application/vnd.oci.image.index.v1+json"
MEDIA_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
MEDIA_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
MEDIA_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"
FOREIGN_LAYERS: Final = frozenset(
    {
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    }
)
"""Layers that are not kept with the image."""
INDEX_TYPES: Final = frozenset({MEDIA_INDEX, DOCKER_INDEX})
IMAGE_TYPES: Final = frozenset({MEDIA_MANIFEST, DOCKER_MANIFEST})
CONFIG_TYPES: Final = frozenset({MEDIA_CONFIG, DOCKER_CONFIG})
"""Configurations of images: any other kind is an artifact's."""
MANIFEST_TYPES: Final = INDEX_TYPES | IMAGE_TYPES
"""Everything that leads to other blobs."""

REF_NAME: Final = "org.opencontainers.image.ref.name"
CREATED: Final = "org.opencontainers.image.created"
CONTAINERD_NAME: Final = "io.containerd.image.name"
"""Annotation with the full image name; containerd, Docker and podman name the image by it."""

_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?", re.ASCII)

Document = TypeVar("Document")

NANOSECONDS: Final = 10**9


class Compression(enum.StrEnum):
    """How layers are compressed."""

    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def media_type(self) -> str:
        """The OCI media type of a layer compressed so."""
        return f"{MEDIA_LAYER}+{self}"

    @classmethod
    def named(cls, name: str) -> Compression:
        """The compression called `name`. Raises `UnknownCompression`."""
        try:
            return cls(name)
        except ValueError:
            raise UnknownCompression(name, [member.value for member in cls]) from None


class _Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what is written as JSON; defaults are left out."""


class DescriptorPlatform(_Document, frozen=True):
    """``platform`` of a descriptor in an index."""

    architecture: str
    os: str
    variant: str = ""

    @classmethod
    def of(cls, platform: Platform) -> DescriptorPlatform:
        """The OCI form of `platform`."""
        system = platform.oci.split("/", maxsplit=1)[0]
        return cls(architecture=platform.architecture, os=system, variant=platform.variant)

    @classmethod
    def named(cls, name: str) -> DescriptorPlatform:
        """The platform called `name`: any ``OS/ARCH`` or ``OS/ARCH/VARIANT``, or one of distil's.

        Raises `UnknownPlatform`.
        """
        try:
            return cls.of(parse_platform(name))
        except UnknownPlatform:
            if not _PLATFORM.fullmatch(name):
                raise
        system, architecture, *variant = name.split("/")
        return cls(architecture, system, *variant)

    def fits(self, platform: Platform | DescriptorPlatform) -> bool:
        """Whether this is `platform`, whatever variant of its processor is meant."""
        return str(self) == str(platform)

    def __str__(self) -> str:
        return f"{self.os}/{self.architecture}"


class Descriptor(
    _Document, frozen=True, rename={"media_type": "mediaType", "artifact_type": "artifactType"}
):
    """A reference to some bytes: type, digest and length in bytes."""

    media_type: str
    digest: Digest
    size: Annotated[int, msgspec.Meta(ge=0)]
    platform: DescriptorPlatform | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = {}
    urls: tuple[str, ...] = ()
    """Where else the bytes may be had; distil never asks there (CVE-2020-15157)."""


class Manifest(_Document, frozen=True, rename="camel"):
    """An image manifest: one configuration and the layers, lowest first."""

    schema_version: int
    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = ""
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: dict[str, str] = {}


class Index(_Document, frozen=True, rename="camel"):
    """An image index: several manifests, one for each platform or name."""

    schema_version: int
    manifests: tuple[Descriptor, ...]
    media_type: str = ""
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: dict[str, str] = {}


class Healthcheck(_Document, frozen=True, rename="pascal"):
    """Docker's health check (an extension that OCI keeps room for); times in nanoseconds."""

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    retries: int = 0


class Empty(msgspec.Struct, frozen=True):
    """The empty object that stands for each member of a set."""


class ContainerConfig(_Document, frozen=True, rename="pascal"):
    """``config`` of an image configuration: how a container is started."""

    user: str = ""
    exposed_ports: dict[str, Empty] = {}
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    volumes: dict[str, Empty] = {}
    working_dir: str = ""
    labels: dict[str, str] = {}
    stop_signal: str = ""
    healthcheck: Healthcheck | None = None


class RootFS(_Document, frozen=True):
    """The digests of the uncompressed layers, lowest first."""

    type: str
    diff_ids: tuple[Digest, ...]


class History(_Document, frozen=True):
    """How one layer, or one step without a layer, came about."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class ImageConfig(_Document, frozen=True):
    """The configuration of an image for one platform; its digest is Docker's image ID."""

    architecture: str
    os: str
    rootfs: RootFS
    variant: str = ""
    created: str = ""
    author: str = ""
    config: ContainerConfig = ContainerConfig()
    history: tuple[History, ...] = ()


def string_set(members: Sequence[str]) -> dict[str, Empty]:
    """A set of strings in the form that ``ExposedPorts`` and ``Volumes`` have in JSON."""
    return {member: Empty() for member in sorted(members)}


def encode_document(document: msgspec.Struct) -> bytes:
    """Canonical JSON: UTF-8, no spaces, every object's keys sorted, defaults left out."""
    return msgspec.json.encode(document, order="sorted", enc_hook=_encode_digest)


def _encode_digest(value: object) -> str:
    if not isinstance(value, Digest):
        raise NotImplementedError(type(value))
    return str.__str__(value)


def decode_document(data: bytes, kind: type[Document], what: str) -> Document:
    """Decode JSON from a stranger; `what` names it in errors.

    A null counts as absent, as Docker writes it. Raises `MalformedImage` for what is not JSON,
    lacks a field, has one of the wrong type, is nested deeper than Python goes, or has a key
    twice (readers disagree about those).
    """
    value = decode_object(data, what)
    try:
        return msgspec.convert(value, kind, dec_hook=_decode_digest)
    except ValueError as error:
        raise MalformedImage(what, f"not what it should be: {error}") from error


def decode_object(data: bytes, what: str) -> object:
    """Any JSON from a stranger, refused as `decode_document` does, as plain Python values."""
    import json

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            counted = Counter(key for key, _ in pairs)
            raise DuplicateKey(what, counted.most_common(1)[0][0])
        return {key: value for key, value in found.items() if value is not None}

    try:
        return json.loads(data.decode(), object_pairs_hook=members)
    except (ValueError, RecursionError) as error:
        raise MalformedImage(what, f"not what it should be: {error}") from error


def _decode_digest(kind: type, value: object) -> Digest:
    if kind is not Digest:
        raise NotImplementedError(kind)
    try:
        return Digest(str(value))
    except InvalidDigest as error:
        raise ValueError(error.message) from error


def timestamp(seconds: int) -> str:
    """`seconds` since 1970 as RFC 3339 in UTC, as ``created`` wants it."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> int:
    """The date of an image in seconds since 1970; 0 where it says none that can be read."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return 0
    return max(0, int(moment.timestamp())) if moment.tzinfo is not None else 0
