"""Vulnerabilities as a handful of numbers, for comparing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer
from distil.vulns.upgrades import weight_of


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many vulnerabilities count, each once however many components have it.

    `exploited` and `fixable` are of those. `weight` is what they come to together, as
    `weight_of` says. `answer` is that of the scan: whether all could be told, and in `why` why
    not.
    """

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    unrated: int = 0
    exploited: int = 0
    fixable: int = 0
    weight: float = 0.0
    answer: Answer = Answer.COMPLETE
    why: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return self.critical + self.high + self.medium + self.low + self.unrated


def worst_by_id(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Those that count, each id once: the worst of its findings."""
    found: dict[str, Finding] = {}
    for one in findings:
        if one.settled is None:
            known = found.get(one.id)
            if known is None or (one.severity, weight_of(one)) > (known.severity, weight_of(known)):
                found[one.id] = one
    return found


def counts_of(scan: Scan) -> Counts:
    """Those of all of `scan`."""
    verdict = scan.verdict
    counted = count(scan.findings)
    return msgspec.structs.replace(counted, answer=verdict.answer, why=verdict.reasons)


def count(findings: Iterable[Finding]) -> Counts:
    """How many of `findings` count, by severity; negligible ones are low."""
    findings = list(findings)
    distinct = worst_by_id(findings)
    fixable = {one.id for one in findings if one.settled is None and one.is_fixable}
    number = dict.fromkeys(Severity, 0)
    for finding in distinct.values():
        number[finding.severity] += 1
    return Counts(
        critical=number[Severity.CRITICAL],
        high=number[Severity.HIGH],
        medium=number[Severity.MEDIUM],
        low=number[Severity.LOW] + number[Severity.NEGLIGIBLE],
        unrated=number[Severity.UNKNOWN],
        exploited=sum(one.exploited is not None for one in distinct.values()),
        fixable=len(fixable),
        weight=round(sum(map(weight_of, distinct.values())), 3),
    )
