"""What two images do not have in common, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from distil.model.difference import (
    FileChange,
    ImageDifference,
    LayerEntry,
    PackageChange,
)
from distil.model.node import Node
from distil.report.document import json_text
from distil.report.nodes import node_document
from distil.report.printable import printable
from distil.report.units import columns, number, size

SCHEMA_VERSION: Final = 1

SHOWN: Final = 20
"""Rows of a group that are shown when not all are asked for."""

_Row = tuple[str, ...]


def to_text(found: ImageDifference, *, verbose: bool = False) -> str:
    """The counts, then every group, cut after `SHOWN` rows unless `verbose`."""
    first, second = printable(found.before), printable(found.after)
    if found.is_empty and not (found.removed_layers or found.added_layers):
        return f"{first} and {second} do not differ"
    if found.is_empty:
        head = [f"{first} and {second} do not differ but in how they are layered"]
    else:
        head = [f"{first} → {second}"]
    head.append(columns(list(_summary(found))))
    groups = (
        ("layers", _layer_rows(found.removed_layers, found.added_layers)),
        ("packages", [_package_row(change) for change in found.packages]),
        ("files", [_file_row(change) for change in found.files]),
        ("configuration", [_setting_row(c.name, c.before, c.after) for c in found.settings]),
    )
    shown = [_group(title, rows, verbose=verbose) for title, rows in groups if rows]
    return "\n\n".join(["\n".join(head), *shown])


def to_json(found: ImageDifference) -> str:
    """All of it, as one JSON document."""
    document: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "before": found.before,
        "after": found.after,
        "differ": not found.is_empty,
        "sizes": {"before": found.sizes[0], "after": found.sizes[1]},
        "layers": {
            "shared": found.shared,
            "removed": found.removed_layers,
            "added": found.added_layers,
        },
        "packages": found.packages,
        "files": [_file_document(change) for change in found.files],
        "configuration": found.settings,
    }
    return json_text(document)


# --- text ----------------------------------------------------------------------------------


def _summary(found: ImageDifference) -> Iterator[_Row]:
    layers = [f"{found.shared} shared"]
    layers += _counted(len(found.added_layers), len(found.removed_layers), 0)
    yield "layers", ", ".join(layers)
    for title, changes in (
        ("packages", found.packages),
        ("files", found.files),
        ("configuration", found.settings),
    ):
        added = sum(not change.before for change in changes)
        removed = sum(not change.after for change in changes)
        counts = _counted(added, removed, len(changes) - added - removed)
        yield title, ", ".join(counts) or "the same"
    before, after = found.sizes
    step = f"{'+' if after >= before else '-'}{size(abs(after - before))}"
    yield "size", f"{size(before)} → {size(after)} ({step})" if after != before else size(after)


def _counted(added: int, removed: int, changed: int) -> list[str]:
    counts = (("added", added), ("removed", removed), ("changed", changed))
    return [f"{count:,} {word}" for word, count in counts if count]


def _group(title: str, rows: Sequence[_Row], *, verbose: bool) -> str:
    shown = rows if verbose else rows[:SHOWN]
    lines = [title, columns(shown)]
    if len(shown) < len(rows):
        lines.append(f"  … {number(len(rows) - len(shown), 'more')[:-1]}: -v shows all")
    return "\n".join(lines)


def _sign(before: object, after: object) -> str:
    return "+" if not before else "~" if after else "-"


def _layer_rows(removed: Sequence[LayerEntry], added: Sequence[LayerEntry]) -> list[_Row]:
    signed = [("-", layer) for layer in removed] + [("+", layer) for layer in added]
    return [
        (sign, layer.diff_id[:19], size(layer.size), layer.created_by[:100])
        for sign, layer in signed
    ]


def _package_row(change: PackageChange) -> _Row:
    versions = [", ".join(each) for each in (change.before, change.after) if each]
    sign = _sign(change.before, change.after)
    return sign, change.ecosystem, change.name, " → ".join(versions)


def _file_row(change: FileChange) -> _Row:
    before, after = change.before, change.after
    if before is None or after is None:
        node = after or before
        count = size(node.size) if node is not None and node.blob is not None else ""
        return _sign(before, after), change.path, count
    return "~", change.path, ", ".join(_told(word, before, after) for word in change.what)


def _told(word: str, before: Node, after: Node) -> str:
    """What differs and how, where that is short."""
    values = {
        "kind": (before.kind.name.lower(), after.kind.name.lower()),
        "content": (size(before.size), size(after.size)),
        "target": (before.target, after.target),
        "mode": (f"{before.mode:04o}", f"{after.mode:04o}"),
        "owner": (f"{before.uid}:{before.gid}", f"{after.uid}:{after.gid}"),
    }.get(word)
    if values is None or values[0] == values[1]:
        return word
    return f"{word} {values[0]} → {values[1]}"


def _setting_row(name: str, before: str, after: str) -> _Row:
    return _sign(before, after), name, " → ".join(value for value in (before, after) if value)


# --- JSON ----------------------------------------------------------------------------------


def _file_document(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "what": change.what or ("removed" if change.after is None else "added",),
        "before": _document_of(change.before),
        "after": _document_of(change.after),
    }


def _document_of(node: Node | None) -> dict[str, Any] | None:
    return node_document(node) if node is not None else None
