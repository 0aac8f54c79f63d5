"""What an inventory says of a file and no format has a field for, as properties."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final, TypeVar

from distil.formats.spelling import unspelled
from distil.model.inventory import UNKNOWN_LAYER, Attribution, InventoryFile, State
from distil.model.node import Kind
from distil.sbom.properties import Property

Sums = tuple[str, str]
"""The sha256 and the SHA-1 of a file in hexadecimal, empty where they are not told."""

_Value = TypeVar("_Value")
_DIGITS: Final = 20
_PROGRAM: Final = Property("distil:file:program", "true")
_KINDS: Final = {
    kind: Property("distil:file:kind", kind.name.lower()) for kind in Kind if kind is not Kind.FILE
}
_KIND_OF: Final = {one.value: kind for kind, one in _KINDS.items()}
_ATTRIBUTIONS: Final = {one: Property("distil:file:attribution", one.value) for one in Attribution}
_ATTRIBUTION_OF: Final = {one.value: one for one in Attribution}
_STATE_OF: Final = {one.value: one for one in State}
_STATES: Final = {one: Property("distil:file:state", one.value) for one in State}


@functools.lru_cache(maxsize=8192)
def _mode(mode: int) -> Property:
    return Property("distil:file:mode", f"{mode:04o}")


@functools.lru_cache(maxsize=8192)
def _layer(layer: int) -> Property:
    return Property("distil:file:layer", str(layer))


def of_file(file: InventoryFile) -> list[Property]:
    """All but its path, digests and owners."""
    told = [_mode(file.mode), _ATTRIBUTIONS[file.attribution], _STATES[file.state]]
    if file.kind is not Kind.FILE:
        told.append(_KINDS[file.kind])
    if file.size:
        told.append(Property("distil:file:size", str(file.size)))
    if file.layer != UNKNOWN_LAYER:
        told.append(_layer(file.layer))
    if file.rule:
        told.append(Property("distil:file:rule", file.rule))
    if file.is_program:
        told.append(_PROGRAM)
    return told


def file_of(
    path: str, told: Mapping[str, str], owners: tuple[int, ...], sums: Sums
) -> InventoryFile:
    """The file of a document. Raises `ValueError` for properties that make no sense.

    What a document of others lists without owner counts as unowned.
    """
    attribution = told.get("distil:file:attribution")
    if attribution is None:
        attribution = "package" if owners else "unowned"
    return InventoryFile(
        absolute(path),
        _KIND_OF.get(told.get("distil:file:kind", ""), Kind.FILE),
        int(told.get("distil:file:mode", "0")[:_DIGITS], 8),
        int(told.get("distil:file:size", "0")[:_DIGITS]),
        int(told.get("distil:file:layer", "-1")[:_DIGITS]),
        _known(_ATTRIBUTION_OF, attribution),
        _known(_STATE_OF, told.get("distil:file:state", "unchecked")),
        owners,
        told.get("distil:file:rule", ""),
        sums[0],
        sums[1],
        "distil:file:program" in told,
    )


def _known(values: Mapping[str, _Value], told: str) -> _Value:
    """What a word means; an enumeration takes several times as long. Raises `ValueError`."""
    found = values.get(told)
    if found is None:
        raise ValueError(f"{told} means nothing")
    return found


def absolute(path: str) -> str:
    """A path of a document, which may begin with ``./`` or nothing, as distil has it."""
    if path.startswith("./"):
        path = path[1:]
    return unspelled(path if path.startswith("/") else f"/{path}")
