"""Syft's own JSON, as distil and Syft (from 0.80) write it, as an inventory."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from distil.formats.spelling import unspelled
from distil.model.inventory import (
    UNKNOWN_LAYER,
    Inventory,
    InventoryComponent,
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
from distil.sbom.licensing import conjunction, is_expression
from distil.sbom.properties import Property, Told
from distil.sbom.reading import decoded, part
from distil.sbom.scanners import KINDS_OF_SYFT
from distil.sbom.syft import LINKS, TYPES

_LINKS: Final = {theirs: ours for ours, theirs in LINKS.items()}
_KINDS: Final = {theirs: ours.name.lower() for ours, theirs in TYPES.items()}
_SOURCE_RPM: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_LONGEST: Final = 1000
"""Characters of a name that is taken apart."""


class _Coordinates(msgspec.Struct, gc=False):
    path: str = ""
    layer: str = msgspec.field(default="", name="layerID")


class _License(msgspec.Struct, gc=False, rename={"expression": "spdxExpression"}):
    value: str = ""
    expression: str = ""


class _Cpe(msgspec.Struct, gc=False):
    cpe: str = ""


class _Told(msgspec.Struct, gc=False, rename="camel"):
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


class _Artifact(msgspec.Struct, gc=False):
    id: str
    name: str
    version: str = ""
    type: str = ""
    locations: list[_Coordinates] | None = None
    licenses: list[_License | str] | None = None
    cpes: list[_Cpe | str] | None = None
    purl: str = ""
    metadata: Any = None


class _Relation(msgspec.Struct, gc=False):
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


class _Layer(msgspec.Struct, gc=False, rename="camel"):
    digest: str = ""
    size: int = 0
    media_type: str = ""


class _Image(
    msgspec.Struct,
    gc=False,
    rename={
        "user_input": "userInput",
        "image_id": "imageID",
        "digest": "manifestDigest",
        "media_type": "mediaType",
        "size": "imageSize",
    },
):
    user_input: str = ""
    image_id: str = ""
    digest: str = ""
    media_type: str = ""
    size: int = 0
    layers: list[_Layer] | None = None
    architecture: str = ""
    os: str = ""


class _Source(msgspec.Struct, gc=False):
    id: str = ""
    name: str = ""
    type: str = ""
    metadata: Any = None
    target: Any = None


class _Distro(
    msgspec.Struct,
    gc=False,
    rename={
        "pretty_name": "prettyName",
        "id_like": "idLike",
        "version_id": "versionID",
        "codename": "versionCodename",
        "variant_id": "variantID",
        "home_url": "homeURL",
        "cpe": "cpeName",
    },
):
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


class _Configuration(msgspec.Struct, gc=False):
    properties: list[Property] = []
    created: str = ""


class _Descriptor(msgspec.Struct, gc=False):
    name: str = ""
    configuration: Any = None


class _Document(msgspec.Struct, gc=False, rename="camel"):
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
        told = document.descriptor.configuration if document.descriptor else None
        if document.descriptor and document.descriptor.name == "distil" and told:
            configuration = msgspec.convert(told, _Configuration)
    with part(name, "source"):
        image = _image(source)
        subject = _subject(source, image, configuration, name)
    assembly = Assembly(subject)
    assembly.told = Told(configuration.properties)
    assembly.layers = tuple(_layers(image))
    assembly.release = _release(document.distro)
    relations = document.artifact_relationships or []
    words = {one.child: one for one in relations if one.metadata is not None}
    layers = {str(layer.diff_id): n for n, layer in enumerate(assembly.layers)}
    with part(name, "artifacts") as place:
        for place.position, one in enumerate(document.artifacts):
            assembly.add(one.id, _component(one, words.get(one.id), layers))
    with part(name, "artifactRelationships"):
        _add_relations(assembly, relations)
    with part(name, "files") as place:
        _add_files(assembly, document, words, layers)
    with part(name, "descriptor.configuration"):
        return assembly.inventory()


def _image(source: _Source) -> _Image:
    """What is told of an image, by Syft before 0.101 in `target`."""
    told = source.metadata if source.metadata is not None else source.target
    is_image = source.type == "image" and isinstance(told, dict)
    return msgspec.convert(told, _Image) if is_image else _Image()


def _subject(source: _Source, image: _Image, configuration: _Configuration, name: str) -> Subject:
    return Subject(
        name=image.user_input or source.name or name,
        digest=image.digest,
        config_digest=image.image_id,
        media_type=image.media_type,
        platform=f"{image.os}/{image.architecture}" if image.os and image.architecture else "",
        size=image.size,
        created=seconds_of(configuration.created),
    )


def _layers(image: _Image) -> list[InventoryLayer]:
    """Layers by the digest of their contents, which is all that Syft tells of them."""
    return [
        InventoryLayer(one.digest, one.digest, one.size, one.media_type)
        for one in image.layers or ()
    ]


def _release(distro: _Distro | None) -> OsRelease | None:
    if distro is None or not distro.id:
        return None
    return OsRelease(
        distro.id,
        distro.version_id,
        version=distro.version,
        codename=distro.codename,
        name=distro.name,
        pretty_name=distro.pretty_name,
        id_like=tuple(distro.id_like or ()),
        variant_id=distro.variant_id,
        cpe=distro.cpe,
        home_url=distro.home_url,
    )


def _component(
    one: _Artifact, relation: _Relation | None, layers: dict[str, int]
) -> InventoryComponent:
    told = Told(())
    if relation is not None and isinstance(relation.metadata, dict):
        told = Told(msgspec.convert(relation.metadata.get("properties", []), list[Property]))
    metadata = _Told()
    if isinstance(one.metadata, dict):
        metadata = msgspec.convert(one.metadata, _Told)
    words = [
        each if isinstance(each, str) else each.expression or each.value
        for each in one.licenses or ()
    ]
    native = Native(
        name=one.name,
        version=one.version,
        purl=one.purl,
        kind=KINDS_OF_SYFT.get(one.type, ""),
        supplier=metadata.maintainer or metadata.packager or metadata.vendor,
        licenses=[conjunction([each]) if is_expression(each) else each for each in words],
        homepage=metadata.homepage,
        description=metadata.description,
        cpes=tuple(each if isinstance(each, str) else each.cpe for each in one.cpes or ()),
        places=tuple(
            Place(unspelled(each.path), layers.get(each.layer, UNKNOWN_LAYER))
            for each in one.locations or ()
        ),
    )
    component = component_of(native, told)
    if told.first("distil:kind"):
        return component
    return msgspec.structs.replace(
        component,
        architecture=component.architecture or metadata.architecture,
        source=_source(metadata, one) or component.source,
        layer=native.places[0].layer if native.places else UNKNOWN_LAYER,
    )


def _source(told: _Told, one: _Artifact) -> SourcePackage | None:
    name = told.source if isinstance(told.source, str) and one.type == "deb" else ""
    if found := _SOURCE_RPM.fullmatch(told.source_rpm[:_LONGEST]):
        return SourcePackage(found[1], found[2] if found[2] != one.version else "")
    name = name or told.origin_package or told.basepackage
    return SourcePackage(name, told.source_version) if name else None


def _add_relations(assembly: Assembly, relations: list[_Relation]) -> None:
    positions = assembly.positions
    for one in relations:
        link = _LINKS.get(one.type)
        if link is not None and one.parent in positions and one.child in positions:
            needs = link is Link.NEEDS
            ends = (one.child, one.parent) if needs else (one.parent, one.child)
            assembly.links.append((ends[0], link, ends[1]))


def _add_files(
    assembly: Assembly, document: _Document, told: dict[str, _Relation], layers: dict[str, int]
) -> None:
    owners: dict[str, list[int]] = {}
    for one in document.artifact_relationships or ():
        position = assembly.positions.get(one.parent)
        if position is not None and one.type == "contains":
            owners.setdefault(one.child, []).append(position)
    for file in document.files or ():
        relation = told.get(file.id)
        words = relation.metadata if relation is not None else None
        metadata = file.metadata or _Metadata()
        known = {
            "distil:file:kind": _KINDS.get(metadata.type, ""),
            "distil:file:mode": str(metadata.mode),
            "distil:file:size": str(metadata.size),
            "distil:file:layer": str(layers.get(file.location.layer, UNKNOWN_LAYER)),
        }
        if isinstance(words, dict) and "distil:file:attribution" in words:
            known = msgspec.convert(words, dict[str, str])
        sums = {each.algorithm: each.value for each in file.digests or ()}
        digests = (sums.get("sha256", ""), sums.get("sha1", ""))
        positions = tuple(owners.get(file.id, ()))
        assembly.files.append(file_of(file.location.path, known, positions, digests))
