"""What documents say, joined to the findings of a scan: a pure function of both.

Nothing is taken away: a statement stands in its finding, with why it is void where it is. Where
statements contradict each other, one that somebody named outweighs one that was found beside the
image, then one about the image one about a package, then the later the earlier; and of two that
weigh the same, the one that settles nothing.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from distil.model.finding import SETTLING, Finding, Heard, Scan, Standing, Statement
from distil.vulns.matching.scan import order
from distil.vulns.vex import ignore
from distil.vulns.vex.claims import Claim, Document
from distil.vulns.vex.match import Reach, Target, names_version, reach_of

OURS: Final = "distil"
"""Who makes the statements that rest on the bytes."""

_CAUTION: Final = (
    Standing.AFFECTED,
    Standing.UNDER_INVESTIGATION,
    Standing.NOT_AFFECTED,
    Standing.FIXED,
)
_TOLD: Final = 3
"""Statements of a document that are told by name when they are about something else."""


class _Tally:
    """What of one document was about a finding."""

    def __init__(self) -> None:
        self.applied: set[int] = set()
        self.settling: set[int] = set()
        self.elsewhere: dict[int, Claim] = {}


class _Said(NamedTuple):
    """A claim about a finding, what it weighs, and where it is counted."""

    claim: Claim
    document: Document
    reach: Reach
    tally: _Tally

    @property
    def weight(self) -> tuple[bool, int, int, int]:
        caution = -_CAUTION.index(self.claim.standing) if self.claim.standing in _CAUTION else 0
        return (not self.document.is_attached, self.reach, self.claim.when, caution)


def apply(scan: Scan, documents: Sequence[Document], target: Target) -> Scan:
    """`scan` with all that `documents` say of its findings, and how much of each was about one."""
    if not documents:
        return scan
    today = datetime.datetime.fromtimestamp(scan.now, datetime.UTC).date().isoformat()
    by_id = _by_id(documents)
    tallies = [_Tally() for _ in documents]
    findings = [_joined(one, by_id, target, tallies, today) for one in scan.findings]
    heard = tuple(
        _heard(document, tally, today) for document, tally in zip(documents, tallies, strict=True)
    )
    return msgspec.structs.replace(
        scan, findings=tuple(sorted(findings, key=order)), heard=(*scan.heard, *heard)
    )


_Index = dict[str, list[tuple[int, Document, Claim]]]


def _by_id(documents: Sequence[Document]) -> _Index:
    found: _Index = defaultdict(list)
    for number, document in enumerate(documents):
        for claim in document.claims:
            for name in {one.upper() for one in claim.ids}:
                found[name].append((number, document, claim))
    return found


def _joined(
    finding: Finding, by_id: _Index, target: Target, tallies: list[_Tally], today: str
) -> Finding:
    names = {one.upper() for one in (finding.id, *finding.aliases, *finding.advisories)}
    said: list[_Said] = []
    seen: set[int] = set()
    for name in sorted(names):
        for number, document, claim in by_id.get(name, ()):
            if id(claim) in seen:
                continue
            seen.add(id(claim))
            reach = _reach(claim, finding, target)
            if reach is None:
                tallies[number].elsewhere.setdefault(id(claim), claim)
            else:
                said.append(_Said(claim, document, reach, tallies[number]))
    if not said:
        return finding
    said.sort(key=lambda one: one.weight, reverse=True)
    statements = [_own(one, said) for one in finding.statements]
    for position, one in enumerate(said):
        statement = _statement(one, _void(one, said[:position], today))
        statements.append(statement)
        one.tally.applied.add(id(one.claim))
        if statement.standing in SETTLING and not statement.void:
            one.tally.settling.add(id(one.claim))
    # Those that hold come first.
    statements.sort(key=lambda one: bool(one.void))
    return msgspec.structs.replace(finding, statements=tuple(statements))


def _reach(claim: Claim, finding: Finding, target: Target) -> Reach | None:
    """How far the claim speaks if it is about the finding: as far as what it names does."""
    if claim.standing is Standing.ACCEPTED and claim.about[0].product.name:
        names = (ignore.ANY, finding.name, finding.package)
        return Reach.IMAGE if claim.about[0].product.name in names else None
    reaches = (reach_of(about, finding, target) for about in claim.about)
    return max((one for one in reaches if one is not None), default=None)


def _void(one: _Said, heavier: Sequence[_Said], today: str) -> str:
    """Why a statement settles nothing although it would; empty where it holds."""
    return _expired(one.claim, today) or one.claim.void or _undated(one) or _denied(one, heavier)


def _own(one: Statement, said: Sequence[_Said]) -> Statement:
    """A statement of ours: only what somebody named says of this very image outweighs bytes."""
    heaviest = next((each for each in said if each.claim.standing is not Standing.ACCEPTED), None)
    if heaviest is None or one.standing not in SETTLING or one.void:
        return one
    if heaviest.document.is_attached or heaviest.reach is not Reach.IMAGE:
        return one
    if heaviest.claim.standing is not Standing.AFFECTED:
        return one
    return msgspec.structs.replace(one, void=_says(heaviest))


def _denied(one: _Said, heavier: Sequence[_Said]) -> str:
    """Why a statement that would settle does not: a heavier one says that it is affected.

    Not to know is no contradiction, unless the same author knew before.
    """
    if one.claim.standing not in SETTLING or one.claim.standing is Standing.ACCEPTED:
        return ""
    for other in heavier:
        standing = other.claim.standing
        is_retraction = (
            standing is Standing.UNDER_INVESTIGATION
            and other.document.author == one.document.author
        )
        if standing is Standing.AFFECTED or is_retraction:
            return _says(other)
    return ""


def _undated(one: _Said) -> str:
    """Why "fixed" settles nothing: of a package in general a version has to be named."""
    if one.claim.standing is not Standing.FIXED or one.reach is Reach.IMAGE:
        return ""
    named = any(names_version(about) for about in one.claim.about)
    return "" if named else "it names no version that is fixed"


def _says(one: _Said) -> str:
    word = one.claim.standing.value.replace("_", " ")
    return f"{one.document.name} says that it is {word}, and outweighs this"


def _statement(one: _Said, void: str) -> Statement:
    claim = one.claim
    return Statement(
        standing=claim.standing,
        by=one.document.name,
        justification=claim.justification,
        reason=claim.reason,
        until=claim.until,
        evidence=claim.evidence,
        void=void,
    )


def _expired(claim: Claim, today: str) -> str:
    return f"it expired on {claim.until}" if claim.until and today > claim.until else ""


def _heard(document: Document, tally: _Tally, today: str) -> Heard:
    remarks = list(document.remarks)
    for claim in document.claims:
        void = claim.void if id(claim) in tally.applied else ""
        if why := _expired(claim, today) or void:
            about = f" of {claim.about[0].product}" if claim.about else ""
            remarks.append(f"{claim.ids[0] if claim.ids else claim.where}{about}: {why}")
    elsewhere = [one for key, one in tally.elsewhere.items() if key not in tally.applied]
    remarks += map(_about_another, elsewhere[:_TOLD])
    if len(elsewhere) > _TOLD:
        remarks.append(f"{len(elsewhere) - _TOLD} more are about other products")
    return Heard(
        name=document.name,
        form=document.form,
        author=document.author,
        is_attached=document.is_attached,
        statements=len(document.claims),
        applied=len(tally.applied),
        settling=len(tally.settling),
        remarks=tuple(remarks),
    )


def _about_another(claim: Claim) -> str:
    if not claim.about:
        return f"{claim.ids[0]}: the statement names nothing"
    about = claim.about[0]
    what = f"{about.parts[0]} in {about.product}" if about.parts else str(about.product)
    return f"{claim.ids[0]} is found here, but the statement is about {what}"
