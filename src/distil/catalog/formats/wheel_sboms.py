"""SBOMs inside Python distributions: ``.dist-info/sboms/*.json`` (PEP 770).

They tell of what was built in: CycloneDX components with those nested in them, SPDX 2 packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.catalog.facts import Content, Facts, Stated, Unreadable
from distil.catalog.formats.image_path import directory_of
from distil.catalog.formats.json_file import json_file, line, word
from distil.catalog.formats.licenses import Licenses, spdx, spdx_all
from distil.catalog.formats.python_metadata import info_key, normalised
from distil.model.inventory import InventoryComponent

_KINDS: Final = {
    "cargo": "rust",
    "composer": "composer",
    "conda": "conda",
    "cran": "r",
    "gem": "gem",
    "golang": "go",
    "luarocks": "lua",
    "maven": "java",
    "npm": "npm",
    "nuget": "dotnet",
    "pypi": "python",
}
"""Kinds by the type of the package URL; what is copied from a system's package is a program."""
_MOST: Final = 100_000

_BUILD_PLACE: Final = re.compile(r"\?download_url=file:[^&#]*(?=#|\Z)")
"""Where the sources of a crate were on the machine that built: no other document calls it so."""


class _Component(msgspec.Struct):
    name: object = None
    version: object = None
    purl: object = None
    description: object = None
    scope: object = None
    licenses: object = None
    components: list[_Component] = []


class _Reference(msgspec.Struct):
    kind: object = msgspec.field(default=None, name="referenceType")
    locator: object = msgspec.field(default=None, name="referenceLocator")


class _SpdxPackage(msgspec.Struct):
    name: object = None
    version: object = msgspec.field(default=None, name="versionInfo")
    summary: object = None
    concluded: object = msgspec.field(default=None, name="licenseConcluded")
    declared: object = msgspec.field(default=None, name="licenseDeclared")
    references: list[_Reference] = msgspec.field(default_factory=list, name="externalRefs")


class _Document(msgspec.Struct):
    """Either kind of document."""

    bom_format: object = msgspec.field(default=None, name="bomFormat")
    spdx_version: object = msgspec.field(default=None, name="spdxVersion")
    components: list[_Component] = []
    packages: list[_SpdxPackage] = []


def document(path: str, content: Content) -> Facts:
    """The components of a document, each inside the distribution that has it."""
    told = json_file(content, _Document)
    if told.bom_format == "CycloneDX":
        found = list(_cyclonedx(told.components))
    elif word(told.spdx_version).startswith("SPDX-2"):
        found = [_of_spdx(one) for one in told.packages]
    else:
        raise Unreadable("it is neither CycloneDX nor SPDX 2")
    information = directory_of(path, 2)
    own = normalised(information.rpartition("/")[2].partition("-")[0])
    key = info_key(information)
    return Facts(
        tuple(
            Stated(one, inside=key)
            for one in found
            if one.name and not (one.kind == "python" and normalised(one.name) == own)
        )
    )


def _cyclonedx(components: list[_Component]) -> Iterator[InventoryComponent]:
    waiting = list(reversed(components))
    count = 0
    while waiting:
        one = waiting.pop()
        count += 1
        if count > _MOST:
            raise Unreadable(f"it lists more than {_MOST:,} components")
        if one.scope == "excluded":  # It was needed to build, and is not in what was built.
            continue
        licenses = spdx_all(_license_names(one.licenses))
        yield _component(one.name, one.version, one.purl, licenses, one.description)
        waiting += reversed(one.components)


def _license_names(told: object) -> Iterator[str]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            inner = one.get("license")
            fields = inner if isinstance(inner, dict) else {}
            name = word(one.get("expression")) or word(fields.get("id")) or word(fields.get("name"))
            if name:
                yield name


def _of_spdx(told: _SpdxPackage) -> InventoryComponent:
    purl = next((one.locator for one in told.references if one.kind == "purl"), None)
    named = (word(told.concluded), word(told.declared))
    licenses = spdx(next((one for one in named if one not in ("", "NOASSERTION", "NONE")), ""))
    return _component(told.name, told.version, purl, licenses, told.summary)


def _component(
    name: object, version: object, purl: object, licenses: Licenses, description: object
) -> InventoryComponent:
    url = _BUILD_PLACE.sub("", word(purl))
    is_purl = url.startswith("pkg:")
    return InventoryComponent(
        name=word(name),
        version=word(version),
        kind=_KINDS.get(url[4:].partition("/")[0], "binary") if is_purl else "binary",
        purl=url if is_purl else "",
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        description=line(description),
    )
