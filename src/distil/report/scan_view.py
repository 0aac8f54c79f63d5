"""What a reader meets of a scan, whichever form it is told in: rows, counts, and words for both."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from distil.model.advisory import DatabaseStatus, Severity
from distil.model.finding import Finding, Heard, Presence, Repair, Scan, Statement, Upgrade
from distil.model.inventory import Answer
from distil.report.units import number

_PAGE: Final = "https://osv.dev/vulnerability/"
_ID: Final = re.compile(r"[A-Za-z][\w.:~-]{2,100}", re.ASCII)

DAY: Final = 86_400
"""Seconds."""

SEVERITIES: Final = tuple(sorted(Severity, reverse=True))
"""The worst first."""

_SCORES: Final = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.0,
    Severity.NEGLIGIBLE: 0.1,
    Severity.UNKNOWN: 0.0,
}
"""For programs that want a number where nobody gave one: in the middle of what CVSS calls so."""


class Row(msgspec.Struct, frozen=True):
    """A vulnerability of one package, with the findings of all components that are made of it."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The worst of them, which stands for the others."""
        return self.findings[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The components."""
        return tuple(dict.fromkeys(one.name for one in self.findings))


def rows(findings: Iterable[Finding]) -> list[Row]:
    """`findings` with those of one package's components together.

    They stay in their order, but that what is exploited already comes first.
    """
    found: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        key = (one.id, one.ecosystem, one.package, one.installed, one.fixed, one.settled)
        found.setdefault(key, []).append(one)
    told = [Row(tuple(together)) for together in found.values()]
    return sorted(told, key=lambda row: row.first.exploited is None)


def by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many vulnerabilities there are of each severity, the worst first; none is left out.

    One that concerns several packages is one, as bad as it is for the worst of them.
    """
    worst: dict[str, Severity] = {}
    for one in findings:
        worst[one.id] = max(one.severity, worst.get(one.id, Severity.UNKNOWN))
    counts = Counter(worst.values())
    return {severity: counts[severity] for severity in SEVERITIES}


def counted(findings: Iterable[Finding]) -> str:
    """How many of each severity in words: ``1 critical, 2 high``."""
    told = by_severity(findings).items()
    return ", ".join(f"{count:,} {word(severity)}" for severity, count in told if count)


def word(severity: Severity) -> str:
    """A severity as people read it."""
    return "unrated" if severity is Severity.UNKNOWN else severity.word


def distinct(findings: Iterable[Finding]) -> int:
    """How many vulnerabilities they are of."""
    return len({one.id for one in findings})


def score(finding: Finding) -> float:
    """How bad it is in a number from 0 to 10; where nobody gave one, what stands for the word."""
    rating = finding.rating
    if rating is not None and rating.score >= 0:
        return min(rating.score, 10.0)
    return _SCORES[finding.severity]


def headline(scan: Scan) -> str:
    """What was found in one sentence, in which nothing found is never all there is to say."""
    found = scan.open
    if found:
        many = number(distinct(found), "vulnerability", "vulnerabilities")
        packages = number(len({(one.ecosystem, one.package) for one in found}), "package")
        return f"{many} in {packages}: {counted(found)}"
    if scan.verdict.answer is Answer.COMPLETE:
        return f"no known vulnerability in {number(scan.components, 'component')}"
    if scan.verdict.answer is Answer.PARTIAL:
        return "no known vulnerability, but not all could be told"
    return "no vulnerability, because nothing could be told"


def settled_rows(scan: Scan) -> list[tuple[Row, Statement]]:
    """What does not count, with the statement by which it does not."""
    told = []
    for row in rows(one for one in scan.findings if one.settled is not None):
        said = row.first.settled
        if said is not None:
            told.append((row, said))
    return told


def settled_counts(scan: Scan) -> Iterator[str]:
    """How many do not count, by who says so: ``2 not affected, as distil shows``."""
    told = ((row.first.id, said) for row, said in settled_rows(scan))
    counts = Counter(
        (said.standing.value.replace("_", " "), said.by) for _, said in dict.fromkeys(told)
    )
    for (standing, by), count in counts.items():
        yield f"{count:,} {standing}, {'as distil shows' if by == 'distil' else f'says {by}'}"


def spared_words(scan: Scan) -> str:
    """What is not there because distil left the packages out; empty for nothing."""
    if not scan.spared:
        return ""
    many = number(distinct(scan.spared), "vulnerability", "vulnerabilities")
    names = list(dict.fromkeys(one.package for one in scan.spared))
    packages = number(len(names), "package")
    return f"{many} of {packages} that {'was' if len(names) == 1 else 'were'} left out wholly"


def heard_words(one: Heard) -> str:
    """A document whose statements were heard, and what became of them."""
    by = f", by {one.author}" if one.author else ""
    told = (
        f"{one.name} ({one.form}{by}): {one.applied:,} of {number(one.statements, 'statement')} "
        f"about a finding, {one.settling:,} of which {'settles' if one.settling == 1 else 'settle'}"
    )
    if one.is_attached:
        told += "; found with the image, no signature was checked (--no-attached-vex leaves it out)"
    return told


def statement_words(said: Statement) -> str:
    """Who says it, what, why, and for how long."""
    parts = [said.standing.value.replace("_", " ")]
    if said.justification is not None:
        parts.append(said.justification.value.replace("_", " "))
    what = ": ".join(parts)
    until = f", until {said.until}" if said.until else ""
    void = f", but {said.void}" if said.void else ""
    reason = "; ".join(filter(None, map(str.strip, said.reason.splitlines())))
    return f"{what} ({said.by}{until}){void}" + (f": {reason}" if reason else "")


def presence_words(finding: Finding) -> str:
    """How much of the component is there."""
    if finding.presence is Presence.PART:
        return f"{finding.present:,} of {number(finding.claimed, 'file')}"
    if finding.presence is Presence.WHOLE:
        return f"all {number(finding.claimed, 'file')}" if finding.claimed > 1 else "all"
    return {
        Presence.DOCUMENTS: "documents only",
        Presence.NONE: "no file",
        Presence.UNTOLD: "not known",
    }[finding.presence]


def presences(row: Row) -> str:
    """The same of all components of a row, each with its name where they differ."""
    told = {one.name: presence_words(one) for one in row.findings}
    if len(told) == 1:
        return next(iter(told.values()))
    if all(one.presence is Presence.WHOLE for one in row.findings):
        return "all files"
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    parts = [f"{name} {words}" for name, words in told.items()]
    return "; ".join(parts[:2]) + (f"; … {len(parts) - 2} more" if len(parts) > 2 else "")


def names_words(names: Sequence[str], shown: int = 2) -> str:
    """Some names, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" (+{more})" if more > 0 else "")


def step_words(finding: Finding) -> str:
    """The installed version and what there is instead: ``3.0.11 → 3.0.15``."""
    told = finding.fixed[0] if finding.fixed else repair_words(finding)
    return f"{finding.installed} → {told}" if finding.fixed else f"{finding.installed}, {told}"


def repair_words(finding: Finding) -> str:
    """How it stands with a fix."""
    if finding.repair is Repair.FIXED and not finding.fixed:
        return "fixed somewhere"
    return finding.repair.value


def likelihood_words(finding: Finding) -> str:
    """The EPSS score in per cent, empty where there is none."""
    return f"{finding.likelihood.score * 100:.1f} %" if finding.likelihood is not None else ""


class Advice(msgspec.Struct, frozen=True):
    """The upgrade of a package that fixes most but for what it brings, with what is gone then.

    `lesser` are smaller steps, of which each fixes less.
    """

    upgrade: Upgrade
    gone: tuple[Finding, ...]
    lesser: tuple[Upgrade, ...] = ()


def advice(scan: Scan) -> list[Advice]:
    """What to do, package by package as `scan` has them, as far as it concerns what counts."""
    steps: defaultdict[tuple[str, ...], list[Upgrade]] = defaultdict(list)
    for one in scan.upgrades:
        steps[one.ecosystem, one.package, one.installed].append(one)
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for found in scan.open:
        findings[found.component].append(found)
    told = []
    for of_package in steps.values():
        best = max(of_package, key=lambda one: len(one.fixes) - len(one.brings))
        fixes = frozenset(best.fixes)
        gone = tuple(
            found for ref in best.components for found in findings[ref] if found.id in fixes
        )
        if gone:
            lesser = tuple(one for one in of_package if len(one.fixes) < len(fixes))
            told.append(Advice(best, gone, lesser))
    return told


def advice_words(one: Advice) -> str:
    """What a step is and does beyond what it fixes."""
    best = one.upgrade
    told = [f"a {best.step} step"] if best.step in ("minor", "major") else []
    told += ["in the base image"] if best.is_base else []
    told += [f"{less.target} fixes {len(less.fixes):,}" for less in one.lesser[-1:]]
    stay = len(best.remains)
    told += [f"{stay:,} {'stays' if stay == 1 else 'stay'}"] if stay else []
    new = len(best.brings)
    told += [f"{new:,} {'comes' if new == 1 else 'come'} with it"] if new else []
    return ", ".join(told)


def gains(gone: Sequence[Finding]) -> str:
    """What an upgrade gets rid of: ``fixes 3 (1 critical, 2 high), 1 known exploited``."""
    exploited = distinct(one for one in gone if one.exploited is not None)
    known = f", {exploited:,} known exploited" if exploited else ""
    return f"fixes {distinct(gone):,} ({counted(gone)}){known}"


def unfixed(scan: Scan) -> str:
    """How many have no fix, and why: ``2 have no fix: 1 not fixed, 1 will not be fixed``."""
    left = [one for one in scan.open if not one.is_fixable]
    if not left:
        return ""
    counts = Counter(dict.fromkeys((one.id, repair_words(one)) for one in left))
    by_word = Counter(said for _, said in counts)
    many = distinct(left)
    told = ", ".join(f"{count:,} {said}" for said, count in by_word.items())
    return f"{many:,} {'has' if many == 1 else 'have'} no fix: {told}"


def day(seconds: int) -> str:
    """A date as ``2026-11-26``; empty for none."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds)) if seconds > 0 else ""


def moment(seconds: int) -> str | None:
    """A time in UTC as RFC 3339 has it; none for none."""
    if seconds <= 0:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def database_words(status: DatabaseStatus, now: int) -> str:
    """The day of the database and how old it is."""
    read = [feed.fetched for feed in status.feeds if feed.fetched] or [status.built]
    age = max(0, now - min(read)) // DAY
    return f"of {day(min(read)) or 'an unknown day'}, {number(age, 'day')} old"


def verdict_lines(scan: Scan, shown: int | None = None) -> list[str]:
    """Whether all could be told, and why not, a line for each reason."""
    answer, reasons = scan.verdict.answer, list(scan.verdict.reasons)
    what = answer.value if answer is Answer.COMPLETE else answer.value.upper()
    left = len(reasons) - len(reasons[:shown])
    lines = [f"{what}: {reasons[0]}" if reasons else what, *reasons[1:shown]]
    return [*lines, f"… and {number(left, 'more reason')} (-v shows all)"] if left else lines


def verdict_words(scan: Scan) -> str:
    """Whether all could be told, and why not."""
    answer, reasons = scan.verdict.answer, "; ".join(scan.verdict.reasons)
    what = answer.value if answer is Answer.COMPLETE else answer.value.upper()
    return f"{what}: {reasons}" if reasons else what


def system_words(scan: Scan) -> str:
    """The distribution, if one is known."""
    release = scan.release
    if release is None:
        return ""
    return release.pretty_name or f"{release.name or release.id} {release.version_id}".strip()


def page(identifier: str) -> str:
    """Where a vulnerability is described; empty for what does not look like a name of one."""
    return _PAGE + quote(identifier) if _ID.fullmatch(identifier) else ""
