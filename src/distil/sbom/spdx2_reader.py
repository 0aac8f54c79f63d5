"""SPDX 2.2 and 2.3 JSON, as distil, Syft, Trivy and others write it, as an inventory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.purl import Purl
from distil.model.inventory import (
    Checksum,
    IndexInventory,
    Inventory,
    Link,
    OsRelease,
    SourcePackage,
    Subject,
)
from distil.sbom.assembly import Assembly, Native, component_of
from distil.sbom.errors import MalformedSbom
from distil.sbom.file_properties import file_of
from distil.sbom.identity import seconds_of
from distil.sbom.licensing import NO_WORDS, REF
from distil.sbom.properties import Property, Told
from distil.sbom.reading import check_images, decoded, part
from distil.sbom.spdx_words import NO_SHA1, OVERLAP, properties_in, supplier_of

_BUILT_FROM: Final = "built package from: "
_SYSTEM: Final = "OPERATING-SYSTEM"


class _Checksum(msgspec.Struct, rename="camel", gc=False):
    algorithm: str
    checksum_value: str = ""


class _Reference(msgspec.Struct, rename="camel", gc=False):
    reference_type: str = ""
    reference_locator: str = ""


class _Annotation(msgspec.Struct, gc=False):
    annotator: str = ""
    comment: str = ""


class _Package(msgspec.Struct, gc=False, rename="camel"):
    spdx_id: str = msgspec.field(name="SPDXID")
    name: str = ""
    version_info: str | None = None
    supplier: str | None = None
    checksums: list[_Checksum] = []
    homepage: str | None = None
    source_info: str | None = None
    license_declared: str | None = None
    license_concluded: str | None = None
    description: str | None = None
    external_refs: list[_Reference] = []
    primary_package_purpose: str | None = None
    annotations: list[_Annotation] = []
    has_files: list[str] = []


class _File(msgspec.Struct, rename="camel", gc=False):
    spdx_id: str = msgspec.field(name="SPDXID")
    file_name: str = ""
    checksums: list[_Checksum] = []
    comment: str | None = None


class _Relationship(msgspec.Struct, rename="camel", gc=False):
    spdx_element_id: str
    related_spdx_element: str
    relationship_type: str
    comment: str | None = None


class _Extracted(msgspec.Struct, gc=False, rename="camel"):
    license_id: str
    extracted_text: str = ""
    name: str | None = None


class _CreationInfo(msgspec.Struct, gc=False):
    created: str = ""


class _Document(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    creation_info: _CreationInfo | None = None
    packages: list[_Package] = []
    files: list[_File] = []
    relationships: list[_Relationship] = []
    has_extracted_licensing_infos: list[_Extracted] = []
    document_describes: list[str] = []


def read_spdx2(data: bytes, name: str) -> Inventory | IndexInventory:
    """The inventory, or that of an index. Raises `MalformedSbom`."""
    return _Reading(decoded(data, _Document, name), name).result()


class _Reading:
    """A document, and what of it belongs to which image."""

    def __init__(self, document: _Document, name: str) -> None:
        self._document = document
        self._name = name
        self._created = seconds_of(document.creation_info.created if document.creation_info else "")
        self._packages = {one.spdx_id: one for one in document.packages}
        self._told: dict[str, Told] = {}
        with part(name, "packages") as place:
            for place.position, one in enumerate(document.packages):
                self._told[one.spdx_id] = Told(_properties(one.annotations))
        self._texts = {
            one.license_id: "" if one.extracted_text in NO_WORDS else one.extracted_text
            for one in document.has_extracted_licensing_infos
        }
        self._refs = {
            one.license_id: one.name
            for one in document.has_extracted_licensing_infos
            if one.name and one.name.startswith(REF) and one.name != one.license_id
        }

    def result(self) -> Inventory | IndexInventory:
        """All of the document."""
        main = self._main()
        if not main or self._told[main].first("distil:index") != "true":
            return self._image(main)
        roots = [
            one.related_spdx_element
            for one in self._document.relationships
            if one.spdx_element_id == main and one.relationship_type == "CONTAINS"
        ]
        image_of = {root: root for root in roots}
        for one in self._document.relationships:
            if one.relationship_type == "CONTAINS" and one.spdx_element_id in image_of:
                image_of.setdefault(one.related_spdx_element, image_of[one.spdx_element_id])
        if any(root not in self._packages for root in roots):
            raise MalformedSbom(self._name, "$.relationships", "an image of it is no package")
        check_images(len(roots), self._name)
        children = tuple(self._image(root, image_of) for root in roots)
        return IndexInventory(subject=self._subject(main), children=children)

    def _main(self) -> str:
        """The package that the document describes, empty where that is not one."""
        described = self._document.document_describes + [
            one.related_spdx_element
            for one in self._document.relationships
            if one.relationship_type == "DESCRIBES"
        ]
        found = dict.fromkeys(one for one in described if one in self._packages)
        return next(iter(found)) if len(found) == 1 else ""

    def _subject(self, main: str) -> Subject:
        with part(self._name, "packages"):
            if told := self._told[main].value("distil:subject", Subject):
                return told
        package = self._packages[main]
        version = package.version_info or ""
        digest = version if version.startswith("sha256:") else ""
        if package.primary_package_purpose == "CONTAINER" and not digest:
            sums = {one.algorithm: one.checksum_value for one in package.checksums}
            digest = f"sha256:{sums['SHA256']}" if "SHA256" in sums else ""
        return Subject(name=package.name, digest=digest, created=self._created)

    def _image(self, root: str, image_of: dict[str, str] | None = None) -> Inventory:
        """An image: all of the document, or where it has several, what `image_of` tells."""
        subject = Subject(name=self._document.name or self._name, created=self._created)
        assembly = Assembly(self._subject(root) if root else subject)
        assembly.told = self._told.get(root, assembly.told)
        with part(self._name, "packages") as place:
            for place.position, one in enumerate(self._document.packages):
                if one.spdx_id != root and (not image_of or image_of.get(one.spdx_id) == root):
                    self._add(assembly, one)
        for relation in self._document.relationships:
            _add_relation(assembly, relation)
        self._add_files(assembly, root if image_of else "")
        with part(self._name, "packages"):
            return assembly.inventory()

    def _add(self, assembly: Assembly, one: _Package) -> None:
        told = self._told[one.spdx_id]
        if one.primary_package_purpose == _SYSTEM:
            assembly.release = OsRelease(
                one.name, one.version_info or "", pretty_name=one.description or ""
            )
        elif not told.first("aquasecurity:trivy:Class"):
            component = component_of(self._native(one), told)
            if component.source is None and not told.first("distil:kind"):
                component = msgspec.structs.replace(component, source=_source(one))
            assembly.add(one.spdx_id, component)

    def _native(self, one: _Package) -> Native:
        references = [(each.reference_type, each.reference_locator) for each in one.external_refs]
        purl = next((value for kind, value in references if kind == "purl"), "")
        declared = one.license_declared or ""
        expression = declared if declared not in NO_WORDS else one.license_concluded or ""
        texts = self._texts
        if self._refs and REF in expression:
            expression, texts = self._renamed(expression)
        program = one.primary_package_purpose == "APPLICATION" and not Purl.read(purl).type
        return Native(
            name=one.name,
            version=one.version_info or "",
            purl=purl,
            kind="application" if program else "",
            supplier=supplier_of(one.supplier or ""),
            licenses=[expression],
            texts=texts,
            homepage=one.homepage if one.homepage and one.homepage not in NO_WORDS else "",
            description=one.description or "",
            cpes=tuple(value for kind, value in references if kind.startswith("cpe2")),
            checksums=tuple(
                Checksum(each.algorithm.lower(), each.checksum_value) for each in one.checksums
            ),
        )

    def _renamed(self, expression: str) -> tuple[str, dict[str, str]]:
        """The expression with the licences' names of their packages, and their words."""
        texts = {}
        words = []
        for word in expression.replace("(", "( ").replace(")", " )").split():
            name = self._refs.get(word, word)
            texts[name] = self._texts.get(word, "")
            words.append(name)
        return " ".join(words).replace("( ", "(").replace(" )", ")"), texts

    def _add_files(self, assembly: Assembly, root: str) -> None:
        """The files of the image `root`, of the whole document where that is empty."""
        files = self._document.files
        ids = {one.spdx_id for one in files}
        owners: dict[str, list[int]] = {}
        inside: set[str] = set()
        for one in self._document.relationships:
            if one.related_spdx_element in ids and one.relationship_type == "CONTAINS":
                owner = assembly.positions.get(one.spdx_element_id)
                if owner is not None:
                    owners.setdefault(one.related_spdx_element, []).append(owner)
                elif one.spdx_element_id == root:
                    inside.add(one.related_spdx_element)
        for package in self._document.packages:
            for name in package.has_files:
                if package.spdx_id in assembly.positions:
                    owners.setdefault(name, []).append(assembly.positions[package.spdx_id])
        with part(self._name, "files") as place:
            for place.position, file in enumerate(files):
                if not root or file.spdx_id in owners or file.spdx_id in inside:
                    told = {each.name: each.value for each in properties_in(file.comment or "")}
                    sums = {each.algorithm: each.checksum_value for each in file.checksums}
                    sha1 = sums.get("SHA1", "")
                    digests = (sums.get("SHA256", ""), "" if sha1 == NO_SHA1 else sha1)
                    of_it = tuple(owners.get(file.spdx_id, ()))
                    assembly.files.append(file_of(file.file_name, told, of_it, digests))


def _add_relation(assembly: Assembly, one: _Relationship) -> None:
    subject, object_ = one.spdx_element_id, one.related_spdx_element
    if subject not in assembly.positions or object_ not in assembly.positions:
        return
    match one.relationship_type:
        case "DEPENDS_ON":
            assembly.links.append((subject, Link.NEEDS, object_))
        case "DEPENDENCY_OF":
            assembly.links.append((object_, Link.NEEDS, subject))
        case "CONTAINS":
            assembly.links.append((subject, Link.CONTAINS, object_))
        case "CONTAINED_BY":
            assembly.links.append((object_, Link.CONTAINS, subject))
        case "OTHER" if one.comment and one.comment.startswith(OVERLAP):
            assembly.links.append((subject, Link.OWNS, object_))


def _properties(annotations: list[_Annotation]) -> Iterator[Property]:
    """Distil's own, which are lines, and Trivy's, which are one each."""
    for one in annotations:
        if one.annotator.startswith("Tool: distil"):
            yield from properties_in(one.comment)
        elif one.annotator.startswith("Tool: trivy"):
            name, colon, value = one.comment.partition(": ")
            if colon:
                yield Property(f"aquasecurity:trivy:{name}", value)


def _source(one: _Package) -> SourcePackage | None:
    """The source package as Trivy tells it."""
    told = one.source_info or ""
    if not told.startswith(_BUILT_FROM):
        return None
    name, _, version = told.removeprefix(_BUILT_FROM).partition(" ")
    return SourcePackage(name, "" if version == one.version_info else version)
