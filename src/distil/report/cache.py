"""What the cache holds and what cleaning it did, as text and JSON."""

from __future__ import annotations

from distil.pipeline import CacheCleaned, CacheInfo
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number, size


def info_text(info: CacheInfo) -> str:
    """A table of the areas, the directory above, the sum below."""
    rows = [
        (area.area, number(area.entries, "entry", "entries"), size(area.size))
        for area in info.areas
    ]
    rows.append(("total", "", size(sum(area.size for area in info.areas))))
    return f"{printable(info.directory)}\n{columns(rows)}"


def info_json(info: CacheInfo) -> str:
    """The same as data."""
    return json_text(info)


def gc_text(result: CacheCleaned) -> str:
    """One line on what was removed and, when it was verified, one on that."""
    done = result.collected
    lines = []
    if result.verified is not None:
        corrupt = len(result.verified.removed)
        lines.append(f"verified {number(result.verified.checked, 'file')}, {corrupt} corrupt")
        lines += [f"  removed {printable(name)}" for name in result.verified.removed]
    lines.append(
        f"removed {number(done.removed, 'entry', 'entries')} ({size(done.freed)}) and "
        f"{number(done.swept, 'leftover')}; {size(done.left)} left"
    )
    return "\n".join(lines)


def gc_json(result: CacheCleaned) -> str:
    """The same as data."""
    return json_text(result)
