"""An inventory as SPDX 3.0.1 JSON-LD.

The graph has the image as the root element, which contains the packages, which contain their
files. What SPDX has no field for is an extension of packages, names with values as CycloneDX has
them, and the comment of a file. What a person has to know is an annotation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from distil.formats.purl import image_purl
from distil.formats.spelling import spelled
from distil.model.inventory import (
    OS_KINDS,
    Checksum,
    IndexInventory,
    Inventory,
    InventoryComponent,
    Link,
    OsRelease,
    Subject,
)
from distil.sbom.file_properties import of_file
from distil.sbom.forms import is_address, is_cpe
from distil.sbom.identity import (
    Writing,
    date_of,
    document_id,
    file_identifiers,
    identifiers,
)
from distil.sbom.licensing import Licensing
from distil.sbom.properties import Property, of_component, of_index, of_inventory, sentences
from distil.sbom.scanners import source_for_scanners
from distil.sbom.spdx_words import (
    NOTHING,
    OVERLAP,
    is_known,
    lines_of,
    place_of,
    spdx3_algorithm,
    split_supplier,
)
from distil.sbom.stream import Object, Rows, written
from distil.sbom.tool import TOOL, tool_version

CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_MADE: Final = "_:creation"
_TYPES: Final = {Link.NEEDS: "dependsOn", Link.CONTAINS: "contains", Link.OWNS: "other"}

Element = dict[str, Any]


def write_spdx3(inventory: Inventory | IndexInventory, writing: Writing) -> Iterator[bytes]:
    """The document; parts of it at a time."""
    date = date_of(inventory.subject, writing)
    number = document_id(inventory, "SPDX 3.0.1", date)
    graph = _Graph(f"https://spdx.org/spdxdocs/distil-{number}#")
    document = Object(
        (("@context", CONTEXT), ("@graph", Rows(_elements(inventory, graph, date), nested=True)))
    )
    yield from written(document)
    yield b"\n"


def _elements(
    inventory: Inventory | IndexInventory, graph: _Graph, date: str
) -> Iterator[Element | Object]:
    is_index = isinstance(inventory, IndexInventory)
    main = graph.name("index" if is_index else "image")
    yield from graph.head(inventory.subject, main, date)
    if isinstance(inventory, Inventory):
        yield from _Image(inventory, graph).elements()
        return
    images = [_Image(one, graph, f"{n}-") for n, one in enumerate(inventory.children)]
    yield _subject(graph, inventory.subject, main, of_index(inventory))
    for image in images:
        yield from image.elements()
    for type_ in ("contains", "hasVariant"):
        if images:
            yield graph.relation(main, type_, [one.root for one in images])


class _Graph:
    """What all elements of a document share: the start of their names, agents, licences."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._agents: dict[str, str] = {}
        self._licenses: dict[tuple[str, ...], str] = {}
        self._relations = 0

    def name(self, identifier: str) -> str:
        """The IRI of an element."""
        return self._start + identifier

    def element(self, type_: str, identifier: str, **members: object) -> Element:
        """An element; members that are None, empty texts or lists are left out."""
        told: Element = {"type": type_, "spdxId": self._start + identifier, "creationInfo": _MADE}
        told.update((name, value) for name, value in members.items() if value)
        return told

    def head(self, subject: Subject, main: str, date: str) -> Iterator[Element]:
        """When it was made and by what, the document, and the bill of materials in it."""
        yield {
            "type": "CreationInfo",
            "@id": _MADE,
            "specVersion": "3.0.1",
            "created": date,
            "createdBy": [self.name("distil")],
        }
        yield self.element("SoftwareAgent", "distil", name=f"{TOOL} {tool_version()}")
        profiles = ["core", "software", "simpleLicensing", "extension"]
        sbom = self.name("sbom")
        yield self.element(
            "SpdxDocument",
            "document",
            name=subject.name,
            rootElement=[sbom],
            profileConformance=profiles,
        )
        yield self.element(
            "software_Sbom", "sbom", rootElement=[main], software_sbomType=["analyzed"]
        )

    def relation(self, from_: str, type_: str, to: object, **members: object) -> Element:
        """A relation of an element to others."""
        self._relations += 1
        told = {"from": from_, "relationshipType": type_, "to": to} | members
        return self.element("Relationship", f"relation-{self._relations}", **told)

    def agent(self, supplier: str) -> tuple[str, list[Element]]:
        """The name of who supplies something, and the elements that are not there yet."""
        if supplier in self._agents:
            return self._agents[supplier], []
        kind, name, address = split_supplier(supplier)
        identifier = f"agent-{len(self._agents) + 1}"
        self._agents[supplier] = self.name(identifier)
        email = [_identifier("email", address)] if address else None
        made = self.element(kind, identifier, name=name, externalIdentifier=email)
        return self._agents[supplier], [made]

    def license(self, licensing: Licensing) -> tuple[str, list[Element]]:
        """The name of an expression, and the elements that are not there yet."""
        key = (licensing.expression, *licensing.texts.values())
        if key in self._licenses:
            return self._licenses[key], []
        identifier = f"license-{len(self._licenses) + 1}"
        self._licenses[key] = self.name(identifier)
        elements, meanings = [], []
        for number, (ref, text) in enumerate(licensing.texts.items(), 1):
            of_text = f"{identifier}-text-{number}"
            elements.append(
                self.element(
                    "simplelicensing_SimpleLicensingText",
                    of_text,
                    simplelicensing_licenseText=text or NOTHING,
                )
            )
            meanings.append({"type": "DictionaryEntry", "key": ref, "value": self.name(of_text)})
        made = self.element(
            "simplelicensing_LicenseExpression",
            identifier,
            simplelicensing_licenseExpression=licensing.expression,
            simplelicensing_customIdToUri=meanings,
        )
        return self._licenses[key], [*elements, made]


class _Image:
    """One image's elements; `prefix` keeps their names apart from those of others."""

    def __init__(self, inventory: Inventory, graph: _Graph, prefix: str = "") -> None:
        self._inventory = inventory
        self._graph = graph
        self._prefix = prefix
        self.root = graph.name(f"{prefix}image")
        names = identifiers(inventory.components, f"{prefix}package-")
        self._names = names
        self._file = f"{prefix}file-"
        self._files = list(file_identifiers(inventory.files))

    def elements(self) -> Iterator[Element | Object]:
        """All of them."""
        graph, inventory = self._graph, self._inventory
        yield _subject(graph, inventory.subject, self.root, of_inventory(inventory))
        system = f"{self._prefix}system"
        if inventory.release is not None:
            yield _system(graph, inventory.release, system)
        for component, name in zip(inventory.components, self._names, strict=True):
            yield from self._package(component, name)
        yield from self._file_elements()
        inside = [graph.name(one) for one in self._names]
        if inventory.release is not None:
            inside.append(graph.name(system))
        if inside:
            yield graph.relation(self.root, "contains", inside)
        yield from self._links()
        yield from self._contained()

    def _package(self, component: InventoryComponent, name: str) -> Iterator[Element]:
        graph = self._graph
        properties = [*of_component(component), *map(place_of, component.places)]
        supplier, made = graph.agent(component.supplier) if component.supplier else ("", [])
        yield from made
        if component.homepage and not is_address(component.homepage):
            properties.append(Property("distil:homepage", component.homepage))
        is_program = component.kind in {"application", "binary"}
        element = graph.element(
            "software_Package",
            name,
            name=component.name,
            description=component.description,
            comment="; ".join(sentences(component)),
            software_packageVersion=component.version,
            software_packageUrl=component.purl,
            software_primaryPurpose="application" if is_program else "library",
            software_homePage=component.homepage if is_address(component.homepage) else "",
            software_sourceInfo=_source(component),
            suppliedBy=supplier,
            externalIdentifier=_cpes(component, properties),
            verifiedUsing=_hashes(component.checksums, properties),
        )
        yield element | _extension(properties)
        licensing = Licensing(component.licenses, component.license_texts)
        if licensing.expression:
            license_, made = graph.license(licensing)
            yield from made
            yield graph.relation(graph.name(name), "hasDeclaredLicense", [license_])
        if words := sentences(component):
            yield graph.element(
                "Annotation",
                f"{name}-annotation",
                annotationType="other",
                subject=graph.name(name),
                statement="; ".join(words),
            )

    def _file_elements(self) -> Iterator[Element]:
        graph = self._graph
        for file, name in zip(self._inventory.files, self._files, strict=True):
            told = graph.element("software_File", self._file + name)
            told["name"] = spelled(file.path)
            told["software_fileKind"] = "file"
            told["comment"] = lines_of(of_file(file))
            sums = (("sha1", file.sha1), ("sha256", file.digest.removeprefix("sha256:")))
            if hashes := [_hash(algorithm, value) for algorithm, value in sums if value]:
                told["verifiedUsing"] = hashes
            yield told

    def _links(self) -> Iterator[Element]:
        """What needs, contains and owns what; each subject's of a kind together."""
        by_ref: dict[str, str] = {}
        for component, name in zip(self._inventory.components, self._names, strict=True):
            by_ref.setdefault(component.ref, self._graph.name(name))
        links: dict[tuple[str, Link], list[str]] = {}
        for one in self._inventory.relations:
            if one.subject in by_ref and one.object in by_ref:
                key = (by_ref[one.subject], one.link)
                links.setdefault(key, []).append(by_ref[one.object])
        for (subject, link), objects in links.items():
            comment = {"comment": OVERLAP} if link is Link.OWNS else {}
            yield self._graph.relation(subject, _TYPES[link], objects, **comment)

    def _contained(self) -> Iterator[Object]:
        """Which files each package has; the image has the others."""
        owned: list[list[int]] = [[] for _ in self._names]
        others: list[int] = []
        for position, file in enumerate(self._inventory.files):
            for owner in file.owners:
                owned[owner].append(position)
            if not file.owners:
                others.append(position)
        start = self._graph.name(self._file)
        roots = [*map(self._graph.name, self._names), self.root]
        for subject, positions in zip(roots, [*owned, others], strict=True):
            if positions:
                to = Rows(start + self._files[position] for position in positions)
                yield Object(self._graph.relation(subject, "contains", to).items())


def _subject(graph: _Graph, subject: Subject, iri: str, properties: Iterable[Property]) -> Element:
    algorithm, _, value = subject.digest.partition(":")
    told = graph.element(
        "software_Package",
        "",
        name=subject.name,
        software_packageVersion=subject.digest,
        software_packageUrl=image_purl(subject),
        software_primaryPurpose="container",
        verifiedUsing=_hashes((Checksum(algorithm, value),), []),
    )
    return told | {"spdxId": iri} | _extension(properties)


def _system(graph: _Graph, release: OsRelease, name: str) -> Element:
    return graph.element(
        "software_Package",
        name,
        name=release.id,
        software_packageVersion=release.version_id,
        software_primaryPurpose="operatingSystem",
        description=release.pretty_name,
    )


def _extension(properties: Iterable[Property]) -> Element:
    entries = [
        {
            "type": "extension_CdxPropertyEntry",
            "extension_cdxPropName": one.name,
            "extension_cdxPropValue": one.value,
        }
        for one in properties
    ]
    extension = {"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": entries}
    return {"extension": [extension]} if entries else {}


def _source(component: InventoryComponent) -> str:
    if component.kind not in OS_KINDS:
        return ""
    source = source_for_scanners(component)
    return f"built package from: {source.name} {source.version}"


def _cpes(component: InventoryComponent, properties: list[Property]) -> list[Element]:
    properties += [Property("distil:cpe", one) for one in component.cpes if not is_cpe(one)]
    return [_identifier("cpe23", one) for one in component.cpes if is_cpe(one)]


def _identifier(type_: str, identifier: str) -> Element:
    return {
        "type": "ExternalIdentifier",
        "externalIdentifierType": type_,
        "identifier": identifier,
    }


def _hashes(checksums: Sequence[Checksum], properties: list[Property]) -> list[Element]:
    hashes = []
    for one in checksums:
        if is_known(one):
            hashes.append(_hash(spdx3_algorithm(one.algorithm), one.value))
        elif one.value:
            properties.append(Property("distil:checksum", f"{one.algorithm}:{one.value}"))
    return hashes


def _hash(algorithm: str, value: str) -> Element:
    return {"type": "Hash", "algorithm": algorithm, "hashValue": value}
