"""CycloneDX JSON, 1.2 to 1.7, as distil, Syft, Trivy and others write it, as an inventory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.purl import Purl
from distil.formats.spelling import unspelled
from distil.model.inventory import (
    UNKNOWN_LAYER,
    Checksum,
    IndexInventory,
    Inventory,
    Link,
    OsRelease,
    Place,
    Subject,
)
from distil.sbom.assembly import Assembly, Native, component_of
from distil.sbom.cyclonedx import HASHES
from distil.sbom.file_properties import file_of
from distil.sbom.identity import seconds_of
from distil.sbom.properties import Property, Told
from distil.sbom.reading import check_images, decoded, part
from distil.sbom.scanners import KINDS_OF_SYFT

_ALGORITHMS: Final = {theirs: ours for ours, theirs in HASHES.items()}


class _Hash(msgspec.Struct, gc=False):
    alg: str
    content: str


class _Text(msgspec.Struct, gc=False):
    content: str = ""


class _License(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    text: _Text | None = None


class _Detail(msgspec.Struct, gc=False, rename="camel"):
    license_identifier: str = ""
    text: _Text | None = None


class _LicenseChoice(msgspec.Struct, gc=False, rename="camel"):
    license: _License | None = None
    expression: str | None = None
    expression_details: list[_Detail] = []


class _Named(msgspec.Struct, gc=False):
    name: str | None = None


class _Reference(msgspec.Struct, gc=False):
    type: str = ""
    url: str = ""


class _Occurrence(msgspec.Struct, gc=False, rename="camel"):
    location: str = ""
    additional_context: str | None = None


class _Evidence(msgspec.Struct, gc=False):
    occurrences: list[_Occurrence] = []


class _Component(
    msgspec.Struct, gc=False, rename={"bom_ref": "bom-ref", "references": "externalReferences"}
):
    type: str = "library"
    name: str = ""
    bom_ref: str | None = None
    group: str | None = None
    version: str | None = None
    description: str | None = None
    publisher: str | None = None
    supplier: _Named | None = None
    hashes: list[_Hash] = []
    licenses: list[_LicenseChoice] = []
    cpe: str | None = None
    purl: str | None = None
    references: list[_Reference] = []
    evidence: _Evidence | None = None
    properties: list[Property] = []
    components: list[_Component] = []


class _Dependency(msgspec.Struct, gc=False, rename="camel"):
    ref: str = ""
    depends_on: list[str] = []


class _Metadata(msgspec.Struct, gc=False):
    timestamp: str = ""
    component: _Component | None = None


class _Bom(msgspec.Struct, gc=False):
    metadata: _Metadata | None = None
    components: list[_Component] = []
    dependencies: list[_Dependency] = []


def read_cyclonedx(data: bytes, name: str) -> Inventory | IndexInventory:
    """The inventory, or that of an index. Raises `MalformedSbom`."""
    bom = decoded(data, _Bom, name)
    metadata = bom.metadata or _Metadata()
    main = metadata.component or _Component(name=name)
    created = seconds_of(metadata.timestamp)
    needs = [(one.ref, Link.NEEDS, needed) for one in bom.dependencies for needed in one.depends_on]
    with part(name, "metadata.component.properties"):
        told = Told(main.properties)
        subject = told.value("distil:subject", Subject) or _subject(main, created)
    if told.first("distil:index") != "true":
        return _image(main, bom.components, needs, name=name, subject=subject)
    check_images(len(bom.components), name)
    children = []
    for number, child in enumerate(bom.components):
        where = f"{name}: $.components[{number}]"
        own = _subject(child, created)
        children.append(_image(child, child.components, needs, name=where, subject=own))
    return IndexInventory(subject=subject, children=tuple(children))


def _image(
    main: _Component,
    components: list[_Component],
    needs: list[tuple[str, Link, str]],
    *,
    name: str,
    subject: Subject,
) -> Inventory:
    assembly = Assembly(subject)
    assembly.told = Told(main.properties)
    files: list[tuple[int, _Component]] = []
    with part(name, "components") as place:
        for place.position, one in enumerate(components):
            if one.type == "file":
                files.append((place.position, one))
            else:
                _add(assembly, one)
        for place.position, one in files:
            _add_file(assembly, one)
    assembly.links += needs
    with part(name, "metadata.component.properties"):
        return assembly.inventory()


def _add(assembly: Assembly, one: _Component) -> None:
    """A component, and those inside it; what only groups others in Trivy's documents is none."""
    told = Told(one.properties)
    identifier = one.bom_ref or f"#{len(assembly.components)}"
    if one.type == "operating-system":
        assembly.release = _release(one, told)
        return
    if not told.first("aquasecurity:trivy:Class"):
        assembly.add(identifier, component_of(_native(one, told), told))
        for link in (Link.OWNS, Link.CONTAINS):
            others = told.all(f"distil:{link.value}")
            assembly.links += [(identifier, link, other) for other in others]
    for inner in one.components:
        if inner.type == "file":
            _add_file(assembly, inner, identifier)
        else:
            inner.bom_ref = inner.bom_ref or f"#{len(assembly.components)}"
            assembly.links.append((identifier, Link.CONTAINS, inner.bom_ref))
            _add(assembly, inner)


def _add_file(assembly: Assembly, one: _Component, owner: str = "") -> None:
    told = {each.name: each.value for each in one.properties}
    names = [each.value for each in one.properties if each.name == "distil:file:owner"]
    positions = assembly.positions
    owners = tuple(positions[each] for each in names or [owner] if each in positions)
    sums = {each.alg: each.content for each in one.hashes}
    digests = (sums.get("SHA-256", ""), sums.get("SHA-1", ""))
    assembly.files.append(file_of(one.name, told, owners, digests))


def _native(one: _Component, told: Told) -> Native:
    purl = Purl.read(one.purl or "")
    kind = KINDS_OF_SYFT.get(told.first("syft:package:type"), "")
    if not kind and not purl.type and one.type in {"application", "container"}:
        kind = {"application": "application", "container": "image"}[one.type]
    return Native(
        name=_name(one, purl),
        version=one.version or "",
        purl=one.purl or "",
        kind=kind,
        supplier=one.publisher or (one.supplier and one.supplier.name) or "",
        licenses=list(_licenses(one)),
        texts=_texts(one),
        homepage=next((each.url for each in one.references if each.type == "website"), ""),
        description=one.description or "",
        cpes=tuple(filter(None, (one.cpe, *told.all("syft:cpe23")))),
        checksums=tuple(
            Checksum(_ALGORITHMS.get(each.alg, each.alg.lower()), each.content)
            for each in one.hashes
        ),
        places=tuple(_places(one, told)),
    )


def _name(one: _Component, purl: Purl) -> str:
    """The name, with the group where that is a part of the name in its ecosystem."""
    if one.group and purl.type in {"npm", "golang", "composer"}:
        return f"{one.group}/{one.name}"
    return one.name


def _licenses(one: _Component) -> Iterator[str]:
    for choice in one.licenses:
        if choice.expression:
            yield choice.expression
        elif choice.license is not None:
            yield choice.license.id or choice.license.name or ""


def _texts(one: _Component) -> dict[str, str]:
    texts = {}
    for choice in one.licenses:
        for detail in choice.expression_details:
            texts[detail.license_identifier] = detail.text.content if detail.text else ""
        if choice.license is not None and choice.license.name and choice.license.text:
            texts[choice.license.name] = choice.license.text.content
    return texts


def _places(one: _Component, told: Told) -> Iterator[Place]:
    for occurrence in one.evidence.occurrences if one.evidence else ():
        layer = (occurrence.additional_context or "").removeprefix("layer ")
        number = int(layer) if layer.isdecimal() and len(layer) < 10 else UNKNOWN_LAYER
        yield Place(unspelled(occurrence.location), number)
    if one.evidence is None and not told.first("distil:kind"):
        path = told.first("aquasecurity:trivy:FilePath")
        path = told.first("syft:location:0:path") or (path and f"/{path}")
        if path:
            yield Place(path)


def _release(one: _Component, told: Told) -> OsRelease:
    return OsRelease(
        told.first("syft:distro:id") or one.name,
        one.version or "",
        codename=told.first("syft:distro:versionCodename"),
        pretty_name=told.first("syft:distro:prettyName"),
    )


def _subject(main: _Component, created: int) -> Subject:
    version = main.version or ""
    purl = Purl.read(main.purl or "")
    digest = version if version.startswith("sha256:") else ""
    if purl.type == "oci" and purl.version.startswith("sha256:"):
        digest = purl.version
    return Subject(name=main.name, digest=digest, created=created)
