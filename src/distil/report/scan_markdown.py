"""A scan as Markdown, as a comment on a pull request shows it best (GitHub's, GitLab's)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer
from distil.report.markdown import code, plain, table_head, table_row
from distil.report.scan_view import (
    Row,
    advice,
    advice_words,
    by_severity,
    database_words,
    distinct,
    gains,
    headline,
    heard_words,
    likelihood_words,
    names_words,
    page,
    presences,
    repair_words,
    rows,
    settled_rows,
    spared_words,
    statement_words,
    system_words,
    unfixed,
    word,
)

LARGEST: Final = 60_000
"""Characters: a comment on GitHub has 65,536 at most, and the rest is said to be left out."""

_SHOWN: Final = 10
"""Vulnerabilities that are shown before one unfolds the rest."""


def to_markdown(scans: Sequence[Scan], counts: Callable[[Finding], bool]) -> str:
    """Of each platform the summary, what to do, and all findings in a table that unfolds.

    A platform of which any finding `counts` has failed.
    """
    blocks = [_Block(scan, counts, LARGEST // max(1, len(scans))) for scan in scans]
    return "\n\n".join("\n".join(block.lines()) for block in blocks)


class _Block:
    """A platform's part, which takes no more than `room` characters for its tables."""

    def __init__(self, scan: Scan, counts: Callable[[Finding], bool], room: int) -> None:
        self._scan, self._room = scan, room
        if any(counts(one) for one in scan.open):
            self._mark = "❌"
        else:
            is_clean = scan.verdict.answer is Answer.COMPLETE and not scan.open
            self._mark = "✅" if is_clean else "⚠️"

    def lines(self) -> Iterator[str]:
        """All of it."""
        scan = self._scan
        where = f" ({plain(scan.subject.platform)})" if scan.subject.platform else ""
        yield f"### {self._mark} {code(scan.subject.name)}{where}"
        yield ""
        yield f"**{plain(headline(scan)[0].upper() + headline(scan)[1:])}.**"
        yield from self._numbers()
        yield from self._standing()
        yield from self._steps()
        yield from self._findings()
        yield from self._settled()
        yield from self._foot()

    def _standing(self) -> Iterator[str]:
        """What the answer is worth, and whose word was heard: before all that may have no room."""
        scan = self._scan
        if scan.verdict.answer is not Answer.COMPLETE:
            yield ""
            yield f"> **Not all could be told**: {plain(scan.verdict.answer.upper())}"
            yield ">"
            yield from _listed(scan.verdict.reasons)
        for one in scan.heard:
            yield ""
            yield f"> {plain(heard_words(one))}"
            yield ">"
            yield from _listed(one.remarks)

    def _numbers(self) -> Iterator[str]:
        found = self._scan.open
        if not found:
            return
        counts = by_severity(found)
        shown = [one for one in counts if counts[one] or one > Severity.NEGLIGIBLE]
        cells = [*((word(one), counts[one]) for one in shown)]
        cells.append(("fixable", distinct(one for one in found if one.is_fixable)))
        cells.append(("known exploited", distinct(one for one in found if one.exploited)))
        yield ""
        yield table_row(name for name, _ in cells)
        yield table_row("---:" for _ in cells)
        yield table_row(f"**{count:,}**" if count else "0" for _, count in cells)

    def _steps(self) -> Iterator[str]:
        steps = advice(self._scan)
        none = unfixed(self._scan)
        if steps:
            yield ""
            yield "#### What to do"
            yield ""
            yield from table_head("package", "upgrade", "what it brings")
            for one in steps[:_SHOWN]:
                best = one.upgrade
                yield table_row(
                    (
                        code(best.package),
                        f"{code(best.installed)} → {code(best.target)}",
                        plain("; ".join(filter(None, (gains(one.gone), advice_words(one))))),
                    )
                )
            if len(steps) > _SHOWN:
                yield ""
                yield f"… and {len(steps) - _SHOWN:,} more upgrades."
        if none:
            yield ""
            yield f"{plain(none[0].upper() + none[1:])}."

    def _findings(self) -> Iterator[str]:
        found = rows(self._scan.open)
        if not found:
            return
        table = list(self._fitting([_finding(row) for row in found]))
        folded = len(found) > _SHOWN
        yield ""
        if folded:
            yield f"<details><summary>All {len(found):,} findings</summary>"
        else:
            yield "#### Vulnerabilities"
        yield ""
        yield from table_head(
            "severity", "vulnerability", "package", "installed", "fixed", "EPSS", "there"
        )
        yield from table
        if len(table) < len(found):
            yield ""
            yield f"… and {len(found) - len(table):,} more, which had no room here."
        if folded:
            yield ""
            yield "</details>"

    def _settled(self) -> Iterator[str]:
        settled = settled_rows(self._scan)
        if not settled:
            return
        table = [
            table_row(
                (_vulnerability(row), code(names_words(row.names)), plain(statement_words(said)))
            )
            for row, said in settled
        ]
        kept = list(self._fitting(table))
        yield ""
        yield f"<details><summary>{len(settled):,} that do not count, and why</summary>"
        yield ""
        yield from table_head("vulnerability", "package", "why")
        yield from kept
        if len(kept) < len(table):
            yield ""
            yield f"… and {len(table) - len(kept):,} more, which had no room here."
        yield ""
        yield "</details>"

    def _fitting(self, lines: Sequence[str]) -> Iterator[str]:
        """As many of `lines` as there is room for."""
        for line in lines:
            self._room -= len(line) + 1
            if self._room < 0:
                return
            yield line

    def _foot(self) -> Iterator[str]:
        scan = self._scan
        spared = spared_words(scan)
        parts = [
            f"spared: {spared}" if spared else "",
            system_words(scan),
            f"database {database_words(scan.database, scan.now)}",
        ]
        yield ""
        told = " · ".join(plain(part) for part in parts if part)
        yield f"<sub>{told} · scanned by distil</sub>"


def _listed(said: Sequence[str]) -> Iterator[str]:
    yield from (f"> - {plain(one)}" for one in said[:_SHOWN])
    if len(said) > _SHOWN:
        yield f"> - … and {len(said) - _SHOWN:,} more"


def _finding(row: Row) -> str:
    first = row.first
    severity = word(first.severity)
    bold = f"**{severity}**" if first.severity >= Severity.HIGH else severity
    fixed = code(first.fixed[0]) if first.fixed else plain(repair_words(first))
    return table_row(
        (
            f"{bold} · KEV" if first.exploited is not None else bold,
            _vulnerability(row),
            code(names_words(row.names)),
            code(first.installed),
            fixed,
            likelihood_words(first),
            plain(presences(row)),
        )
    )


def _vulnerability(row: Row) -> str:
    told = page(row.first.id)
    return f"[{row.first.id}]({told})" if told else code(row.first.id)
