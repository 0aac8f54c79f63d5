"""A document held against the bytes: what it tells that is not so, and what it does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.formats.purl import Purl
from distil.model.inventory import Inventory, InventoryComponent, InventoryFile

_MOST_PURLS: Final = 100
"""Package URLs of one name and version that another one is compared with, unless it is the same."""


class Mismatch(msgspec.Struct, frozen=True, order=True):
    """A component by kind and name whose version the document `told`, and which was `found`."""

    kind: str
    name: str
    told: str = ""
    found: str = ""


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a document and the bytes differ.

    Components are `missing` in the document, `extra` in it, have other `versions`, or package URLs
    (`purls`) that name something else. Files, by path, are `added` to what the document lists,
    `changed` since, or `removed`.
    """

    missing: tuple[Mismatch, ...] = ()
    extra: tuple[Mismatch, ...] = ()
    versions: tuple[Mismatch, ...] = ()
    purls: tuple[Mismatch, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return self == Comparison()

    def sentences(self) -> Iterator[str]:
        """Each difference in a sentence."""
        for one in self.missing:
            yield f"{one.kind} {one.name} {one.found} is in the image, and not in the document"
        for one in self.extra:
            yield f"{one.kind} {one.name} {one.told} is in the document, and not in the image"
        for one in self.versions:
            yield f"{one.kind} {one.name} is {one.found}, and in the document {one.told}"
        for one in self.purls:
            yield f"{one.kind} {one.name} is {one.found}, and in the document {one.told}"
        for path in self.added:
            yield f"{path} is in the image, and not in the document"
        for path in self.changed:
            yield f"{path} is not the file that the document lists"
        for path in self.removed:
            yield f"{path} is in the document, and not in the image"


def differences(document: Inventory, found: Inventory) -> tuple[str, ...]:
    """In sentences how a document differs from what was found in the bytes; none if it agrees."""
    return tuple(compare(document, found).sentences())


def compare(document: Inventory, found: Inventory) -> Comparison:
    """How a document differs from what was found in the bytes.

    Components are the same by kind, name and version, whatever tells of them, and where both have
    package URLs by what these name, which is what scanners go by; files by kind, mode and digest,
    as far as the document tells these. A document that does not list all files lacks none.
    """
    missing, extra, versions = _components(document.components, found.components)
    added, changed, removed = _files(document, found)
    purls = tuple(sorted(_misnamed(document.components, found.components)))
    return Comparison(missing, extra, versions, purls, added, changed, removed)


def _components(
    told: Iterable[InventoryComponent], found: Iterable[InventoryComponent]
) -> tuple[tuple[Mismatch, ...], tuple[Mismatch, ...], tuple[Mismatch, ...]]:
    in_document, in_bytes = _counted(told), _counted(found)
    missing, extra, versions = [], [], []
    for kind, name in sorted(in_document.keys() | in_bytes.keys()):
        there = in_document.get((kind, name), Counter())
        here = in_bytes.get((kind, name), Counter())
        only_there = sorted((there - here).elements())
        only_here = sorted((here - there).elements())
        both = min(len(only_there), len(only_here))
        for old, new in zip(only_there[:both], only_here[:both], strict=True):
            versions.append(Mismatch(kind, name, old, new))
        extra += [Mismatch(kind, name, told=one) for one in only_there[both:]]
        missing += [Mismatch(kind, name, found=one) for one in only_here[both:]]
    return tuple(missing), tuple(extra), tuple(versions)


def _misnamed(
    told: Iterable[InventoryComponent], found: Iterable[InventoryComponent]
) -> Iterator[Mismatch]:
    """Components of which the document's package URL names another package than the bytes'."""
    here: dict[tuple[str, str, str], dict[str, None]] = {}
    for one in found:
        here.setdefault((one.kind, one.name, one.version), {})[one.purl] = None
    for one in told:
        purls = here.get((one.kind, one.name, one.version), {})
        if not one.purl or one.purl in purls or "" in purls:
            continue
        several = list(purls)[:_MOST_PURLS]
        if several and not any(_is_same(one.purl, other) for other in several):
            yield Mismatch(one.kind, one.name, one.purl, several[0])


def _is_same(purl: str, other: str) -> bool:
    """Whether package URLs name the same, however they are escaped and whatever they add."""
    one, two = Purl.read(purl.lower()), Purl.read(other.lower())
    if one.namespace and two.namespace and one.namespace != two.namespace:
        return False
    return (one.type, one.name, one.version) == (two.type, two.name, two.version)


def _counted(components: Iterable[InventoryComponent]) -> dict[tuple[str, str], Counter[str]]:
    counted: dict[tuple[str, str], Counter[str]] = {}
    for one in components:
        counted.setdefault((one.kind, one.name), Counter())[one.version] += 1
    return counted


def _files(
    document: Inventory, found: Inventory
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if not found.has_files:
        return (), (), ()
    told = {one.path: one for one in document.files}
    here = {one.path: one for one in found.files}
    return (
        tuple(path for path in here if path not in told) if document.has_files else (),
        tuple(path for path, one in here.items() if path in told and _differ(told[path], one)),
        tuple(path for path in told if path not in here),
    )


def _differ(told: InventoryFile, found: InventoryFile) -> bool:
    """Whether what the document tells of a file is not so."""
    if told.kind is not found.kind or (told.mode and told.mode != found.mode):
        return True
    for one, other in ((told.digest, found.digest), (told.sha1, found.sha1)):
        if one and other:
            return one != other
    return bool(told.size) and told.size != found.size
