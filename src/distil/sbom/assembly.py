"""A document's parts on the way back to an `Inventory`: what refers to what, by identifiers."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from distil.formats.purl import Purl
from distil.formats.spelling import unspelled
from distil.model.inventory import (
    UNKNOWN_LAYER,
    Checksum,
    Inventory,
    InventoryComponent,
    InventoryFile,
    InventoryLayer,
    Link,
    OsRelease,
    Place,
    Relation,
    SourcePackage,
    Subject,
)
from distil.sbom.licensing import read_licenses
from distil.sbom.properties import Told, inventory_of
from distil.sbom.purls import kind_of, release_of, source_of
from distil.sbom.scanners import source_told


class Native(msgspec.Struct):
    """A component as the fields of a format say it; properties say the rest.

    `kind` is empty where the package URL says it.
    """

    name: str
    version: str = ""
    purl: str = ""
    kind: str = ""
    supplier: str = ""
    licenses: Iterable[str] = ()
    texts: dict[str, str] = {}
    homepage: str = ""
    description: str = ""
    cpes: tuple[str, ...] = ()
    checksums: tuple[Checksum, ...] = ()
    places: tuple[Place, ...] = ()


class Assembly:
    """One image's parts."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.told = Told(())
        self.release: OsRelease | None = None
        self.layers: tuple[InventoryLayer, ...] = ()
        self.components: list[InventoryComponent] = []
        self.positions: dict[str, int] = {}
        self.links: list[tuple[str, Link, str]] = []
        self.files: list[InventoryFile] = []

    def add(self, identifier: str, component: InventoryComponent) -> None:
        """A component, by what the document calls it."""
        self.positions[identifier] = len(self.components)
        self.components.append(component)

    def inventory(self) -> Inventory:
        """All of it. Raises `ValueError` for properties that make no sense.

        Relations to what the document does not have are left out.
        """
        positions = self.positions
        refs = [one.ref for one in self.components]
        relations = {
            Relation(refs[positions[subject]], link, refs[positions[object_]])
            for subject, link, object_ in self.links
            if subject in positions and object_ in positions
        }
        # What we wrote says that there is no release where it does not say which.
        is_own = bool(self.told.first("distil:scope"))
        found = Inventory(
            subject=self.subject,
            release=self.release or (None if is_own else release_of(self.components)),
            components=tuple(self.components),
            relations=tuple(sorted(relations)),
            files=tuple(sorted(self.files, key=_path)),
            layers=self.layers,
        )
        return inventory_of(self.told, found)


def component_of(native: Native, told: Told) -> InventoryComponent:
    """A component from a document's fields and properties. Raises `ValueError` for nonsense."""
    purl = Purl.read(native.purl)
    texts = native.texts | dict(_split(one) for one in told.all("distil:license-text"))
    licenses, license_texts = read_licenses(native.licenses, texts)
    more = tuple(Checksum(*one.partition(":")[::2]) for one in told.all("distil:checksum"))
    places = tuple(_place(one) for one in told.all("distil:place"))
    is_own = bool(told.first("distil:kind"))
    return InventoryComponent(
        name=native.name,
        version=native.version,
        kind=told.first("distil:kind") or kind_of(purl, native.kind),
        purl=native.purl,
        architecture=told.first("distil:architecture")
        or ("" if is_own else purl.qualifiers.get("arch", "")),
        source=_source(told, purl),
        supplier=told.first("distil:supplier", native.supplier),
        licenses=licenses,
        license_texts=license_texts,
        homepage=told.first("distil:homepage", native.homepage),
        description=told.first("distil:description", native.description),
        cpes=native.cpes + tuple(told.all("distil:cpe")),
        checksums=native.checksums + more,
        places=places or native.places,
        claimed=told.number("distil:files:claimed"),
        present=told.number("distil:files:present"),
        modified=tuple(unspelled(one) for one in told.all("distil:files:modified")),
        layer=told.number("distil:layer", UNKNOWN_LAYER),
        removed_by=told.number("distil:removed-by", UNKNOWN_LAYER),
        properties=tuple(told.others),
    )


def _source(told: Told, purl: Purl) -> SourcePackage | None:
    """What it was built from, as a package URL has it in the qualifier ``upstream``."""
    if name := told.first("distil:source:name"):
        return SourcePackage(name, told.first("distil:source:version"))
    if told.first("distil:kind"):
        return None
    found = source_of(purl) or source_told(told)
    if found is not None and found.version == purl.version:
        return SourcePackage(found.name)
    return found


def _split(text: str) -> tuple[str, str]:
    ref, _, words = text.partition("\t")
    return ref, words


def _place(text: str) -> Place:
    path, _, layer = text.rpartition("\t")
    return Place(unspelled(path), int(layer[:20]))


def _path(file: InventoryFile) -> str:
    return file.path
