"""What a look at this machine found, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.doctor.findings import BUILDING, RUNNING, SOURCES, Diagnosis, Finding, Status
from distil.report.document import json_text
from distil.report.printable import printable

_TITLES: Final = {
    BUILDING: "to build with",
    SOURCES: "to build from",
    RUNNING: "to run images with (building needs none of it)",
}
_WORDS: Final = {
    Status.PASS: "PASS",
    Status.WARN: "WARN",
    Status.FAIL: "FAIL",
    Status.NONE: "–",  # noqa: RUF001 - the dash of a table
}


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 1
    verdict: Status
    diagnosis: Diagnosis


def to_json(diagnosis: Diagnosis) -> str:
    """The verdict, ``pass`` or ``fail``, and every finding."""
    verdict = Status.PASS if diagnosis.can_build else Status.FAIL
    return json_text(_Document(verdict=verdict, diagnosis=diagnosis))


def to_text(diagnosis: Diagnosis, *, verbose: bool = False) -> str:
    """A table of the findings, hints below what they are for, and the verdict as the last line."""
    return "\n".join([*_table(diagnosis, verbose=verbose), "", _verdict(diagnosis)])


def _table(diagnosis: Diagnosis, *, verbose: bool) -> Iterator[str]:
    findings = [finding for section in diagnosis.sections for finding in section.findings]
    width = max(len(finding.subject) for finding in findings)
    for section in diagnosis.sections:
        yield _TITLES[section.title]
        for finding in section.findings:
            yield from _rows(finding, width, verbose=verbose)


def _rows(finding: Finding, width: int, *, verbose: bool) -> Iterator[str]:
    subject = printable(finding.subject).ljust(width)
    first, *below = finding.text.splitlines() or [""]
    if finding.hint and finding.status is Status.NONE:
        first += f" ({finding.hint})"
    elif finding.hint:
        below.append(f"hint: {finding.hint}")
    yield f"  {_WORDS[finding.status]:4}  {subject}  {printable(first)}".rstrip()
    for line in [*below, *(finding.details if verbose else ())]:
        yield f"{' ' * (width + 10)}{printable(line)}"


def _verdict(diagnosis: Diagnosis) -> str:
    if not diagnosis.can_build:
        return "distil cannot build here: see FAIL above"
    unasked = ", as far as can be told offline" if diagnosis.offline else ""
    if not diagnosis.runners:
        return f"distil can build here{unasked}; nothing here can run what it builds"
    return f"distil can build here{unasked}, and run images with {_listed(diagnosis.runners)}"


def _listed(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
