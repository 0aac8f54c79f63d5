"""Syft's own JSON, as distil and Syft (from 0.80) write it, as an inventory."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from distil.model.digest import Digest
from distil.model.errors import InvalidDigest
from distil.model.inventory import (
    UNKNOWN_LAYER,
    Inventory,
    InventoryLayer,
    Link,
    OsRelease,
    Place,
    SourcePackage,
    Subject,
)
from distil.sbom.assembly import Assembly, Native, component_of
from distil.sbom.file_properties import file_of
from distil.sbom.identity import seconds_of
from distil.sbom.properties import Property, Told
from distil.sbom.reading import decoded, part
from distil.sbom.scanners import KINDS_OF_SYFT
from distil.sbom.spelling import unspelled
from distil.sbom.syft import LINKS, TYPES

_LINKS: Final = {theirs: ours for ours, theirs in LINKS.items()}
_KINDS: Final = {theirs: ours.name.lower() for ours, theirs in TYPES.items()}
_SOURCE_RPM: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_LONGEST: Final = 1000
"""Characters of a name that is taken apart."""


class _Coordinates(msgspec.Struct, gc=False):
    path: str = ""
    layer: str = msgspec.field(default="", name="layerID")


class _License(msgspec.Struct, rename={"expression": "spdxExpression"}):
    value: str = ""
    expression: str = ""


class _Cpe(msgspec.Struct, gc=False):
    cpe: str = ""


class _Told(msgspec.Struct, rename="camel"):
    """What metadata say of a package that an inventory has, whatever they are of."""

    source: Any = None
    source_version: str = ""
    origin_package: str = ""
    source_rpm: str = ""
    basepackage: str = ""
    architecture: str = ""
    maintainer: str = ""
    packager: str = ""
    vendor: str = ""
    homepage: str = ""
    description: str = ""


class _Artifact(msgspec.Struct):
    id: str
    name: str
    version: str = ""
    type: str = ""
    locations: list[_Coordinates] | None = None
    licenses: list[_License | str] | None = None
    cpes: list[_Cpe | str] | None = None
    purl: str = ""
    metadata: Any = None


class _Relation(msgspec.Struct):
    parent: str
    child: str
    type: str
    metadata: Any = None


class _Metadata(msgspec.Struct, gc=False):
    mode: int = 0
    type: str = "RegularFile"
    size: int = 0


class _Sum(msgspec.Struct, gc=False):
    algorithm: str
    value: str


class _File(msgspec.Struct, gc=False):
    id: str
    location: _Coordinates
    metadata: _Metadata | None = None
    digests: list[_Sum] | None = None


class _Layer(msgspec.Struct, rename="camel"):
    digest: str = ""
    size: int = 0
    media_type: str = ""


class _Image(msgspec.Struct, rename={"user_input": "userInput", "image_id": "imageID", "digest": "manifestDigest", "media_type": "mediaType", "size": "imageSize"}):
    user_input: str = ""
    image_id: str = ""
    digest: str = ""
    media_type: str = ""
    size: int = 0
    layers: list[_Layer] | None = None
    architecture: str = ""
    os: str = ""


class _Source(msgspec.Struct):
    id: str = ""
    name: str = ""
    type: str = ""
    metadata: Any = None
    target: Any = None


class _Distro(msgspec.Struct, rename={"pretty_name": "prettyName", "id_like": "idLike", "version_id": "versionID", "codename": "versionCodename", "variant_id": "variantID", "home_url": "homeURL", "cpe": "cpeName"}):
    id: str = ""
    pretty_name: str = ""
    name: str = ""
    id_like: list[str] | None = None
    version: str = ""
    version_id: str = ""
    codename: str = ""
    variant_id: str = ""
    home_url: str = ""
    cpe: str = ""


class _Configuration(msgspec.Struct):
    properties: list[Property] = []
    created: str = ""


class _Descriptor(msgspec.Struct):
    name: str = ""
    configuration: Any = None


class _Document(msgspec.Struct, rename="camel"):
    artifacts: list[_Artifact]
    artifact_relationships: list[_Relation] | None = None
    files: list[_File] | None = None
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor | None = None


def read_syft(data: bytes, name: str) -> Inventory:
    """The inventory. Raises `MalformedSbom`."""
    document = decoded(data, _Document, name)
    source = document.source or _Source()
    with part(name, "descriptor.configuration"):
        configuration = _Configuration()
        if document.descriptor is not None and document.descriptor.name == "distil":
            configuration = msgspec.convert(document.descriptor.configuration, _Configuration)
    with part(name, "source"):
        image = _image(source)
        subject = _subject(source, image, configuration, name)
    assembly = Assembly(subject)
    assembly.told = Told(configuration.properties)
    assembly.layers = tuple(_layers(image))
    assembly.release = _release(document.distro)
    relations = document.artifact_relationships or []
    told = {one.child: one for one in relations if one.metadata is not None}
    layers = {str(layer.diff_id): n for n, layer in enumerate(assembly.layers)}
    with part(name, "artifacts") as place:
        for place.position, one in enumerate(document.artifacts):
            assembly.add(one.id, _component(one, told.get(one.id), layers))
    with part(name, "artifactRelationships"):
        _add_relations(assembly, relations)
    with part(name, "files") as place:
        _add_files(assembly, document, told, layers)
    with part(name, "descriptor.configuration"):
        return assembly.inventory()
