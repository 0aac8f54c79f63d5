"""What our advisories say of a vulnerability that somebody else reports of a package."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from distil.model.advisory import Advisory, AffectedPackage, EventKind, FixState
from distil.model.inventory import InventoryComponent
from distil.model.other_report import Reason
from distil.vulns.advisories import Advisories
from distil.vulns.matching.questions import Question
from distil.vulns.matching.streams import is_of_stream, stream_of, streams_in
from distil.vulns.versions.ordering import InvalidVersion, Ordering
from distil.vulns.versions.ranges import is_affected
from distil.vulns.versions.table import ordering_of

_OWN: Final = ("", "DEBIAN-", "UBUNTU-", "ALPINE-")
"""What a distribution writes before a CVE in the id of its own document about it."""

_NAMED: Final = 3
"""Packages that are named of those that an advisory is about."""


class Answer(NamedTuple):
    """Why a finding of others is none of ours, and the sentence that says so."""

    reason: Reason
    why: str


class Consultation:
    """Our advisories, asked for one vulnerability of one package at a time."""

    def __init__(self, advisories: Advisories) -> None:
        self._advisories = advisories
        self._entries: dict[Question, tuple[tuple[AffectedPackage, Advisory], ...]] = {}

    def answer(
        self,
        names: frozenset[str],
        questions: Iterable[Question],
        component: InventoryComponent,
    ) -> Answer | None:
        """What there is about the vulnerability of these `names`; None where there is nothing."""
        answers = [
            _of_stream(entry, document, component) or _of_entry(entry, document, question)
            for question in questions
            for entry, document in self._about(question)
            if not names.isdisjoint(_names(document))
        ]
        return max(answers, key=lambda one: _PLAINEST.index(one.reason)) if answers else None

    def elsewhere(self, names: Iterable[str], package: str) -> Answer:
        """What there is about the vulnerability for other packages than this one."""
        wanted = sorted({own + name for name in names for own in _OWN})
        found = self._advisories.advisories(wanted).values()
        told = sorted({f"{name} ({system})" for one in found for system, name in one.packages})
        if told:
            others = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
            about = ", ".join(told[:_NAMED]) + others
            return Answer(Reason.OTHER_PACKAGE, f"it is about {about}, not about {package}")
        facts = self._advisories.facts(sorted(names)).values()
        if any(one.ratings for one in facts):
            return Answer(Reason.OTHER_PACKAGE, f"advisories name it, but none about {package}")
        return Answer(Reason.NO_ADVISORY, "the database has no advisory of that name")

    def _about(self, question: Question) -> tuple[tuple[AffectedPackage, Advisory], ...]:
        known = self._entries.get(question)
        if known is None:
            told = self._advisories.affected(question.ecosystem, [question.name])
            entries = told.get(question.name, ())
            documents = self._advisories.advisories([one.advisory for one in entries])
            known = tuple(
                (one, documents[one.advisory]) for one in entries if one.advisory in documents
            )
            self._entries[question] = known
        return known


_PLAINEST: Final = (
    Reason.UNTOLD,
    Reason.OUT_OF_RANGE,
    Reason.OLDER,
    Reason.PLATFORM,
    Reason.OTHER_STREAM,
    Reason.UNORDERED,
    Reason.WITHDRAWN,
    Reason.HAS_FIX,
    Reason.NOT_AFFECTED,
)
"""Where several documents tell of it, the last of these says most."""


def _names(document: Advisory) -> Iterator[str]:
    yield document.id
    yield from (document.id.removeprefix(own) for own in _OWN)
    yield from document.aliases
    yield from document.upstream


def _of_stream(
    entry: AffectedPackage, document: Advisory, component: InventoryComponent
) -> Answer | None:
    if is_of_stream(entry, document, component):
        return None
    streams = ", ".join(sorted(streams_in(document.summary))) or "another build"
    own = stream_of(component) or "of none"
    return Answer(Reason.OTHER_STREAM, f"{document.id} is of {streams}, and this is {own}")


def _of_entry(entry: AffectedPackage, document: Advisory, question: Question) -> Answer:
    where = f"{question.ecosystem}, {document.id}"
    if document.withdrawn:
        return Answer(Reason.WITHDRAWN, f"{document.id} is withdrawn since {_day(document)}")
    if entry.state is FixState.NOT_AFFECTED:
        note = f": {entry.note}" if entry.note else ""
        return Answer(Reason.NOT_AFFECTED, f"{where}: {question.name} is not affected{note}")
    ordering = ordering_of(question.ecosystem)
    if ordering is None:
        return Answer(Reason.UNORDERED, f"nobody here orders versions of {question.ecosystem}")
    try:
        if is_affected(entry, question.version, ordering):
            return _of_affected(entry, where)
        reason, told = _outside(entry, question.version, ordering)
    except InvalidVersion as error:
        return Answer(Reason.UNORDERED, f"{where}: {error}")
    return Answer(reason, f"{told}, and {question.version} is installed ({where})")


def _of_affected(entry: AffectedPackage, where: str) -> Answer:
    if entry.platforms:
        systems = ", ".join(entry.platforms)
        return Answer(Reason.PLATFORM, f"{where}: only on {systems}")
    return Answer(Reason.UNTOLD, f"{where} has the installed version, under another name")


def _day(document: Advisory) -> str:
    moment = datetime.datetime.fromtimestamp(document.withdrawn, datetime.UTC)
    return moment.date().isoformat()


def _outside(entry: AffectedPackage, version: str, ordering: Ordering) -> tuple[Reason, str]:
    """Why a version is in no range: the fix below it that is next, or the fault above it."""
    here = ordering.key(version)
    events = [event for events in entry.ranges for event in events]
    passed = [
        event
        for event in events
        if event.kind is EventKind.FIXED and ordering.key(event.version) <= here
    ]
    if passed:
        last = max(passed, key=lambda event: ordering.key(event.version))
        if last.version == "0":
            return Reason.NOT_AFFECTED, "no version is affected"
        return Reason.HAS_FIX, f"fixed in {last.version}"
    ended = [
        event
        for event in events
        if event.kind is EventKind.LAST_AFFECTED and ordering.key(event.version) < here
    ]
    if ended:
        last = max(ended, key=lambda event: ordering.key(event.version))
        return Reason.OUT_OF_RANGE, f"{last.version} was the last affected"
    later = [
        event
        for event in events
        if event.kind is EventKind.INTRODUCED and ordering.key(event.version) > here
    ]
    if later:
        first = min(later, key=lambda event: ordering.key(event.version))
        return Reason.OLDER, f"it begins with {first.version}"
    return Reason.OUT_OF_RANGE, "other versions are affected"
