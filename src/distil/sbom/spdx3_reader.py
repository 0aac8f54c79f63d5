"""SPDX 3.0 JSON-LD, as distil and others write it, as an inventory.

Elements are read as they stand in ``@graph``, whole and under their own names: the form that the
specification's JSON schema describes, and not any JSON-LD that would mean the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from distil.model.inventory import (
    Checksum,
    IndexInventory,
    Inventory,
    InventoryFile,
    Link,
    OsRelease,
    Subject,
)
from distil.sbom.assembly import Assembly, Native, component_of
from distil.sbom.file_properties import file_of
from distil.sbom.identity import seconds_of
from distil.sbom.licensing import NO_WORDS
from distil.sbom.properties import Property, Told
from distil.sbom.reading import check_images, decoded, part
from distil.sbom.spdx_words import ALGORITHMS, NOTHING, OVERLAP, properties_in

_Many = list[str] | str
_LINKS: Final = {"dependsOn": Link.NEEDS, "contains": Link.CONTAINS}


class _Entry(
    msgspec.Struct, rename={"name": "extension_cdxPropName", "value": "extension_cdxPropValue"}
):
    name: str = ""
    value: str = ""


class _Extension(msgspec.Struct, gc=False, rename={"entries": "extension_cdxProperty"}):
    entries: list[_Entry] | _Entry = []


class _Verified(msgspec.Struct, gc=False, rename="camel"):
    type: str = ""
    algorithm: str = ""
    hash_value: str = ""


class _Identifier(msgspec.Struct, gc=False, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""


class _Meaning(msgspec.Struct, gc=False):
    key: str = ""
    value: str = ""


class _Element(
    msgspec.Struct,
    gc=False,
    rename={
        "spdx_id": "spdxId",
        "at_id": "@id",
        "version": "software_packageVersion",
        "purl": "software_packageUrl",
        "homepage": "software_homePage",
        "purpose": "software_primaryPurpose",
        "expression": "simplelicensing_licenseExpression",
        "meanings": "simplelicensing_customIdToUri",
        "text": "simplelicensing_licenseText",
        "supplied_by": "suppliedBy",
        "verified_using": "verifiedUsing",
        "identifiers": "externalIdentifier",
        "relation": "relationshipType",
        "from_": "from",
        "root": "rootElement",
    },
):
    """Any element: what inventories need of all kinds."""

    type: str = ""
    spdx_id: str = ""
    at_id: str = ""
    name: str = ""
    created: str = ""
    description: str = ""
    comment: str = ""
    version: str = ""
    purl: str = ""
    homepage: str = ""
    purpose: str = ""
    expression: str = ""
    meanings: list[_Meaning] = []
    text: str = ""
    supplied_by: Any = None
    verified_using: list[_Verified] = []
    identifiers: list[_Identifier] = []
    extension: list[_Extension] = []
    relation: str = ""
    from_: Any = None
    to: _Many = []
    root: _Many = []


class _Document(msgspec.Struct, gc=False, rename={"graph": "@graph"}):
    graph: list[_Element]


def read_spdx3(data: bytes, name: str) -> Inventory | IndexInventory:
    """The inventory, or that of an index. Raises `MalformedSbom`."""
    return _Reading(decoded(data, _Document, name).graph, name).result()


class _Reading:
    """A graph, and what of it belongs to which image."""

    def __init__(self, graph: list[_Element], name: str) -> None:
        self._name = name
        self._graph = graph
        self._by_id = {one.spdx_id or one.at_id: one for one in graph}
        self._relations = [one for one in graph if one.relation]
        self._created = next((seconds_of(one.created) for one in graph if one.created), 0)
        self._licenses: dict[str, str] = {}
        for one in self._relations:
            if one.relation in {"hasDeclaredLicense", "hasConcludedLicense"}:
                for license_ in _many(one.to):
                    self._licenses.setdefault(_one(one.from_), license_)

    def result(self) -> Inventory | IndexInventory:
        """All of the document."""
        main = self._main()
        element = self._by_id.get(main)
        told = Told(_properties(element)) if element else Told(())
        if told.first("distil:index") != "true":
            return self._image(main)
        roots = [
            each
            for one in self._relations
            if one.relation == "contains" and _one(one.from_) == main
            for each in _many(one.to)
            if each in self._by_id
        ]
        check_images(len(roots), self._name)
        image_of = {root: root for root in roots}
        for one in self._relations:
            root = image_of.get(_one(one.from_))
            if one.relation == "contains" and root:
                for each in _many(one.to):
                    image_of.setdefault(each, root)
        children = tuple(self._image(root, image_of) for root in roots)
        return IndexInventory(subject=self._subject(main), children=children)

    def _main(self) -> str:
        """The one root of the bill of materials, empty where that is no package."""
        for type_ in ("software_Sbom", "SpdxDocument"):
            for one in self._graph:
                if one.type == type_ and len(roots := _many(one.root)) == 1:
                    found = self._by_id.get(roots[0])
                    if found is not None and found.type == "software_Package":
                        return roots[0]
        return ""

    def _subject(self, main: str) -> Subject:
        element = self._by_id.get(main)
        if element is None:
            name = next((one.name for one in self._graph if one.type == "SpdxDocument"), "")
            return Subject(name=name or self._name, created=self._created)
        with part(self._name, "@graph"):
            if told := Told(_properties(element)).value("distil:subject", Subject):
                return told
        digest = element.version if element.version.startswith("sha256:") else ""
        return Subject(name=element.name, digest=digest, created=self._created)

    def _image(self, root: str, image_of: dict[str, str] | None = None) -> Inventory:
        """An image: all of the document, or where it has several, what `image_of` tells."""
        assembly = Assembly(self._subject(root))
        element = self._by_id.get(root)
        assembly.told = Told(_properties(element) if element else ())
        files: list[tuple[int, _Element]] = []
        with part(self._name, "@graph") as place:
            for place.position, one in enumerate(self._graph):
                identifier = one.spdx_id or one.at_id
                if identifier == root or (image_of and image_of.get(identifier) != root):
                    continue
                if one.type == "software_Package":
                    self._add(assembly, one, identifier)
                elif one.type == "software_File":
                    files.append((place.position, one))
        owners = self._links(assembly, {one.spdx_id for _, one in files})
        with part(self._name, "@graph") as place:
            for place.position, one in files:
                assembly.files.append(_file(one, owners.get(one.spdx_id, ())))
        with part(self._name, "@graph"):
            return assembly.inventory()

    def _add(self, assembly: Assembly, one: _Element, identifier: str) -> None:
        if one.purpose == "operatingSystem":
            assembly.release = OsRelease(one.name, one.version, pretty_name=one.description)
        else:
            told = Told(_properties(one))
            assembly.add(identifier, component_of(self._native(one, identifier), told))

    def _native(self, one: _Element, identifier: str) -> Native:
        license_ = self._by_id.get(self._licenses.get(identifier, ""))
        expression, texts = "", {}
        if license_ is not None:
            expression = license_.expression or license_.name
            for meaning in license_.meanings:
                words = self._by_id.get(meaning.value)
                if words is not None and words.text not in NO_WORDS:
                    texts[meaning.key] = words.text
        program = one.purpose == "application" and not one.purl
        return Native(
            name=one.name,
            version=one.version,
            purl=one.purl or _identified(one, "packageUrl"),
            kind="application" if program else "",
            supplier=self._supplier(one),
            licenses=[expression],
            texts=texts,
            homepage=one.homepage,
            description=one.description,
            cpes=tuple(
                each.identifier
                for each in one.identifiers
                if each.external_identifier_type in {"cpe22", "cpe23"}
            ),
            checksums=tuple(
                Checksum(ALGORITHMS.get(each.algorithm, each.algorithm), each.hash_value)
                for each in one.verified_using
                if each.type == "Hash"
            ),
        )

    def _supplier(self, one: _Element) -> str:
        agent = self._by_id.get(_one(one.supplied_by))
        if agent is None or agent.name == NOTHING:
            return ""
        address = _identified(agent, "email")
        return f"{agent.name} <{address}>" if address else agent.name

    def _links(self, assembly: Assembly, files: set[str]) -> dict[str, list[int]]:
        """Adds the relations of components; for each of these files its owners."""
        owners: dict[str, list[int]] = {}
        for one in self._relations:
            subject = _one(one.from_)
            position = assembly.positions.get(subject)
            link = _LINKS.get(one.relation)
            if one.relation == "other" and one.comment.startswith(OVERLAP):
                link = Link.OWNS
            if position is None or link is None:
                continue
            for each in _many(one.to):
                if each in files:
                    owners.setdefault(each, []).append(position)
                elif each in assembly.positions:
                    assembly.links.append((subject, link, each))
        return owners


def _file(one: _Element, owners: Iterable[int]) -> InventoryFile:
    told = {each.name: each.value for each in properties_in(one.comment)}
    sums = {each.algorithm: each.hash_value for each in one.verified_using}
    return file_of(one.name, told, tuple(owners), (sums.get("sha256", ""), sums.get("sha1", "")))


def _properties(one: _Element) -> list[Property]:
    found: list[_Entry] = []
    for extension in one.extension:
        entries = extension.entries
        found += [entries] if isinstance(entries, _Entry) else entries
    return [Property(entry.name, entry.value) for entry in found]


def _identified(one: _Element, type_: str) -> str:
    for each in one.identifiers:
        if each.external_identifier_type == type_:
            return each.identifier
    return ""


def _many(value: _Many) -> list[str]:
    return [value] if isinstance(value, str) else value


def _one(value: object) -> str:
    """The name of an element that is referred to, or stands there itself."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("spdxId", "")
    return value if isinstance(value, str) else ""
