"""Package URLs (purl-spec): a list of them as a document, and what one says of a component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.formats.purl import Purl, image_purl
from distil.model.inventory import IndexInventory, Inventory, InventoryComponent, Subject
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
                )
            )
    return Inventory(subject=subject, components=tuple(components))


def _lines(purls: list[str], seen: set[str]) -> Iterator[bytes]:
    fresh = [one for one in dict.fromkeys(purls) if one and one not in seen]
    seen.update(fresh)
    if fresh:
        yield "".join(f"{one}\n" for one in fresh).encode("utf-8", "replace")
