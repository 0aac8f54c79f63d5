"""What a document is to say of a finding, before any format has its words for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from distil.formats.purl import image_purl
from distil.formats.spelling import readable, spelled
from distil.model.finding import (
    Evidence,
    Finding,
    Justification,
    Repair,
    Scan,
    Standing,
    Statement,
)
from distil.model.inventory import Subject
from distil.vulns.vex.apply import OURS
from distil.vulns.vex.errors import NothingToName

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:distil:vex")
"""Of the version 5 UUIDs (RFC 9562) that documents are known by."""

_NO_FIX: Final = {
    Repair.FIXED: "a version with the fix is known",
    Repair.NONE: "no version with the fix is known",
    Repair.DEFERRED: "the distribution fixes it later",
    Repair.IGNORED: "the distribution will not fix it",
    Repair.END_OF_LIFE: "the package has no support any more",
    Repair.UNDETERMINED: "nobody knows yet whether it is affected",
}
_Value = TypeVar("_Value")


class Told(msgspec.Struct, frozen=True):
    """How a vulnerability stands to components, and why; the same for all that share it.

    `action` is what is to be done where it is affected; `notes` are sentences for people.
    """

    id: str
    aliases: tuple[str, ...]
    standing: Standing
    justification: Justification | None
    notes: tuple[str, ...]
    action: str
    evidence: str


def told_of(finding: Finding) -> Told:
    """What is said of `finding`: what settles it, else what is known, else that nobody knows."""
    statement = finding.settled or next(
        (one for one in finding.statements if one.standing is Standing.AFFECTED and not one.void),
        None,
    )
    standing = statement.standing if statement is not None else Standing.UNDER_INVESTIGATION
    evidence = statement.evidence if statement is not None else None
    action = ""
    if standing is Standing.ACCEPTED and statement is not None:
        standing, action = Standing.AFFECTED, _accepted(statement)
    elif standing is Standing.AFFECTED:
        action = _upgrade(finding)
    justification = statement.justification if statement is not None else None
    return Told(
        id=readable(finding.id),
        aliases=tuple(readable(one) for one in sorted({*finding.aliases} - {finding.id})),
        standing=standing,
        justification=justification if standing is Standing.NOT_AFFECTED else None,
        notes=tuple(_notes(finding, statement)),
        action=action,
        evidence=evidence_text(evidence) if evidence is not None else "",
    )


def evidence_text(evidence: Evidence) -> str:
    """Evidence as JSON, with every path in Unicode."""
    written = msgspec.structs.replace(
        evidence,
        detail=readable(evidence.detail),
        files=tuple((spelled(path), digest) for path, digest in evidence.files),
        symbols=tuple(readable(one) for one in evidence.symbols),
        absent=tuple(spelled(one) for one in evidence.absent),
    )
    return msgspec.json.encode(written).decode()


def digest_of(subject: Subject) -> str:
    """By which a scanned image is named. Raises `NothingToName`."""
    digest = subject.digest or subject.config_digest
    if not digest.startswith("sha256:"):
        raise NothingToName(readable(subject.name))
    return digest


def image_id(subject: Subject) -> str:
    """The identifier of an image: its package URL, or else one made of what digest it has."""
    return image_purl(subject) or f"urn:distil:image:{digest_of(subject)}"


def grouped(scans: Sequence[Scan]) -> dict[Told, list[tuple[Scan, Finding]]]:
    """The findings of `scans` by what is said of them, in their order."""
    found: dict[Told, list[tuple[Scan, Finding]]] = {}
    for scan in scans:
        for finding in scan.findings:
            found.setdefault(told_of(finding), []).append((scan, finding))
    return found


def each_once(values: Iterable[_Value]) -> list[_Value]:
    """The values in their order, each the first time it comes."""
    return list(dict.fromkeys(values))


def _accepted(statement: Statement) -> str:
    until = f" until {statement.until}" if statement.until else ""
    return readable(f"accepted{until}: {statement.reason}")


def _upgrade(finding: Finding) -> str:
    if finding.fixed:
        return readable(f"upgrade {finding.package} to {finding.fixed[0]}")
    return _NO_FIX[finding.repair]


def _notes(finding: Finding, statement: Statement | None) -> Iterator[str]:
    if statement is None:
        yield "found by version; whether it can be exploited here was not examined"
        yield readable(_upgrade(finding))
    else:
        if statement.by != OURS:
            yield readable(f"said by {statement.by}")
        if statement.reason:
            yield readable(statement.reason)
        elif statement.evidence is not None:
            yield readable(statement.evidence.detail)
    for one in finding.statements:
        if one.void:
            yield readable(f"{one.by} says {one.standing.value}, but {one.void}")
