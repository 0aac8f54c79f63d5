"""Where a scan and another scanner's report differ, and why: as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from distil.model.finding import Scan
from distil.model.other_report import Disagreement, Held, Reason, Side
from distil.report.document import json_text
from distil.report.markdown import code, plain, table_head, table_row
from distil.report.printable import printable
from distil.report.scan_json import finding_document, scan_document
from distil.report.scan_json import plain as plain_value
from distil.report.scan_view import day, moment, word
from distil.report.units import columns, number

FORMS: Final = ("text", "json", "markdown")
"""All there are."""

SCHEMA_VERSION: Final = 1

SHOWN: Final = 5
"""Rows of each reason that are shown when not all are asked for."""


def render(scan: Scan, found: Disagreement, form: str, *, verbose: bool = False) -> str:
    """`found`, which holds something against `scan`, in `form`, one of `FORMS`."""
    if form == "json":
        return _json(scan, found)
    return _markdown(scan, found) if form == "markdown" else _text(scan, found, verbose=verbose)


def _text(scan: Scan, found: Disagreement, *, verbose: bool) -> str:
    parts = [columns([row for row in _summary(scan, found) if row[1]], indent="")]
    for title, held in _sections(found):
        lines = [title]
        for reason, together in groupby(held, key=lambda one: one.reason):
            rows = list(together)
            if reason is not Reason.NONE:
                lines.append(f"  {reason} ({len(rows):,})")
            shown = rows if verbose else rows[:SHOWN]
            lines.append(columns([_cells(one) for one in shown], indent="    "))
            if len(rows) > len(shown):
                lines.append(f"    … and {len(rows) - len(shown):,} more (-v shows all)")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _summary(scan: Scan, found: Disagreement) -> Iterator[tuple[str, str]]:
    subject = scan.subject
    yield "image", f"{subject.name} {subject.platform}".rstrip()
    yield "against", _report_words(found)
    yield "counted", _counts(found)
    for remark in found.remarks:
        yield "but", remark


def _report_words(found: Disagreement) -> str:
    report = found.report
    told = [f"{report.tool} {report.version}".rstrip(), f"of {report.subject}"]
    if report.made:
        told.append(f"made on {day(report.made)}")
    if report.database:
        told.append(f"with a database of {day(report.database)}")
    return ", ".join(told)


def _counts(found: Disagreement) -> str:
    tool = found.report.tool
    told = [
        f"{len(found.of(Side.BOTH)):,} by both",
        f"{len(found.of(Side.THEIRS)):,} by {tool} alone",
        f"{len(found.of(Side.OURS)):,} by distil alone",
    ]
    quiet = f"; {found.quiet:,} known and not counted" if found.quiet else ""
    return ", ".join(told) + quiet


def _sections(found: Disagreement) -> Iterator[tuple[str, tuple[Held, ...]]]:
    sides = (
        (f"{found.report.tool} alone", found.of(Side.THEIRS)),
        ("distil alone", found.of(Side.OURS)),
        ("both, and not the same", tuple(one for one in found.of(Side.BOTH) if one.differs)),
    )
    for title, held in sides:
        if held:
            yield f"{title}: {number(len(held), 'vulnerability', 'vulnerabilities')}", held


def _severity(one: Held) -> str:
    severities = [found.severity for found in one.findings]
    return word(max(severities or [found.severity for found in one.others]))


def _cells(one: Held) -> tuple[str, ...]:
    return _severity(one), one.id, f"{one.name} {one.version}".rstrip(), one.why


def _markdown(scan: Scan, found: Disagreement) -> str:
    lines = [f"### {plain(scan.subject.name)} against {plain(found.report.tool)}", ""]
    lines += [f"- {name}: {plain(told)}" for name, told in _summary(scan, found) if told]
    for title, held in _sections(found):
        lines += ["", f"#### {plain(title)}", ""]
        lines += table_head("severity", "vulnerability", "package", "reason", "why")
        for one in held:
            severity, name, package, why = _cells(one)
            cells = (severity, plain(name), code(package), plain(one.reason), plain(why))
            lines.append(table_row(cells))
    return "\n".join(lines)


def _json(scan: Scan, found: Disagreement) -> str:
    report = found.report
    return json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "scan": scan_document(scan),
            "report": {
                "tool": report.tool,
                "version": report.version,
                "subject": report.subject,
                "digests": sorted(report.digests),
                "system": report.system,
                "made": moment(report.made),
                "database": moment(report.database),
            },
            "summary": {
                "both": len(found.of(Side.BOTH)),
                "theirs": len(found.of(Side.THEIRS)),
                "ours": len(found.of(Side.OURS)),
                "quiet": found.quiet,
            },
            "remarks": [printable(one) for one in found.remarks],
            "held": [_held_document(one) for one in found.held],
        }
    )


def _held_document(one: Held) -> dict[str, Any]:
    return {
        "side": one.side.name.lower(),
        "id": one.id,
        "name": one.name,
        "version": one.version,
        "reason": one.reason.name.lower().replace("_", "-"),
        "why": one.why,
        "differs": list(one.differs),
        "findings": [finding_document(found) for found in one.findings],
        "others": [plain_value(other) for other in one.others],
    }
