"""An inventory as SPDX 2.3 JSON.

The document describes the image, a package that contains the others; an index contains its
images. What SPDX has no field for is an annotation of the package, a line each, and the comment
of a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

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
from distil.sbom.licensing import REF, Licensing
from distil.sbom.properties import Property, of_component, of_index, of_inventory, sentences
from distil.sbom.scanners import source_for_scanners
from distil.sbom.spdx_words import (
    NO_SHA1,
    NOTHING,
    OVERLAP,
    actor_of,
    is_known,
    lines_of,
    place_of,
    spdx2_algorithm,
)
from distil.sbom.stream import Object, Rows, written
from distil.sbom.tool import TOOL, tool_version

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9.]+")
_TYPES: Final = {Link.NEEDS: "DEPENDS_ON", Link.CONTAINS: "CONTAINS", Link.OWNS: "OTHER"}
_OWNS: Final = (
    f"{OVERLAP}: indicates that the parent package claims ownership of a child package since the "
    "parent metadata indicates overlap with a location that a cataloger found the child package by"
)


class _Checksum(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    algorithm: str
    checksum_value: str


class _File(msgspec.Struct, frozen=True, gc=False, rename={"spdx_id": "SPDXID"}):
    fileName: str  # noqa: N815
    spdx_id: str
    checksums: list[_Checksum]
    comment: str


class _Relationship(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    spdx_element_id: str
    relationship_type: str
    related_spdx_element: str
    comment: str = ""


def write_spdx2(inventory: Inventory | IndexInventory, writing: Writing) -> Iterator[bytes]:
    """The document; parts of it at a time."""
    date = date_of(inventory.subject, writing)
    extracted = _Extracted()
    number = document_id(inventory, "SPDX 2.3", date)
    name = inventory.subject.name
    is_index = isinstance(inventory, IndexInventory)
    images = (
        [_Image(one, date, extracted, f"{n}-") for n, one in enumerate(inventory.children)]
        if isinstance(inventory, IndexInventory)
        else [_Image(inventory, date, extracted)]
    )
    main = "SPDXRef-Index" if is_index else images[0].root
    document = Object(
        (
            ("spdxVersion", "SPDX-2.3"),
            ("dataLicense", "CC0-1.0"),
            ("SPDXID", _DOCUMENT),
            ("name", name),
            ("documentNamespace", f"https://spdx.org/spdxdocs/{_safe(name)}-{number}"),
            ("creationInfo", {"created": date, "creators": [f"Tool: {TOOL}-{tool_version()}"]}),
            ("packages", Rows(_packages(inventory, images, date))),
            ("files", Rows(row for one in images for row in one.files())),
            ("relationships", Rows(_relationships(images, main, is_index=is_index))),
            ("hasExtractedLicensingInfos", Rows(extracted.rows())),
        )
    )
    yield from written(document)
    yield b"\n"


def _safe(name: str) -> str:
    return quote(name.encode("utf-8", "replace"), safe="")[:200]


def _packages(
    inventory: Inventory | IndexInventory, images: list[_Image], date: str
) -> Iterator[dict[str, Any]]:
    if isinstance(inventory, IndexInventory):
        yield _subject(inventory.subject, "SPDXRef-Index") | {
            "filesAnalyzed": False,
            "annotations": _annotations(of_index(inventory), date),
        }
    for one in images:
        yield from one.packages()


def _relationships(images: list[_Image], main: str, *, is_index: bool) -> Iterator[_Relationship]:
    yield _Relationship(_DOCUMENT, "DESCRIBES", main)
    for image in images:
        if is_index:
            yield _Relationship(main, "CONTAINS", image.root)
            yield _Relationship(image.root, "VARIANT_OF", main)
        yield from image.relationships()


class _Extracted:
    """The licences that SPDX has no name for, of a whole document, and their words."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._used: dict[str, int] = {}

    def expression(self, licensing: Licensing) -> str:
        """The expression, with names that mean the same words everywhere in the document."""
        names = {}
        for ref, text in licensing.texts.items():
            if (ref, text) not in self._names:
                self._used[ref] = count = self._used.get(ref, 0) + 1
                self._names[ref, text] = ref if count == 1 else f"{ref}.text-{count}"
            names[ref] = self._names[ref, text]
        if all(ref == name for ref, name in names.items()):
            return licensing.expression
        return _LICENSE_REF.sub(lambda found: names[found[0]], licensing.expression)

    def rows(self) -> Iterator[dict[str, str]]:
        """What the document has of each."""
        for (ref, text), name in self._names.items():
            yield {"licenseId": name, "name": ref, "extractedText": text or NOTHING}


_LICENSE_REF: Final = re.compile(rf"{REF}[A-Za-z0-9.-]+")


class _Image:
    """One image's part of a document; `prefix` keeps its identifiers apart from others'."""

    def __init__(
        self, inventory: Inventory, date: str, extracted: _Extracted, prefix: str = ""
    ) -> None:
        self._inventory = inventory
        self._date = date
        self._extracted = extracted
        self._prefix = prefix
        self.root = f"SPDXRef-{prefix}Image"
        self._file = f"SPDXRef-File-{prefix}"
        self._files = list(file_identifiers(inventory.files))
        self._names = [
            f"SPDXRef-Package-{prefix}{one.kind}-{_NOT_ID.sub('-', one.name)}-{name}"
            for one, name in zip(
                inventory.components, identifiers(inventory.components), strict=True
            )
        ]

    def packages(self) -> Iterator[dict[str, Any]]:
        """The image, its system and its components."""
        sums: list[list[str]] = [[] for _ in self._names]
        unowned: list[str] = []
        for file in self._inventory.files:
            for owner in file.owners:
                sums[owner].append(file.sha1 or NO_SHA1)
            if not file.owners:
                unowned.append(file.sha1 or NO_SHA1)
        yield (
            _subject(self._inventory.subject, self.root)
            | _analyzed(unowned)
            | {"annotations": _annotations(of_inventory(self._inventory), self._date)}
        )
        if self._inventory.release is not None:
            yield _system(self._inventory.release, f"SPDXRef-{self._prefix}OperatingSystem")
        for component, name, owned in zip(
            self._inventory.components, self._names, sums, strict=True
        ):
            yield self._package(component, name, owned)

    def files(self) -> Iterator[_File]:
        """Every file."""
        for file, name in zip(self._inventory.files, self._files, strict=True):
            checksums = [_Checksum("SHA1", file.sha1 or NO_SHA1)]
            if file.digest:
                checksums.append(_Checksum("SHA256", file.digest.removeprefix("sha256:")))
            yield _File(
                "." + spelled(file.path), self._file + name, checksums, lines_of(of_file(file))
            )

    def relationships(self) -> Iterator[_Relationship]:
        """What contains, needs and owns what."""
        if self._inventory.release is not None:
            system = f"SPDXRef-{self._prefix}OperatingSystem"
            yield _Relationship(self.root, "CONTAINS", system)
        by_ref: dict[str, str] = {}
        for component, name in zip(self._inventory.components, self._names, strict=True):
            by_ref.setdefault(component.ref, name)
            yield _Relationship(self.root, "CONTAINS", name)
        for one in self._inventory.relations:
            subject, object_ = by_ref.get(one.subject), by_ref.get(one.object)
            if subject and object_:
                comment = _OWNS if one.link is Link.OWNS else ""
                yield _Relationship(subject, _TYPES[one.link], object_, comment)
        for file, name in zip(self._inventory.files, self._files, strict=True):
            for owner in file.owners:
                yield _Relationship(self._names[owner], "CONTAINS", self._file + name)
            if not file.owners:
                yield _Relationship(self.root, "CONTAINS", self._file + name)

    def _package(
        self, component: InventoryComponent, name: str, owned: list[str]
    ) -> dict[str, Any]:
        properties = list(of_component(component))
        licensing = Licensing(component.licenses, component.license_texts)
        supplier = actor_of(component.supplier)
        if component.supplier and not supplier:
            properties.append(Property("distil:supplier", component.supplier))
        package: dict[str, Any] = {"name": component.name, "SPDXID": name}
        if component.version:
            package["versionInfo"] = component.version
        package["supplier"] = supplier or NOTHING
        package["downloadLocation"] = NOTHING
        package |= _analyzed(owned) | _checksums(component, properties)
        package |= _told(component, properties)
        package["licenseConcluded"] = NOTHING
        package["licenseDeclared"] = self._extracted.expression(licensing) or NOTHING
        package["copyrightText"] = NOTHING
        if references := _references(component, properties):
            package["externalRefs"] = references
        properties += map(place_of, component.places)
        package["annotations"] = _annotations(properties, self._date)
        return package


def _analyzed(sums: list[str]) -> dict[str, Any]:
    """Whether files of a package are listed, and their verification code (SPDX 2.3, 7.9)."""
    if not sums:
        return {"filesAnalyzed": False}
    code = hashlib.sha1("".join(sorted(sums)).encode(), usedforsecurity=False).hexdigest()
    return {
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": code},
    }


def _checksums(component: InventoryComponent, properties: list[Property]) -> dict[str, Any]:
    known = [one for one in component.checksums if is_known(one)]
    properties += [
        Property("distil:checksum", f"{one.algorithm}:{one.value}")
        for one in component.checksums
        if one not in known
    ]
    return {"checksums": [_checksum(one) for one in known]} if known else {}


def _checksum(one: Checksum) -> _Checksum:
    return _Checksum(spdx2_algorithm(one.algorithm), one.value)


def _told(component: InventoryComponent, properties: list[Property]) -> dict[str, Any]:
    """Home page, description, what it was built from, and what a person has to know."""
    told: dict[str, Any] = {}
    if is_address(component.homepage):
        told["homepage"] = component.homepage
    elif component.homepage:
        properties.append(Property("distil:homepage", component.homepage))
    if component.kind in OS_KINDS:
        source = source_for_scanners(component)
        told["sourceInfo"] = f"built package from: {source.name} {source.version}"
    if component.description:
        told["description"] = component.description
    if words := sentences(component):
        told["comment"] = "; ".join(words)
    is_program = component.kind in {"application", "binary"}
    told["primaryPackagePurpose"] = "APPLICATION" if is_program else "LIBRARY"
    return told


def _references(component: InventoryComponent, properties: list[Property]) -> list[dict[str, str]]:
    references = []
    for cpe in component.cpes:
        if is_cpe(cpe):
            references.append(_reference("SECURITY", "cpe23Type", cpe))
        else:
            properties.append(Property("distil:cpe", cpe))
    if component.purl:
        references.append(_reference("PACKAGE-MANAGER", "purl", component.purl))
    return references


def _reference(category: str, kind: str, locator: str) -> dict[str, str]:
    return {
        "referenceCategory": category,
        "referenceType": kind,
        "referenceLocator": locator,
    }


def _annotations(properties: Iterable[Property], date: str) -> list[dict[str, str]]:
    return [
        {
            "annotator": f"Tool: {TOOL}-{tool_version()}",
            "annotationDate": date,
            "annotationType": "OTHER",
            "comment": lines_of(properties),
        }
    ]


def _subject(subject: Subject, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": subject.name, "SPDXID": name}
    if subject.digest:
        told["versionInfo"] = subject.digest
    told |= {
        "supplier": NOTHING,
        "downloadLocation": NOTHING,
        "licenseConcluded": NOTHING,
        "licenseDeclared": NOTHING,
        "copyrightText": NOTHING,
        "primaryPackagePurpose": "CONTAINER",
    }
    algorithm, _, value = subject.digest.partition(":")
    if is_known(Checksum(algorithm, value)):
        told["checksums"] = [_Checksum(spdx2_algorithm(algorithm), value)]
    if purl := image_purl(subject):
        told["externalRefs"] = [_reference("PACKAGE-MANAGER", "purl", purl)]
    return told


def _system(release: OsRelease, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": release.id, "SPDXID": name}
    if release.version_id:
        told["versionInfo"] = release.version_id
    return told | {
        "supplier": NOTHING,
        "downloadLocation": NOTHING,
        "filesAnalyzed": False,
        "licenseConcluded": NOTHING,
        "licenseDeclared": NOTHING,
        "copyrightText": NOTHING,
        "description": release.pretty_name,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
    }
