"""An inventory as Syft's own JSON, schema 16.0.18: what Syft 1.18 writes, and Grype reads.

Syft has no field for much of what an inventory tells. That stands in the metadata of relations:
of the image with each component, and of a file's owner with the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from distil.formats.purl import Purl
from distil.formats.spelling import spelled
from distil.model.inventory import (
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
    OsRelease,
    Place,
)
from distil.model.node import Kind
from distil.sbom.errors import CannotExpress
from distil.sbom.file_properties import of_file
from distil.sbom.identity import Writing, date_of, document_id, file_identifiers, identifiers
from distil.sbom.licensing import Licensing, terms_of
from distil.sbom.properties import Property, of_component, of_inventory
from distil.sbom.scanners import SYFT_TYPES, SyftType, source_for_scanners
from distil.sbom.spdx_words import place_of
from distil.sbom.stream import Object, Rows, text_of, written
from distil.sbom.tool import TOOL, tool_version

SCHEMA: Final = "16.0.18"
TYPES: Final = {
    Kind.FILE: "RegularFile",
    Kind.HARDLINK: "HardLink",
    Kind.SYMLINK: "SymbolicLink",
    Kind.CHARACTER: "CharacterDevice",
    Kind.BLOCK: "BlockDevice",
    Kind.DIRECTORY: "Directory",
    Kind.FIFO: "FIFONode",
}
"""Kinds of files, as Syft calls them."""

LINKS: Final = {
    Link.NEEDS: "dependency-of",
    Link.CONTAINS: "contains",
    Link.OWNS: "ownership-by-file-overlap",
}
"""Relations as Syft calls them; of what needs another, the other comes first."""

_URL: Final = "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-{}.json"


class _Sum(msgspec.Struct, frozen=True, gc=False):
    algorithm: str
    value: str


class _Coordinates(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    path: str
    layerID: str = ""  # noqa: N815


class _Metadata(msgspec.Struct, frozen=True, gc=False):
    mode: int
    type: str
    userID: int  # noqa: N815
    groupID: int  # noqa: N815
    mimeType: str  # noqa: N815
    size: int


class _File(msgspec.Struct, frozen=True, gc=False):
    id: str
    location: _Coordinates
    metadata: _Metadata
    digests: list[_Sum]


def write_syft(inventory: Inventory | IndexInventory, writing: Writing) -> Iterator[bytes]:
    """The document; parts of it at a time. Raises `CannotExpress` for an index."""
    if isinstance(inventory, IndexInventory):
        raise CannotExpress(
            "Syft's JSON", "an image index", hint="write one for each platform's image"
        )
    yield from written(Object(_Document(inventory, writing).members()))
    yield b"\n"


class _Document:
    """The parts of a document."""

    def __init__(self, inventory: Inventory, writing: Writing) -> None:
        self._inventory = inventory
        self._date = date_of(inventory.subject, writing)
        self._layers = [layer.diff_id for layer in inventory.layers]
        self._names = identifiers(inventory.components)
        self._files = [f"file-{name}" for name in file_identifiers(inventory.files)]
        subject = text_of(inventory.subject).encode()
        self._source = hashlib.sha256(subject).hexdigest()

    def members(self) -> Iterator[tuple[str, object]]:
        """The members of the document's object."""
        yield "artifacts", Rows(map(self._artifact, self._inventory.components, self._names))
        yield "artifactRelationships", Rows(self._relations())
        if self._files:
            yield "files", Rows(map(self._file, self._inventory.files, self._files))
        yield "source", self._described()
        yield "distro", _distro(self._inventory.release)
        number = str(document_id(self._inventory, "Syft", self._date))
        told = {
            "id": number,
            "created": self._date,
            "properties": list(of_inventory(self._inventory)),
        }
        version = tool_version()
        yield "descriptor", {"name": TOOL, "version": version, "configuration": told}
        yield "schema", {"version": SCHEMA, "url": _URL.format(SCHEMA)}

    def _artifact(self, component: InventoryComponent, name: str) -> dict[str, Any]:
        syft = SYFT_TYPES.get(component.kind, SyftType("UnknownPackage"))
        artifact: dict[str, Any] = {
            "id": name,
            "name": component.name,
            "version": component.version,
            "type": syft.type,
            "foundBy": TOOL,
            "locations": [
                self._location(place, "supporting" if number else "primary")
                for number, place in enumerate(component.places)
            ],
            "licenses": _licenses(component),
            "language": syft.language,
            "cpes": [{"cpe": one, "source": "declared"} for one in component.cpes],
            "purl": component.purl,
        }
        if syft.metadata:
            artifact["metadataType"] = syft.metadata
            artifact["metadata"] = _METADATA.get(component.kind, _named)(component)
        return artifact

    def _location(self, place: Place, evidence: str) -> dict[str, Any]:
        path = spelled(place.path)
        told: dict[str, Any] = {"path": path}
        if layer := self._layer(place.layer):
            told["layerID"] = layer
        return told | {"accessPath": path, "annotations": {"evidence": evidence}}

    def _layer(self, number: int) -> str:
        return self._layers[number] if 0 <= number < len(self._layers) else ""

    def _file(self, file: InventoryFile, name: str) -> _File:
        digests = [_Sum("sha1", file.sha1)] if file.sha1 else []
        if file.digest:
            digests.append(_Sum("sha256", file.digest.removeprefix("sha256:")))
        return _File(
            name,
            _Coordinates(spelled(file.path), self._layer(file.layer)),
            _Metadata(int(f"{file.mode:o}"), TYPES[file.kind], 0, 0, "", file.size),
            digests,
        )

    def _relations(self) -> Iterator[dict[str, Any]]:
        by_ref: dict[str, str] = {}
        for component, name in zip(self._inventory.components, self._names, strict=True):
            by_ref.setdefault(component.ref, name)
            told = {"properties": [*of_component(component), *_more(component)]}
            yield _relation(self._source, "contains", name) | {"metadata": told}
        for one in self._inventory.relations:
            subject, object_ = by_ref.get(one.subject), by_ref.get(one.object)
            if subject and object_:
                ends = (object_, subject) if one.link is Link.NEEDS else (subject, object_)
                yield _relation(ends[0], LINKS[one.link], ends[1])
        for file, name in zip(self._inventory.files, self._files, strict=True):
            owners = [self._names[owner] for owner in file.owners] or [self._source]
            told_of_file = {one.name: one.value for one in of_file(file)}
            yield _relation(owners[0], "contains", name) | {"metadata": told_of_file}
            for owner in owners[1:]:
                yield _relation(owner, "contains", name)

    def _described(self) -> dict[str, Any]:
        """What the document is of."""
        subject = self._inventory.subject
        os, _, architecture = subject.platform.partition("/")
        layers = [
            {"mediaType": one.media_type, "digest": one.diff_id, "size": one.size}
            for one in self._inventory.layers
        ]
        return {
            "id": self._source,
            "name": subject.name,
            "version": subject.digest,
            "type": "image",
            "metadata": {
                "userInput": subject.name,
                "imageID": subject.config_digest,
                "manifestDigest": subject.digest,
                "mediaType": subject.media_type,
                "tags": [],
                "imageSize": subject.size,
                "layers": layers,
                "repoDigests": [],
                "architecture": architecture,
                "os": os,
                "labels": dict(subject.labels),
            },
        }


def _relation(parent: str, type_: str, child: str) -> dict[str, Any]:
    return {"parent": parent, "child": child, "type": type_}


def _licenses(component: InventoryComponent) -> list[dict[str, Any]]:
    licensing = Licensing(component.licenses, component.license_texts)
    told = []
    for one in terms_of(licensing.expression):
        license_: dict[str, Any] = {"value": one, "spdxExpression": one, "type": "declared"}
        told.append(license_ | {"urls": [], "locations": []})
    return told


def _more(component: InventoryComponent) -> Iterator[Property]:
    """What other formats have fields for."""
    for place in component.places:
        yield place_of(place)
    licensing = Licensing(component.licenses, component.license_texts)
    for ref, text in licensing.texts.items():
        if text:
            yield Property("distil:license-text", f"{ref}\t{text}")
    for one in component.checksums:
        yield Property("distil:checksum", f"{one.algorithm}:{one.value}")
    for name, value in (
        ("supplier", component.supplier),
        ("homepage", component.homepage),
        ("description", component.description),
    ):
        if value:
            yield Property(f"distil:{name}", value)


def _distro(release: OsRelease | None) -> dict[str, Any]:
    if release is None:
        return {}
    told = {
        "prettyName": release.pretty_name,
        "name": release.name,
        "id": release.id,
        "idLike": list(release.id_like),
        "version": release.version,
        "versionID": release.version_id,
        "versionCodename": release.codename,
        "variantID": release.variant_id,
        "homeURL": release.home_url,
        "cpeName": release.cpe,
    }
    return {name: value for name, value in told.items() if value}


def _named(component: InventoryComponent) -> dict[str, Any]:
    return {"name": component.name, "version": component.version}


def _deb(component: InventoryComponent) -> dict[str, Any]:
    source = source_for_scanners(component)
    return {
        "package": component.name,
        "source": source.name if component.source else "",
        "version": component.version,
        "sourceVersion": source.version if source.version != component.version else "",
        "architecture": component.architecture,
        "maintainer": component.supplier,
        "installedSize": 0,
        "files": [],
    }


def _apk(component: InventoryComponent) -> dict[str, Any]:
    return {
        "package": component.name,
        "originPackage": source_for_scanners(component).name,
        "maintainer": component.supplier,
        "version": component.version,
        "architecture": component.architecture,
        "url": component.homepage,
        "description": component.description,
        "files": [],
    }


def _rpm(component: InventoryComponent) -> dict[str, Any]:
    epoch, colon, rest = component.version.partition(":")
    version, _, release = (rest if colon else component.version).rpartition("-")
    source = source_for_scanners(component)
    built = source.version.partition(":")[2] or source.version
    return {
        "name": component.name,
        "version": version,
        "epoch": int(epoch) if colon and epoch.isdecimal() and len(epoch) < 10 else None,
        "architecture": component.architecture,
        "release": release,
        "sourceRpm": f"{source.name}-{built}.src.rpm" if component.source else "",
        "size": 0,
        "modularityLabel": dict(component.properties).get("modularity", ""),
        "vendor": component.supplier,
        "files": [],
    }


def _alpm(component: InventoryComponent) -> dict[str, Any]:
    return {
        "basepackage": source_for_scanners(component).name,
        "package": component.name,
        "version": component.version,
        "description": component.description,
        "architecture": component.architecture,
        "packager": component.supplier,
        "url": component.homepage,
        "files": [],
        "backup": [],
    }


def _portage(component: InventoryComponent) -> dict[str, Any]:
    return {"licenses": " AND ".join(component.licenses), "installedSize": 0, "files": []}


def _python(component: InventoryComponent) -> dict[str, Any]:
    told = component.places[0].path.rsplit("/", 2) if component.places else []
    site = spelled(told[0]) if len(told) == 3 else ""
    return _named(component) | {"author": "", "sitePackagesRootPath": site}


def _java(component: InventoryComponent) -> dict[str, Any]:
    purl = Purl.read(component.purl)
    pom = {
        "groupId": purl.namespace,
        "artifactId": purl.name or component.name,
        "version": component.version,
    }
    path = spelled(component.places[0].path) if component.places else ""
    return {"virtualPath": path, "pomProperties": pom if purl.namespace else None}


def _go(component: InventoryComponent) -> dict[str, Any]:
    return {"architecture": component.architecture}


def _binary(component: InventoryComponent) -> dict[str, Any]:
    del component
    return {"matches": []}


_METADATA: Final[dict[str, Callable[[InventoryComponent], dict[str, Any]]]] = {
    "deb": _deb,
    "opkg": _deb,
    "apk": _apk,
    "rpm": _rpm,
    "alpm": _alpm,
    "portage": _portage,
    "python": _python,
    "java": _java,
    "go": _go,
    "binary": _binary,
}
"""What Syft calls metadata, by kind; others have a name and a version."""
