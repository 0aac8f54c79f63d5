"""The first look at an image on one screen: what it is, how it stands, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan
from distil.model.inventory import Inventory
from distil.report.document import json_text
from distil.report.inventory import document_of
from distil.report.kinds import counted_kinds
from distil.report.scan_json import scan_document
from distil.report.scan_text import (
    REASONS,
    REMARKS,
    exploited_words,
    heard_rows,
    steps_text,
    verdict_rows,
)
from distil.report.scan_view import (
    DAY,
    by_severity,
    database_words,
    day,
    distinct,
    headline,
    settled_counts,
    spared_words,
    system_words,
    word,
)
from distil.report.units import columns, number, size

SCHEMA_VERSION: Final = 1

STEPS: Final = 3
"""Upgrades that are shown."""

_Cells = tuple[str, ...]


def to_text(scan: Scan, found: Inventory) -> str:
    """What is in the image, a table of severities, and the steps that fix most."""
    parts = [columns([cells for cells in _about(scan, found) if cells[1]], indent="")]
    if scan.open:
        parts.append(columns(list(_severities(scan, found))))
    told = [*_standing(scan)]
    parts.append(columns([cells for cells in told if cells[1]], indent=""))
    steps = list(steps_text(scan, STEPS, more="distil recommend"))
    if steps:
        parts.append("\n".join(["what to do", *steps]))
    return "\n\n".join(parts)


def to_json(scan: Scan, found: Inventory) -> str:
    """The same, with all findings, as one JSON document."""
    about = document_of(found)
    kept = ("subject", "release", "base", "layers", "coverage")
    image = {name: about[name] for name in kept if name in about}
    return json_text({"schemaVersion": SCHEMA_VERSION, **image, "scan": scan_document(scan)})


def _about(scan: Scan, found: Inventory) -> Iterator[_Cells]:
    subject, base = found.subject, found.base
    yield "image", " ".join(part for part in (subject.name, subject.platform) if part)
    yield "size", _size(found)
    yield "made", _made(subject.created, scan.now)
    yield "system", system_words(scan)
    if base is not None:
        name = base.name or base.digest or "an image that is not named"
        told = [f"{base.layers} of {number(len(found.layers), 'layer')}"] * bool(base.layers)
        yield "base", f"{name} ({'; '.join([*told, base.evidence])})"
    yield "contents", counted_kinds(one.kind for one in found.components)


def _size(found: Inventory) -> str:
    if not found.layers:
        return ""
    stored = size(sum(layer.size for layer in found.layers))
    told = f"{stored} in {number(len(found.layers), 'layer')}"
    if not found.has_files:
        return told
    coverage = found.coverage()
    return f"{told}, unpacked {size(coverage.size)} in {number(coverage.files, 'file')}"


def _made(created: int, now: int) -> str:
    if created <= 0:
        return ""
    days = max(0, now - created) // DAY
    return f"{day(created)}, {number(days, 'day')} ago"


def _severities(scan: Scan, found: Inventory) -> Iterator[_Cells]:
    """How many there are of each, and how many of them the base image brings."""
    counts = by_severity(scan.open)
    shown = [one for one in counts if counts[one] or one >= Severity.LOW]
    yield ("", *(word(one) for one in shown), "fixable", "in all")
    yield _counts("image", scan.open, shown)
    inherited = [one for one in scan.open if one.is_base]
    if found.base is not None and found.base.layers:
        own = [one for one in scan.open if not one.is_base]
        yield _counts("  its base", inherited, shown)
        yield _counts("  on top", own, shown)


def _counts(name: str, found: tuple[Finding, ...] | list[Finding], shown: list[Severity]) -> _Cells:
    counts = by_severity(found)
    fixable = distinct(one for one in found if one.is_fixable)
    cells = [*(counts[one] for one in shown), fixable, distinct(found)]
    return (name, *(f"{count:,}" if count else "-" for count in cells))


def _standing(scan: Scan) -> Iterator[_Cells]:
    if not scan.open:
        yield "found", headline(scan)
    yield "exploited", exploited_words(scan.open)
    yield "settled", "; ".join(settled_counts(scan))
    yield "spared", spared_words(scan)
    yield from heard_rows(scan, REMARKS)
    yield "database", database_words(scan.database, scan.now)
    yield from verdict_rows(scan, REASONS)
