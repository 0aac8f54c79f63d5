"""What an inventory has and formats have no field for: properties, names with values.

CycloneDX and SPDX 3 have a place for these, in SPDX 2.3 they are annotations, in Syft's format
metadata of relations. Names are stable; `MEANINGS` says what each holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from distil.formats.spelling import spelled, unspelled
from distil.model.inventory import (
    UNKNOWN_LAYER,
    BaseImage,
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryLayer,
    OsRelease,
    Remark,
    Scope,
    Subject,
    Verdict,
)
from distil.sbom.stream import text_of

OWN: Final = "distil:"
"""What the names of distil's own properties begin with."""

FOREIGN: Final = ("syft:", "aquasecurity:trivy:")
"""Properties of other tools: written for them, and read where they say what an inventory has."""

MEANINGS: Final = {
    "distil:subject": "what the inventory is of: name, digests, platform, labels (JSON)",
    "distil:index": "true: what the document is of is an index, its images are inside",
    "distil:release": "the operating system as os-release(5) tells (JSON)",
    "distil:layer": "a layer of the image, the lowest first (JSON); of a component or file: "
    "the number of the layer that brought it, 0 the lowest",
    "distil:base": "the image that it was made on, and how that was recognised (JSON)",
    "distil:scope": "squashed: what a container sees; all-layers: everything that any layer holds",
    "distil:verdict": "complete, partial or unknown: whether this document tells all",
    "distil:verdict:reason": "why the verdict is no better",
    "distil:coverage:files": "files that somebody owns, of all there are",
    "distil:coverage:bytes": "bytes that somebody owns, of all there are",
    "distil:remark": "a file that could not be read, and why (JSON)",
    "distil:has-files": "true: every file is listed",
    "distil:kind": "what a component is: deb, python, go …",
    "distil:architecture": "the architecture of a component, as its package has it",
    "distil:source:name": "the source package that it was built from",
    "distil:source:version": "the version of that, where it is another",
    "distil:files:claimed": "files that the package says it has",
    "distil:files:present": "files of these that are in the image",
    "distil:files:modified": "a file whose contents are not what the package says",
    "distil:removed-by": "the number of the layer that removed it",
    "distil:place": "a file that tells of the component; behind a tab the number of its layer",
    "distil:owns": "a component, by its identifier, whose files this package ships",
    "distil:contains": "a component, by its identifier, that is inside this one",
    "distil:supplier": "the supplier as the package has it, where the format cannot say that",
    "distil:homepage": "the home page where it is no address",
    "distil:description": "what it is, where the format has no field for that",
    "distil:cpe": "a CPE that does not follow the specification",
    "distil:checksum": "a checksum by an algorithm that the format does not have",
    "distil:license-text": "an identifier of a licence and, behind a tab, the words of it",
    "distil:property:": "what only its ecosystem tells; the name follows",
    "distil:file:kind": "symlink, hardlink, character, block, fifo; a regular file otherwise",
    "distil:file:mode": "permission bits, octal",
    "distil:file:size": "bytes",
    "distil:file:layer": "the number of the layer that brought the file",
    "distil:file:attribution": "package, language package, program, generated, application, "
    "unowned",
    "distil:file:state": "verified, modified, configured or unchecked",
    "distil:file:rule": "what generated it, or why it is the application's",
    "distil:file:program": "true: ELF, a script that names its interpreter, a Java archive",
    "distil:file:owner": "a component, by its identifier, that the file belongs to",
}
"""All properties that distil writes, and what they hold."""


_ECOSYSTEM: Final = "distil:property:"
_LONGEST_NUMBER: Final = 20


class Property(msgspec.Struct, frozen=True, gc=False):
    """A name and a value, as CycloneDX has them."""

    name: str
    value: str = ""


_Value = TypeVar("_Value")


class Told:
    """Properties that were read: `all` values of a name, the `first`, a `number`, a `value`."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self._values: dict[str, list[str]] = {}
        self.others: list[tuple[str, str]] = []
        for one in properties:
            if one.name.startswith(_ECOSYSTEM):
                self.others.append((one.name[len(_ECOSYSTEM) :], one.value))
            elif one.name.startswith((OWN, *FOREIGN)):
                self._values.setdefault(one.name, []).append(one.value)
            else:
                self.others.append((one.name, one.value))

    def all(self, name: str) -> list[str]:
        """Every value, in the order of the document."""
        return self._values.get(name, [])

    def first(self, name: str, otherwise: str = "") -> str:
        """The first value."""
        found = self._values.get(name)
        return found[0] if found else otherwise

    def number(self, name: str, otherwise: int = 0, *, base: int = 10) -> int:
        """The first value as a number. Raises `ValueError` for what is none."""
        found = self._values.get(name)
        if not found:
            return otherwise
        if len(found[0]) > _LONGEST_NUMBER:
            raise ValueError(f"{name} is no number: {found[0][:_LONGEST_NUMBER]}…")
        return int(found[0], base)

    def values(self, name: str, kind: type[_Value]) -> tuple[_Value, ...]:
        """Every value as JSON of `kind`. Raises `ValueError` for what is none."""
        told = self.all(name)
        return tuple(msgspec.json.decode(one, type=kind) for one in told)

    def value(self, name: str, kind: type[_Value]) -> _Value | None:
        """The first value as JSON of `kind`. Raises `ValueError` for what is none."""
        found = self.all(name)
        return msgspec.json.decode(found[0], type=kind) if found else None


def of_index(index: IndexInventory) -> list[Property]:
    """What a document says of an index; each of its images says the rest of itself."""
    return [Property("distil:index", "true"), Property("distil:subject", text_of(index.subject))]


def of_inventory(inventory: Inventory) -> Iterator[Property]:
    """What a document says of the whole image."""
    yield Property("distil:subject", text_of(inventory.subject))
    if inventory.release is not None:
        yield Property("distil:release", text_of(inventory.release))
    for layer in inventory.layers:
        yield Property("distil:layer", text_of(layer))
    if inventory.base is not None:
        yield Property("distil:base", text_of(inventory.base))
    yield Property("distil:scope", inventory.scope.value)
    if inventory.verdict is not None:
        yield Property("distil:verdict", inventory.verdict.answer.value)
        for reason in inventory.verdict.reasons:
            yield Property("distil:verdict:reason", reason)
    if inventory.has_files:
        told = inventory.coverage()
        yield Property("distil:has-files", "true")
        yield Property("distil:coverage:files", f"{told.owned_files} of {told.files}")
        yield Property("distil:coverage:bytes", f"{told.owned_size} of {told.size}")
    for remark in inventory.remarks:
        yield Property("distil:remark", text_of(Remark(spelled(remark.path), remark.what)))


def of_component(component: InventoryComponent) -> Iterator[Property]:
    """What no format has a field for."""
    yield Property("distil:kind", component.kind)
    if component.architecture:
        yield Property("distil:architecture", component.architecture)
    if component.source is not None:
        yield Property("distil:source:name", component.source.name)
        if component.source.version:
            yield Property("distil:source:version", component.source.version)
    if component.claimed:
        yield Property("distil:files:claimed", str(component.claimed))
    if component.claimed or component.present:
        yield Property("distil:files:present", str(component.present))
    for path in component.modified:
        yield Property("distil:files:modified", spelled(path))
    if component.layer != UNKNOWN_LAYER:
        yield Property("distil:layer", str(component.layer))
    if component.removed_by != UNKNOWN_LAYER:
        yield Property("distil:removed-by", str(component.removed_by))
    for name, value in component.properties:
        is_namespaced = ":" in name and not name.startswith((OWN, *FOREIGN))
        yield Property(name if is_namespaced else f"{_ECOSYSTEM}{name}", value)


def inventory_of(told: Told, otherwise: Inventory) -> Inventory:
    """`otherwise` with all that `of_inventory` says. Raises `ValueError` for nonsense."""
    reasons = tuple(told.all("distil:verdict:reason"))
    answer = told.first("distil:verdict")
    remarks = told.values("distil:remark", Remark)
    return msgspec.structs.replace(
        otherwise,
        subject=told.value("distil:subject", Subject) or otherwise.subject,
        release=told.value("distil:release", OsRelease) or otherwise.release,
        layers=told.values("distil:layer", InventoryLayer) or otherwise.layers,
        base=told.value("distil:base", BaseImage) or otherwise.base,
        scope=Scope(told.first("distil:scope", otherwise.scope.value)),
        verdict=msgspec.convert({"answer": answer, "reasons": reasons}, Verdict)
        if answer
        else None,
        has_files=told.first("distil:has-files") == "true",
        remarks=tuple(Remark(unspelled(one.path), one.what) for one in remarks),
    )


def sentences(component: InventoryComponent) -> list[str]:
    """What a person has to know of a component before trusting what is said of its version."""
    told = []
    if component.is_partial:
        there = f"{component.present} of {component.claimed} files"
        told.append(f"{component.name}: {there} of this package are in the image")
    if component.modified:
        count = len(component.modified)
        told.append(f"{count} of its files {'is' if count == 1 else 'are'} not what it shipped")
    return told
