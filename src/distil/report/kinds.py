"""How many components there are of each kind, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from distil.model.inventory import KINDS
from distil.report.units import number

_PLURALS: Final = {
    "elf": "programs with a package note",
    "binary": "programs known by their bytes",
}
"""Of the kinds of which people do not only add an s."""


def counted_kinds(kinds: Iterable[str]) -> str:
    """A count with the name of each kind, in the order of `KINDS`: ``2 Debian packages, …``."""
    counts = Counter(kinds)
    known = {**KINDS, **{kind: f"component of kind {kind}" for kind in sorted(counts)}, **KINDS}
    told = [
        number(counts[kind], title, _PLURALS.get(kind, ""))
        for kind, title in known.items()
        if counts[kind]
    ]
    return ", ".join(told) or "no component"
