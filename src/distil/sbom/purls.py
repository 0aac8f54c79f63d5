"""Package URLs (purl-spec): a list of them as a document, and what one says of a component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from distil.formats.purl import Purl, image_purl
from distil.model.inventory import (
    OS_KINDS,
    IndexInventory,
    Inventory,
    InventoryComponent,
    OsRelease,
    SourcePackage,
    Subject,
)
from distil.sbom.identity import Writing

_KINDS: Final = {
    "deb": "deb",
    "opkg": "opkg",
    "apk": "apk",
    "rpm": "rpm",
    "alpm": "alpm",
    "ebuild": "portage",
    "pypi": "python",
    "conda": "conda",
    "npm": "npm",
    "golang": "go",
    "cargo": "rust",
    "maven": "java",
    "gem": "gem",
    "composer": "composer",
    "pear": "pear",
    "pecl": "pear",
    "nuget": "dotnet",
    "cran": "r",
    "luarocks": "lua",
    "cpan": "perl",
    "oci": "image",
    "docker": "image",
    "generic": "binary",
}
"""Types of package URLs, and the kinds of components (`KINDS`)."""


def kind_of(purl: Purl, otherwise: str = "") -> str:
    """The kind of a component with this package URL; a program where nothing is told."""
    return otherwise or _KINDS.get(purl.type, "binary")


def source_of(purl: Purl) -> SourcePackage | None:
    """What it was built from, as the qualifier ``upstream`` says."""
    name, _, version = purl.qualifiers.get("upstream", "").partition("@")
    return SourcePackage(name, "" if version == purl.version else version) if name else None


def release_of(components: Iterable[InventoryComponent]) -> OsRelease | None:
    """The system that the packages of systems are of, as the qualifier ``distro`` says."""
    for one in components:
        distro = Purl.read(one.purl).qualifiers.get("distro", "")
        if one.kind in OS_KINDS and distro:
            name, _, version = distro.partition("-")
            return OsRelease(name, version)
    return None


def write_purls(inventory: Inventory | IndexInventory, writing: Writing) -> Iterator[bytes]:
    """The package URL of the image and those of its components, one a line, each once."""
    del writing
    seen: set[str] = set()
    children = (inventory,) if isinstance(inventory, Inventory) else inventory.children
    if isinstance(inventory, IndexInventory):
        yield from _lines([image_purl(inventory.subject)], seen)
    for child in children:
        yield from _lines([image_purl(child.subject)], seen)
        yield from _lines([one.purl for one in child.components], seen)


def read_purls(text: str, name: str) -> Inventory:
    """The components of a list of package URLs."""
    components: list[InventoryComponent] = []
    subject = Subject(name=name)
    for line in text.splitlines():
        purl = Purl.read(line.strip())
        if purl.type == "oci" and not components:
            subject = Subject(name=purl.name, digest=purl.version)
        elif purl.type:
            components.append(
                InventoryComponent(
                    name=purl.full_name,
                    version=purl.version,
                    kind=kind_of(purl),
                    purl=line.strip(),
                    architecture=purl.qualifiers.get("arch", ""),
                    source=source_of(purl),
                )
            )
    release = release_of(components)
    return Inventory(subject=subject, release=release, components=tuple(components))


def _lines(purls: list[str], seen: set[str]) -> Iterator[bytes]:
    fresh = [one for one in dict.fromkeys(purls) if one and one not in seen]
    seen.update(fresh)
    if fresh:
        yield "".join(f"{one}\n" for one in fresh).encode("utf-8", "replace")
