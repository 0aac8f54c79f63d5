"""Scanning: from an inventory and advisories to findings and a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from distil.model.advisory import (
    AffectedPackage,
)
from distil.model.finding import Finding, Scan, Unassessed
from distil.model.inventory import Inventory, InventoryComponent
from distil.vulns.advisories import Advisories
from distil.vulns.matching.answers import Answer, Platform, answer
from distil.vulns.matching.findings import Findings
from distil.vulns.matching.questions import Question, Questions, questions
from distil.vulns.matching.symbols import LinkedFunctions
from distil.vulns.matching.verdict import verdict_of
from distil.vulns.matching.vulnerabilities import Vulnerabilities

OLD: Final = 7
"""Days after which a database is called old, where nobody says otherwise."""

_NEVER_TOLD_OF: Final = "program known by its bytes: no advisory tells of any version of it"


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """How to match: at `now`, in seconds since 1970, with a database that is not `oldest` days."""

    now: int
    oldest: int = OLD


def scan(
    inventory: Inventory,
    advisories: Advisories,
    how: Matching,
    functions: LinkedFunctions | None = None,
) -> Scan:
    """Which of `advisories` concern what is in `inventory`, and what of that can be shown absent.

    `functions` are those of its Go programs, where they are known. What nobody can assess and what
    is said of a part by the package that owns it is told apart. Raises `DamagedDatabase`.
    """
    asked = questions(inventory, advisories)
    answers = _answers(asked, advisories, _platform(inventory))
    vulnerabilities = Vulnerabilities(answers, advisories)
    findings = list(Findings(inventory, vulnerabilities, functions).of(asked.asked))
    asked = asked._replace(unassessed=_with_unordered(asked, answers))
    return Scan(
        subject=inventory.subject,
        release=inventory.release,
        components=len(inventory.components),
        findings=tuple(sorted(findings, key=order)),
        unassessed=asked.unassessed,
        covered=asked.covered,
        verdict=verdict_of(inventory, asked, advisories, how.now, how.oldest),
        database=advisories.status,
        now=how.now,
    )


def order(one: Finding) -> tuple[object, ...]:
    """By which findings are sorted: those that count first, the worst first."""
    return (
        one.settled is not None,
        -one.severity,
        one.exploited is None,
        -(one.likelihood.score if one.likelihood is not None else 0.0),
        one.id,
        one.kind,
        one.name,
        one.installed,
        one.component,
    )


def _platform(inventory: Inventory) -> Platform:
    system, _, architecture = inventory.subject.platform.partition("/")
    return Platform(system, architecture.partition("/")[0])


def _answers(
    asked: Questions, advisories: Advisories, platform: Platform
) -> dict[Question, Answer]:
    """The answer to each question, which several components may have."""
    wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
    every = dict.fromkeys(question for one in asked.asked for question in one.questions)
    for question in every:
        wanted[question.ecosystem][question.name] = None
    entries: dict[str, Mapping[str, Sequence[AffectedPackage]]] = {
        ecosystem: advisories.affected(ecosystem, names) for ecosystem, names in wanted.items()
    }
    return {question: answer(question, entries[question.ecosystem], platform) for question in every}


def _with_unordered(asked: Questions, answers: Mapping[Question, Answer]) -> tuple[Unassessed, ...]:
    """What cannot be assessed, those with it whose version could not be compared."""
    found: defaultdict[str, list[InventoryComponent]] = defaultdict(list)
    for one in asked.asked:
        told = [answers[question] for question in one.questions]
        for trouble in {each.trouble for each in told} - {""}:
            found[trouble].append(one.component)
        if one.component.kind == "binary" and not any(each.about for each in told):
            # Of programs nobody has them all: what is not told of may not be looked at.
            found[_NEVER_TOLD_OF].append(one.component)
    more = [
        Unassessed(
            why=why,
            components=tuple(one.ref for one in components),
            names=tuple(f"{one.name} {one.version}" for one in components),
        )
        for why, components in sorted(found.items())
    ]
    return (*asked.unassessed, *more)
