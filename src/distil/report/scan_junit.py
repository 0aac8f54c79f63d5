"""A scan as JUnit's XML: what counts is a failure, and what could not be told is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Final

from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer
from distil.report.printable import printable
from distil.report.scan_view import (
    Row,
    headline,
    heard_words,
    moment,
    names_words,
    presences,
    repair_words,
    rows,
    settled_rows,
    spared_words,
    statement_words,
    verdict_words,
    word,
)

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (2.2 Char), not even escaped."""


def to_junit(
    scans: Sequence[Scan], counts: Callable[[Finding], bool], *, require_complete: bool = False
) -> str:
    """A suite for each platform, a case for each vulnerability of a package and for the verdict.

    A vulnerability that `counts` fails, one that does not, or is settled, is skipped with the
    reason. The verdict passes where it is complete; a partial one is skipped with its reasons, or
    an error with `require_complete`; where nothing could be told, it is an error.
    """
    suites = [_Suite(scan, counts, require_complete=require_complete) for scan in scans]
    totals = [sum(each) for each in zip(*(suite.totals for suite in suites), strict=True)]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="distil scan"{_numbers(totals or [0, 0, 0, 0])}>',
        *(line for suite in suites for line in suite.lines()),
        "</testsuites>",
    ]
    return "\n".join(lines)


class _Suite:
    """The cases of a platform; `totals` are tests, failures, errors and skipped ones."""

    def __init__(
        self, scan: Scan, counts: Callable[[Finding], bool], *, require_complete: bool
    ) -> None:
        self._scan = scan
        self._failed: list[Row] = []
        self._others: list[tuple[Row, str]] = []
        for row in rows(scan.open):
            if any(counts(one) for one in row.findings):
                self._failed.append(row)
            else:
                self._others.append((row, "it is not among what was asked to fail"))
        self._others += [(row, statement_words(said)) for row, said in settled_rows(scan)]
        answer = scan.verdict.answer
        self._is_complete = answer is Answer.COMPLETE
        self._is_error = answer is Answer.UNKNOWN or (require_complete and not self._is_complete)
        skipped = len(self._others) + (not self._is_complete and not self._is_error)
        tests = 1 + len(self._failed) + len(self._others)
        self.totals = (tests, len(self._failed), int(self._is_error), skipped)

    def lines(self) -> Iterator[str]:
        """The element."""
        scan = self._scan
        name = " ".join(one for one in (scan.subject.name, scan.subject.platform) if one)
        when = f' timestamp="{(moment(scan.now) or "").removesuffix("Z")}"' if scan.now > 0 else ""
        yield f'  <testsuite name="{_text(name)}"{_numbers(self.totals)}{when}>'
        yield "    <properties>"
        for key, value in (
            ("digest", scan.subject.digest),
            ("database", scan.database.digest),
            ("found", headline(scan)),
            *([("spared", spared_words(scan))] if scan.spared else []),
            *(("heard", heard_words(one)) for one in scan.heard),
            *(("heard", f"{one.name}: {said}") for one in scan.heard for said in one.remarks),
        ):
            yield f'      <property name="{key}" value="{_text(value)}"/>'
        yield "    </properties>"
        yield from self._verdict()
        for row in self._failed:
            yield from _case(row, _failure(row))
        for row, why in self._others:
            yield from _case(row, f'<skipped message="{_text(why)}"/>')
        yield "  </testsuite>"

    def _verdict(self) -> Iterator[str]:
        case = '    <testcase classname="distil.scan" name="every component was assessed"'
        if self._is_complete:
            yield f"{case}/>"
            return
        scan = self._scan
        yield f"{case}>"
        kind = f'error type="{scan.verdict.answer}"' if self._is_error else "skipped"
        yield f'      <{kind} message="{_text(verdict_words(scan))}"/>'
        yield "    </testcase>"


def _case(row: Row, outcome: str) -> Iterator[str]:
    first = row.first
    package = _text(f"{first.ecosystem}.{first.package}")
    name = _text(f"{first.id} in {names_words(row.names)}")
    yield f'    <testcase classname="{package}" name="{name}">'
    yield f"      {outcome}"
    yield "    </testcase>"


def _failure(row: Row) -> str:
    first = row.first
    fix = f"fixed in {first.fixed[0]}" if first.fixed else repair_words(first)
    about = f"{first.id} ({word(first.severity)})"
    message = f"{about}: {', '.join(row.names)} {first.installed} is affected; {fix}"
    told = [
        ("summary", first.summary),
        ("there", presences(row)),
        ("exploited", f"since {first.exploited.added}" if first.exploited is not None else ""),
        ("advisories", ", ".join(first.advisories)),
        ("see", first.references[0] if first.references else ""),
    ]
    body = "\n".join(_text(f"{name}: {value}") for name, value in told if value)
    return f'<failure type="{word(first.severity)}" message="{_text(message)}">{body}</failure>'


def _numbers(totals: Sequence[int]) -> str:
    words = ("tests", "failures", "errors", "skipped")
    return "".join(f' {name}="{count}"' for name, count in zip(words, totals, strict=True))


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", printable(text)))
