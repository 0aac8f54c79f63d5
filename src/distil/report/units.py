"""Quantities as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from distil.formats.sizes import size
from distil.report.printable import printable

__all__ = ["columns", "number", "size"]


def number(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: ``1 package``, ``1,203 packages``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def columns(rows: Sequence[tuple[str, ...]], indent: str = "  ") -> str:
    """Rows as aligned text, two spaces between columns, none at the end of a line.

    What is not safe to print is escaped, so that a cell is one line whatever it holds.
    """
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)) for row in rows)
    return "\n".join((indent + line).rstrip() for line in lines)
