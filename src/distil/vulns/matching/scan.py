"""Scanning: from an inventory and advisories to findings and a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    FixState,
    Severity,
    VulnerabilityFacts,
)
from distil.model.finding import Finding, Repair, Scan, Unassessed
from distil.model.inventory import Inventory, InventoryComponent
from distil.vulns.advisories import Advisories
from distil.vulns.matching.answers import Answer, Platform, answer
from distil.vulns.matching.joining import Vulnerability, is_cve, joined
from distil.vulns.matching.presence import Remaining, Remains
from distil.vulns.matching.questions import Asked, Question, Questions, questions
from distil.vulns.matching.ratings import rating_of
from distil.vulns.matching.verdict import verdict_of
from distil.vulns.versions.ordering import InvalidVersion
from distil.vulns.versions.table import ordering_of

OLD: Final = 7
"""Days after which a database is called old, where nobody says otherwise."""
_UNORDERED: Final = "the advisory has versions that cannot be ordered: it may concern this one"


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """How to match: at `now`, in seconds since 1970, with a database that is not `oldest` days."""

    now: int
    oldest: int = OLD


def scan(inventory: Inventory, advisories: Advisories, how: Matching) -> Scan:
    """Which of `advisories` concern what is in `inventory`.

    What nobody can assess and what is said of a part by the package that owns it is told apart.
    Raises `DamagedDatabase`.
    """
    asked = questions(inventory, advisories)
    answers = _answers(asked, advisories, _platform(inventory))
    vulnerabilities = _Vulnerabilities(answers, advisories)
    concerned = [one for one in asked.asked if vulnerabilities.of(one)]
    remaining = Remaining(inventory, [one.number for one in concerned])
    findings = [
        _finding(vulnerability, one, remaining.of(one.number), vulnerabilities.facts, inventory)
        for one in concerned
        for vulnerability in vulnerabilities.of(one)
    ]
    asked = asked._replace(unassessed=_with_unordered(asked, answers))
    return Scan(
        subject=inventory.subject,
        release=inventory.release,
        components=len(inventory.components),
        findings=tuple(sorted(findings, key=_order)),
        unassessed=asked.unassessed,
        covered=asked.covered,
        verdict=verdict_of(inventory, asked, advisories, how.now, how.oldest),
        database=advisories.status,
        now=how.now,
    )


def _order(one: Finding) -> tuple[object, ...]:
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
        for trouble in {answers[question].trouble for question in one.questions} - {""}:
            found[trouble].append(one.component)
    more = [
        Unassessed(
            why=why,
            components=tuple(one.ref for one in components),
            names=tuple(f"{one.name} {one.version}" for one in components),
        )
        for why, components in sorted(found.items())
    ]
    return (*asked.unassessed, *more)


class _Vulnerabilities:
    """What the answers come to, joined once for each set of questions; `facts` of the CVEs."""

    def __init__(self, answers: Mapping[Question, Answer], advisories: Advisories) -> None:
        self._answers = answers
        ids = {one.entry.advisory for found in answers.values() for one in found.matches}
        self._documents: Mapping[str, Advisory] = advisories.advisories(sorted(ids))
        self._joined: dict[tuple[Question, ...], list[Vulnerability]] = {}
        self.facts: Mapping[str, VulnerabilityFacts] = advisories.facts(sorted(self._cves()))

    def _cves(self) -> set[str]:
        return {
            name
            for one in self._documents.values()
            for name in (one.id, *one.aliases, *one.upstream, *one.related)
            if is_cve(name)
        }

    def of(self, asked: Asked) -> list[Vulnerability]:
        known = self._joined.get(asked.questions)
        if known is None:
            found = [self._answers[question] for question in asked.questions]
            matches = [match for one in found for match in one.matches]
            about = frozenset[str]().union(*(one.about for one in found))
            known = joined(matches, self._documents, about) if matches else []
            self._joined[asked.questions] = known
        return known


_REPAIRS: Final = {
    FixState.NONE: Repair.NONE,
    FixState.UNFIXED: Repair.NONE,
    FixState.DEFERRED: Repair.DEFERRED,
    FixState.IGNORED: Repair.IGNORED,
    FixState.END_OF_LIFE: Repair.END_OF_LIFE,
    FixState.UNDETERMINED: Repair.UNDETERMINED,
    FixState.NOT_AFFECTED: Repair.NONE,
}


class _Mending(NamedTuple):
    repair: Repair
    fixed: tuple[str, ...]
    note: str


def _mending(found: Vulnerability) -> _Mending:
    """Which versions have the fix, and what else is said of one.

    Where several advisories tell of a fix, each version is one; a word of the distribution counts
    where none does.
    """
    matches = [one.match for one in found.told]
    fixed = _nearest_first(
        {version for one in matches for version in one.fixed}, matches[0].question.ecosystem
    )
    note = "; ".join(dict.fromkeys(one.entry.note for one in matches if one.entry.note))
    if fixed:
        return _Mending(Repair.FIXED, fixed, note)
    if all(one.is_unordered for one in matches):
        return _Mending(Repair.UNDETERMINED, (), note or _UNORDERED)
    state = max(one.entry.state for one in matches)
    return _Mending(_REPAIRS[state], (), note)


def _nearest_first(versions: Iterable[str], ecosystem: str) -> tuple[str, ...]:
    ordering = ordering_of(ecosystem)
    found = sorted(versions)
    if ordering is None or len(found) < 2:
        return tuple(found)
    try:
        return tuple(sorted(found, key=ordering.key))
    except InvalidVersion:
        return tuple(found)


def _finding(
    found: Vulnerability,
    asked: Asked,
    remains: Remains,
    facts: Mapping[str, VulnerabilityFacts],
    inventory: Inventory,
) -> Finding:
    component = asked.component
    documents = [one.document for one in found.told]
    known = facts.get(found.id)
    rating = rating_of(found.told, known)
    mending = _mending(found)
    question = found.told[0].match.question
    dates = [one.published for one in documents if one.published > 0]
    summary = next((one.summary for one in documents if one.summary), "")
    return Finding(
        id=found.id,
        component=component.ref,
        kind=component.kind,
        name=component.name,
        installed=component.version,
        purl=component.purl,
        package=question.name,
        ecosystem=question.ecosystem,
        severity=rating.severity if rating is not None else Severity.UNKNOWN,
        rating=rating,
        repair=mending.repair,
        fixed=mending.fixed,
        note=mending.note,
        basis=asked.basis,
        aliases=tuple(name for name in found.names if name != found.id),
        advisories=tuple(dict.fromkeys(one.id for one in documents)),
        summary=summary,
        references=tuple(dict.fromkeys(link for one in documents for link in one.references)),
        published=min(dates, default=0),
        exploited=known.exploited if known is not None else None,
        likelihood=known.likelihood if known is not None else None,
        presence=remains.presence,
        present=remains.present,
        claimed=remains.claimed,
        layer=component.layer,
        is_base=_is_base(component, inventory),
        places=tuple(place.path for place in component.places),
    )


def _is_base(component: InventoryComponent, inventory: Inventory) -> bool:
    return 0 <= component.layer < len(inventory.layers) and (
        inventory.layers[component.layer].is_base
    )
