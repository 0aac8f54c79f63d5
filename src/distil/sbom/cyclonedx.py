"""An inventory as CycloneDX JSON, 1.6 and 1.7 (ECMA-424).

The image is the component that the document is of; an index has its images as components with
components. Files are components of type ``file``. What a package needs are dependencies; that it
owns or contains another has no field, and is a property.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from distil.formats.purl import image_purl
from distil.formats.spelling import spelled
from distil.model.inventory import (
    UNKNOWN_LAYER,
    Answer,
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
    OsRelease,
    Place,
    Subject,
)
from distil.sbom.file_properties import of_file
from distil.sbom.forms import is_address, is_cpe
from distil.sbom.identity import Writing, date_of, document_id, identifiers
from distil.sbom.licensing import Licensing
from distil.sbom.properties import Property, of_component, of_index, of_inventory, sentences
from distil.sbom.scanners import for_scanners
from distil.sbom.stream import Object, Rows, written
from distil.sbom.tool import TOOL, tool_version

HASHES: Final = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3-256": "SHA3-256",
    "sha3-384": "SHA3-384",
    "sha3-512": "SHA3-512",
    "blake2b-256": "BLAKE2b-256",
    "blake2b-384": "BLAKE2b-384",
    "blake2b-512": "BLAKE2b-512",
    "blake3": "BLAKE3",
}
"""Algorithms as distil has them, and as CycloneDX has them."""

_HEX: Final = re.compile(
    r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}"
)
_AGGREGATES: Final = {
    Answer.COMPLETE: "complete",
    Answer.PARTIAL: "incomplete",
    Answer.UNKNOWN: "unknown",
}
_TYPES: Final = {"application": "application", "binary": "application", "image": "container"}


class _Hash(msgspec.Struct, frozen=True, gc=False):
    alg: str
    content: str


class _File(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    type: str
    name: str
    hashes: list[_Hash]
    properties: list[Property]


def write_cyclonedx(
    inventory: Inventory | IndexInventory, writing: Writing, *, version: str
) -> Iterator[bytes]:
    """The document in `version` of the specification, ``1.6`` or ``1.7``."""
    date = date_of(inventory.subject, writing)
    title = f"CycloneDX {version}"
    images = (
        [_Image(inventory, version)]
        if isinstance(inventory, Inventory)
        else [_Image(one, version, f"{n}/") for n, one in enumerate(inventory.children)]
    )
    main = images[0].root(alone=True) if isinstance(inventory, Inventory) else _index(inventory)
    document = Object(
        (
            ("$schema", f"http://cyclonedx.org/schema/bom-{version}.schema.json"),
            ("bomFormat", "CycloneDX"),
            ("specVersion", version),
            ("serialNumber", f"urn:uuid:{document_id(inventory, title, date)}"),
            ("version", 1),
            ("metadata", Object((("timestamp", date), ("tools", _tools()), ("component", main)))),
            (
                "components",
                images[0].components()
                if isinstance(inventory, Inventory)
                else Rows((one.root() for one in images), nested=True),
            ),
            ("dependencies", Rows(row for one in images for row in one.dependencies())),
            ("compositions", [one for image in images for one in image.compositions()] or None),
            ("annotations", [a for one in images for a in one.annotations(date)] or None),
        )
    )
    yield from written(document)
    yield b"\n"


class _Image:
    """One image's part of a document; its references begin with `prefix`."""

    def __init__(self, inventory: Inventory, version: str, prefix: str = "") -> None:
        self._inventory = inventory
        self._version = version
        self._prefix = prefix
        self._names = identifiers(inventory.components, prefix)
        self._by_ref: dict[str, str] = {}
        for component, name in zip(inventory.components, self._names, strict=True):
            self._by_ref.setdefault(component.ref, name)
        self._links: dict[Link, dict[str, list[str]]] = {link: {} for link in Link}
        for one in inventory.relations:
            subject, object_ = self._by_ref.get(one.subject), self._by_ref.get(one.object)
            if subject and object_:
                self._links[one.link].setdefault(subject, []).append(object_)
        self._root = f"{prefix}image"

    def root(self, *, alone: bool = False) -> Object:
        """The component that is the image; with its components unless the document is of it."""
        members = [*_subject(self._inventory.subject, self._root)]
        members.append(("properties", list(of_inventory(self._inventory))))
        if not alone:
            members.append(("components", self.components()))
        return Object(members)

    def components(self) -> Rows:
        """The system, packages and files."""
        return Rows(self._all())

    def dependencies(self) -> Iterator[dict[str, Any]]:
        """What says that it needs what."""
        for subject, needed in self._links[Link.NEEDS].items():
            yield {"ref": subject, "dependsOn": list(dict.fromkeys(needed))}

    def compositions(self) -> Iterator[dict[str, Any]]:
        """Whether the image's components are all."""
        verdict = self._inventory.verdict
        if verdict is not None:
            yield {"aggregate": _AGGREGATES[verdict.answer], "assemblies": [self._root]}

    def annotations(self, date: str) -> Iterator[dict[str, Any]]:
        """What a person has to know of components."""
        for component, name in zip(self._inventory.components, self._names, strict=True):
            for text in sentences(component):
                yield {
                    "subjects": [name],
                    "annotator": {"component": _tool()},
                    "timestamp": date,
                    "text": text,
                }

    def _all(self) -> Iterator[Any]:
        if self._inventory.release is not None:
            yield _system(self._inventory.release, self._prefix)
        for component, name in zip(self._inventory.components, self._names, strict=True):
            yield self._component(component, name)
        owners = [Property("distil:file:owner", name) for name in self._names]
        for file in self._inventory.files:
            yield _file(file, owners)

    def _component(self, component: InventoryComponent, name: str) -> dict[str, Any]:
        properties = [*of_component(component), *for_scanners(component, self._inventory.layers)]
        for link in (Link.OWNS, Link.CONTAINS):
            others = self._links[link].get(name, ())
            properties += [Property(f"distil:{link.value}", one) for one in others]
        members: dict[str, Any] = {"bom-ref": name, "type": _TYPES.get(component.kind, "library")}
        if component.supplier:
            members["supplier"] = {"name": component.supplier}
            members["publisher"] = component.supplier
        members |= {"name": component.name, "version": component.version}
        if component.description:
            members["description"] = component.description
        _add_hashes(members, component, properties)
        self._add_licenses(members, component, properties)
        _add_names(members, component, properties)
        if component.places:
            members["evidence"] = {"occurrences": [_occurrence(one) for one in component.places]}
        members["properties"] = properties
        return members

    def _add_licenses(
        self, members: dict[str, Any], component: InventoryComponent, properties: list[Property]
    ) -> None:
        licensing = Licensing(component.licenses, component.license_texts)
        if not licensing.expression:
            return
        told: dict[str, Any] = {"expression": licensing.expression}
        texts = [(ref, text) for ref, text in licensing.texts.items() if text]
        if texts and self._version != "1.6":
            told["expressionDetails"] = [
                {"licenseIdentifier": ref, "text": {"content": text}} for ref, text in texts
            ]
        elif texts:
            properties += [Property("distil:license-text", f"{ref}\t{text}") for ref, text in texts]
        members["licenses"] = [told]


def _add_hashes(
    members: dict[str, Any], component: InventoryComponent, properties: list[Property]
) -> None:
    hashes = []
    for one in component.checksums:
        if one.algorithm in HASHES and _HEX.fullmatch(one.value):
            hashes.append(_Hash(HASHES[one.algorithm], one.value))
        else:
            properties.append(Property("distil:checksum", f"{one.algorithm}:{one.value}"))
    if hashes:
        members["hashes"] = hashes


def _add_names(
    members: dict[str, Any], component: InventoryComponent, properties: list[Property]
) -> None:
    """The names by which databases and people find it: CPEs, package URL, home page."""
    good = [one for one in component.cpes if is_cpe(one)]
    if good:
        members["cpe"] = good[0]
    properties += [Property("syft:cpe23", one) for one in good[1:]]
    properties += [Property("distil:cpe", one) for one in component.cpes if not is_cpe(one)]
    if component.purl:
        members["purl"] = component.purl
    if is_address(component.homepage):
        members["externalReferences"] = [{"type": "website", "url": component.homepage}]
    elif component.homepage:
        properties.append(Property("distil:homepage", component.homepage))


def _occurrence(place: Place) -> dict[str, str]:
    if place.layer == UNKNOWN_LAYER:
        return {"location": spelled(place.path)}
    return {"location": spelled(place.path), "additionalContext": f"layer {place.layer}"}


def _file(file: InventoryFile, owners: list[Property]) -> _File:
    properties = of_file(file)
    for owner in file.owners:
        properties.append(owners[owner])
    hashes = [_Hash("SHA-1", file.sha1)] if file.sha1 else []
    if file.digest:
        hashes.append(_Hash("SHA-256", file.digest.removeprefix("sha256:")))
    return _File("file", spelled(file.path), hashes, properties)


def _index(index: IndexInventory) -> Object:
    return Object((*_subject(index.subject, "index"), ("properties", of_index(index))))


def _subject(subject: Subject, ref: str) -> Iterable[tuple[str, object]]:
    yield "bom-ref", ref
    yield "type", "container"
    yield "name", subject.name
    yield "version", subject.digest
    yield "purl", image_purl(subject) or None


def _system(release: OsRelease, prefix: str) -> dict[str, Any]:
    told = {
        "id": release.id,
        "prettyName": release.pretty_name,
        "versionCodename": release.codename,
        "versionID": release.version_id,
    }
    return {
        "bom-ref": f"{prefix}os:{release.id}@{release.version_id}",
        "type": "operating-system",
        "name": release.id,
        "version": release.version_id,
        "description": release.pretty_name,
        "properties": [
            *(Property(f"syft:distro:{name}", value) for name, value in told.items() if value),
            Property("aquasecurity:trivy:Class", "os-pkgs"),
            Property("aquasecurity:trivy:Type", release.id),
        ],
    }


def _tool() -> dict[str, Any]:
    return {"type": "application", "name": TOOL, "version": tool_version()}


def _tools() -> dict[str, Any]:
    return {"components": [_tool()]}
