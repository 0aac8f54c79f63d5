"""What the layers of an image are for, as text and as JSON."""

from __future__ import annotations

from typing import Final

from distil.image.waste import Amount, Layering
from distil.report.document import json_text
from distil.report.units import columns, number, size

SCHEMA_VERSION: Final = 1

SHOWN: Final = 10
"""Wasted paths that are shown."""


def to_text(found: Layering) -> str:
    """A table of layers, what is wasted in all, and where most of it is."""
    head = ("", "size", "unpacked", "added", "overwritten", "removed", "command")
    rows = [
        (
            str(place),
            size(layer.size),
            size(layer.contents),
            _amount(layer.added),
            _amount(layer.overwritten),
            _amount(layer.removed),
            layer.command[:100],
        )
        for place, layer in enumerate(found.layers, start=1)
    ]
    wasted = f"{size(found.wasted_size)} wasted, efficiency {found.efficiency:.1%}"
    parts = [columns([head, *rows], indent=""), wasted]
    if found.wasted:
        costly = [(size(w.size), f"{w.times} times", w.path) for w in found.wasted[:SHOWN]]
        more = len(found.wasted) - len(costly)
        parts[1] += f", in {number(len(found.wasted), 'path')}" + (
            ", the costliest:" if more else ":"
        )
        parts[1] += "\n" + columns(costly)
    return "\n\n".join(parts)


def _amount(amount: Amount) -> str:
    return f"{amount.files:,} ({size(amount.size)})" if amount.files else "-"


def to_json(image: str, found: Layering) -> str:
    """All of it; efficiency is a part of 1, sizes are in bytes."""
    return json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "image": image,
            "layers": found.layers,
            "efficiency": found.efficiency,
            "wastedBytes": found.wasted_size,
            "wasted": found.wasted,
        }
    )
