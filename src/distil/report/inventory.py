"""An inventory as values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from distil.model.inventory import (
    UNKNOWN_LAYER,
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryFile,
)


def document_of(found: Inventory | IndexInventory) -> dict[str, Any]:
    """All of `found`; of an index, that of each platform below ``platforms``."""
    if isinstance(found, IndexInventory):
        platforms = [document_of(child) for child in found.children]
        return {"subject": _plain(found.subject), "platforms": platforms}
    document: dict[str, Any] = {"subject": _plain(found.subject)}
    for name in ("release", "base", "verdict"):
        value = getattr(found, name)
        document[name] = _plain(value) if value is not None else None
    if found.has_files:
        document["coverage"] = _plain(found.coverage())
    refs = [one.ref for one in found.components]
    document |= {
        "scope": found.scope,
        "layers": [_plain(layer) for layer in found.layers],
        "components": [
            _component(one, ref) for one, ref in zip(found.components, refs, strict=True)
        ],
        "relations": [
            {"subject": one.subject, "is": one.link, "object": one.object}
            for one in found.relations
        ],
        "remarks": [{"path": one.path, "what": one.what} for one in found.remarks],
    }
    if found.has_files:
        document["files"] = [file_document(file, refs) for file in found.files]
    return document


def file_document(file: InventoryFile, refs: Sequence[str]) -> dict[str, Any]:
    """A file with its owners, whose names are in `refs`; layers are counted from 1."""
    document: dict[str, Any] = {
        "path": file.path,
        "kind": file.kind.name.lower(),
        "mode": f"{file.mode:04o}",
        "size": file.size,
        "attribution": file.attribution,
        "state": file.state,
        "executable": file.is_executable,
    }
    if file.layer != UNKNOWN_LAYER:
        document["layer"] = file.layer + 1
    if file.owners:
        document["owners"] = [refs[number] for number in file.owners]
    document |= {
        name: value
        for name, value in (("rule", file.rule), ("sha256", file.digest), ("sha1", file.sha1))
        if value
    }
    return document


def _component(one: InventoryComponent, ref: str) -> dict[str, Any]:
    document: dict[str, Any] = {"ref": ref, "kind": one.kind, "name": one.name}
    told = msgspec.to_builtins(one)
    for name in ("places", "checksums", "license_texts", "properties", "layer", "removed_by"):
        told.pop(name, None)
    document |= {_camel(name): value for name, value in told.items()}
    if one.checksums:
        document["checksums"] = {check.algorithm: check.value for check in one.checksums}
    if one.license_texts:
        document["licenseTexts"] = dict(one.license_texts)
    if one.properties:
        document["properties"] = dict(one.properties)
    document["places"] = [{"path": place.path, **_layer(place.layer)} for place in one.places]
    document |= _layer(one.layer)
    if one.removed_by != UNKNOWN_LAYER:
        document["removedBy"] = one.removed_by + 1
    return document


def _layer(number: int) -> dict[str, int]:
    return {"layer": number + 1} if number != UNKNOWN_LAYER else {}


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(value, enc_hook=str)
    for name in ("labels", "annotations"):
        if name in told:
            told[name] = dict(told[name])
    return {_camel(name): one for name, one in told.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
