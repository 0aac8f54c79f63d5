"""A scan as text: what was found on one screen, and with `verbose` all that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from distil.model.finding import Finding, Scan
from distil.report.printable import printable
from distil.report.scan_view import (
    Advice,
    Row,
    advice,
    advice_words,
    database_words,
    day,
    distinct,
    gains,
    headline,
    heard_words,
    likelihood_words,
    names_words,
    presences,
    rows,
    settled_counts,
    settled_rows,
    spared_words,
    statement_words,
    step_words,
    system_words,
    unfixed,
    verdict_lines,
    word,
)
from distil.report.units import columns, number

SHOWN: Final = 20
"""Rows that are shown when not all are asked for."""

STEPS: Final = 5
"""Upgrades likewise."""

REASONS: Final = 4
"""Reasons of a verdict likewise."""

REMARKS: Final = 3
"""Remarks on a document that was heard likewise."""

_Cells = tuple[str, ...]


def to_text(scans: Sequence[Scan], *, verbose: bool = False) -> str:
    """A block for each platform: the summary, the vulnerabilities, and what to do."""
    return "\n\n".join(_block(scan, verbose=verbose) for scan in scans)


def _block(scan: Scan, *, verbose: bool) -> str:
    parts = [columns([cells for cells in summary(scan, verbose=verbose) if cells[1]], indent="")]
    found = rows(scan.open)
    if found:
        shown = found if verbose else found[:SHOWN]
        parts.append("\n".join([_table(shown), *_more(len(found) - len(shown))]))
    steps = list(steps_text(scan, None if verbose else STEPS))
    if steps:
        parts.append("\n".join(["what to do", *steps]))
    if verbose:
        parts += _details(scan)
    return "\n\n".join(parts)


def summary(scan: Scan, *, verbose: bool = False) -> Iterator[_Cells]:
    """What the result is, and what it rests on; rows whose value is empty have none."""
    found = scan.open
    yield "image", scan.subject.name
    yield "platform", scan.subject.platform
    yield "system", system_words(scan)
    yield "found", headline(scan)
    yield "exploited", exploited_words(found)
    yield "settled", "; ".join(settled_counts(scan))
    yield "spared", spared_words(scan)
    yield from heard_rows(scan, None if verbose else REMARKS)
    yield "assessed", _assessed(scan)
    yield "database", database_words(scan.database, scan.now)
    yield from verdict_rows(scan, None if verbose else REASONS)


def heard_rows(scan: Scan, shown: int | None = None) -> Iterator[_Cells]:
    """A row for each document that was heard, and for what of it was not understood or holds."""
    name = "heard"
    for one in scan.heard:
        yield name, heard_words(one)
        name = ""
        yield from (("", f"  {remark}") for remark in one.remarks[:shown])
        left = len(one.remarks[shown:]) if shown is not None else 0
        if left:
            yield "", f"  … and {number(left, 'more remark')} (-v shows all)"


def verdict_rows(scan: Scan, shown: int | None = None) -> Iterator[_Cells]:
    """The verdict, a row for each of its reasons."""
    first, *more = verdict_lines(scan, shown)
    yield "verdict", first
    yield from (("", line) for line in more)


def exploited_words(found: Sequence[Finding]) -> str:
    """Those that are known to be exploited, by name; empty for none."""
    known = list(dict.fromkeys(one.id for one in found if one.exploited is not None))
    return f"{names_words(known, 4)} (CISA KEV)" if known else ""


def _assessed(scan: Scan) -> str:
    left = sum(len(one.components) for one in scan.unassessed)
    many = number(scan.components, "component")
    if not left:
        return many
    return f"{scan.components - left:,} of {many}"


def _table(found: Sequence[Row]) -> str:
    heading = ("severity", "", "vulnerability", "package", "installed → fixed", "EPSS", "there")
    table = [heading, *(_cells(row) for row in found)]
    filled = [i for i in range(len(heading)) if any(cells[i] for cells in table[1:])]
    return columns([tuple(cells[i] for i in filled) for cells in table])


def _cells(row: Row) -> _Cells:
    first = row.first
    return (
        word(first.severity),
        "KEV" if first.exploited is not None else "",
        first.id,
        names_words(row.names),
        step_words(first),
        likelihood_words(first),
        presences(row),
    )


def _more(left: int) -> list[str]:
    return [f"  … and {left:,} more (-v shows all)"] if left > 0 else []


def steps_text(scan: Scan, shown: int | None = None, more: str = "-v") -> Iterator[str]:
    """What can be done, a line each; no more than `shown` are told, and that `more` tells all."""
    steps = advice(scan)
    table = [_step(one) for one in steps[:shown]]
    if table:
        yield columns(table)
    left = steps[len(table) :]
    if left:
        many = distinct(found for one in left for found in one.gone)
        yield f"  … and {number(len(left), 'more upgrade')} that fix {many:,} ({more} shows all)"
    none = unfixed(scan)
    if none:
        yield f"  {none}"


def _step(one: Advice) -> _Cells:
    best = one.upgrade
    name = best.package if best.package in best.names else names_words(best.names)
    step = f"{best.installed} → {best.target}"
    return name, step, "; ".join(filter(None, (gains(one.gone), advice_words(one))))


# --- all that is known ----------------------------------------------------------------------


def _details(scan: Scan) -> Iterator[str]:
    found = rows(scan.open)
    if found:
        yield "\n".join(["vulnerabilities", *(line for row in found for line in _detail(row))])
    settled = settled_rows(scan)
    if settled:
        lines = [
            (row.first.id, names_words(row.names), statement_words(said)) for row, said in settled
        ]
        yield f"settled\n{columns(lines)}"
    if scan.spared:
        lines = [
            (row.first.id, names_words(row.names), word(row.first.severity))
            for row in rows(scan.spared)
        ]
        yield f"spared\n{columns(lines)}"
    if scan.unassessed:
        left = [(one.why, ", ".join(one.names or one.components)) for one in scan.unassessed]
        yield f"not assessed\n{columns(left)}"
    feeds = [
        (feed.name, number(feed.documents, "document"), f"read {day(feed.fetched)}")
        for feed in scan.database.feeds
    ]
    if feeds:
        yield f"database {scan.database.digest}\n{columns(feeds)}"


def _detail(row: Row) -> Iterator[str]:
    first = row.first
    yield f"  {printable(first.id)}  {printable(names_words(row.names, 8))}"
    told = [cells for cells in _facts(row) if cells[1]]
    yield columns(told, indent="    ")


def _facts(row: Row) -> Iterator[_Cells]:
    first = row.first
    yield "what", first.summary
    rating = first.rating
    if rating is not None:
        given = f"{rating.score:.1f} " if rating.score >= 0 else ""
        by = f", says {rating.by}" if rating.by else ""
        yield "severity", f"{word(first.severity)} ({given}{rating.vector}{by})".replace(" )", ")")
    if first.exploited is not None:
        due = f", to be mended by {first.exploited.due}" if first.exploited.due else ""
        ransom = ", by ransomware" if first.exploited.ransomware else ""
        yield "exploited", f"known since {first.exploited.added}{ransom}{due}"
    yield "also", ", ".join(one for one in first.aliases if one != first.id)
    yield "says", f"{', '.join(first.advisories)} of {first.ecosystem} about {first.package}"
    yield "fix", ", ".join(first.fixed) or first.repair.value
    yield "note", first.note
    yield "compared", first.basis
    for one in row.findings:
        yield "reached", one.reached
        if one.places:
            yield "where", ", ".join(one.places[:4]) + (" (base image)" if one.is_base else "")
        if one.evidence is not None:
            yield "evidence", one.evidence.detail
        for said in one.statements:
            yield "told", statement_words(said)
    yield "see", first.references[0] if first.references else ""
