"""A scan as SARIF 2.1.0 (OASIS), with what code scanning of GitHub shows and asks for.

GitHub reads a rule's ``security-severity`` and ``help``, a result's level, first location and
``primaryLocationLineHash``; it keeps runs apart by ``automationDetails``. It shows suppressed
results as open ones: what is settled is told as notifications, and is no result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from distil.model.advisory import Severity
from distil.model.finding import Finding, Scan
from distil.model.inventory import Answer
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.scan_view import (
    headline,
    heard_words,
    page,
    presence_words,
    repair_words,
    score,
    settled_rows,
    spared_words,
    statement_words,
    verdict_words,
    word,
)

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LONGEST: Final = 1000
"""Characters of a description: GitHub takes 1,024."""

_ROOT: Final = "IMAGE"
"""The name of what paths are relative to."""

_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.NEGLIGIBLE: "note",
    Severity.UNKNOWN: "warning",
}


def to_sarif(scans: Sequence[Scan], version: str) -> str:
    """A run for each platform, by distil of `version`."""
    runs = [_run(scan, version) for scan in scans]
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": runs})


def _run(scan: Scan, version: str) -> dict[str, Any]:
    by_id: dict[str, list[Finding]] = {}
    for one in scan.open:
        by_id.setdefault(one.id, []).append(one)
    numbers = {identifier: number for number, identifier in enumerate(by_id)}
    rules = [_rule(identifier, found) for identifier, found in by_id.items()]
    where = scan.subject.platform or "image"
    return {
        "tool": {"driver": {"name": "distil", "version": version, "rules": rules}},
        "automationDetails": {"id": f"distil/{where}/"},
        "invocations": [
            {
                "executionSuccessful": scan.verdict.answer is not Answer.UNKNOWN,
                "toolExecutionNotifications": list(_notifications(scan)),
            }
        ],
        "originalUriBaseIds": {
            _ROOT: {"description": _message(f"the root of {_named(scan)}")},
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(scan, one, numbers[one.id]) for one in scan.open],
        "properties": {
            "image": scan.subject.name,
            "digest": scan.subject.digest,
            "platform": scan.subject.platform,
            "verdict": scan.verdict.answer,
            "database": scan.database.digest,
        },
    }


def _rule(identifier: str, found: Sequence[Finding]) -> dict[str, Any]:
    """A vulnerability, as bad as it is for the worst of the components that have it."""
    worst = max(found, key=score)
    packages = ", ".join(dict.fromkeys(one.package for one in found))
    summary = next((one.summary for one in found if one.summary), "")
    about = summary or f"A known vulnerability of {packages}"
    rule: dict[str, Any] = {
        "id": _line(identifier),
        "name": "KnownVulnerability",
        "shortDescription": _message(f"{identifier} ({packages}): {about}"),
        "fullDescription": _message(about),
        "help": {"text": _help(worst, packages), "markdown": _help_markdown(worst, packages)},
        "defaultConfiguration": {"level": _LEVELS[worst.severity]},
        "properties": {
            "security-severity": f"{score(worst):.1f}",
            "precision": "very-high",
            "tags": ["security", "vulnerability", word(worst.severity)],
        },
    }
    if page(identifier):
        rule["helpUri"] = page(identifier)
    return rule


def _result(scan: Scan, found: Finding, number: int) -> dict[str, Any]:
    fix = f"fixed in {found.fixed[0]}" if found.fixed else repair_words(found)
    said = (
        f"{found.id} ({word(found.severity)}) affects {found.name} {found.installed}, {fix}; "
        f"there: {presence_words(found)}"
    )
    return {
        "ruleId": _line(found.id),
        "ruleIndex": number,
        "level": _LEVELS[found.severity],
        "message": _message(said),
        "locations": [_location(scan, found)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(scan, found)},
        "properties": {
            "purl": found.purl,
            "installed": found.installed,
            "fixed": found.fixed,
            "ecosystem": found.ecosystem,
            "package": found.package,
            "presence": found.presence,
            "exploited": found.exploited is not None,
            "epss": found.likelihood.score if found.likelihood is not None else None,
        },
    }


def _location(scan: Scan, found: Finding) -> dict[str, Any]:
    """The file that tells of the component; where there is none, the image's own name."""
    path = found.places[0] if found.places else f"/{found.name}"
    uri = quote(os.fsencode(path.lstrip("/").replace("//", "/")), safe="/+~@=,!$&'()*;")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri or "image", "uriBaseId": _ROOT},
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "logicalLocations": [
            {
                "name": _line(found.name),
                "fullyQualifiedName": _line(f"{scan.subject.name}{path}#{found.name}"),
                "kind": "module",
            }
        ],
        "message": _message(f"{found.name} {found.installed} in {_named(scan)}"),
    }


def _fingerprint(scan: Scan, found: Finding) -> str:
    """The same as long as the vulnerability is there, whatever the version and the digest."""
    place = found.places[0] if found.places else ""
    told = (found.id, found.ecosystem, found.package, found.name, place, scan.subject.platform)
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _notifications(scan: Scan) -> Iterator[dict[str, Any]]:
    """The verdict, and what does not count and why."""
    is_whole = scan.verdict.answer is Answer.COMPLETE
    yield {"level": "note" if is_whole else "warning", "message": _message(verdict_words(scan))}
    yield {"level": "note", "message": _message(headline(scan))}
    if scan.spared:
        yield {"level": "note", "message": _message(spared_words(scan))}
    for one in scan.heard:
        yield {"level": "note", "message": _message(heard_words(one))}
        for remark in one.remarks:
            yield {"level": "warning", "message": _message(f"{one.name}: {remark}")}
    for row, said in settled_rows(scan):
        told = f"{row.first.id} of {', '.join(row.names)}: {statement_words(said)}"
        yield {"level": "note", "message": _message(told)}


def _help(worst: Finding, packages: str) -> str:
    return " ".join(f"{name}: {value}." for name, value in _facts(worst, packages))


def _help_markdown(worst: Finding, packages: str) -> str:
    """In letters of code, which nothing of what advisories say can leave."""
    rows = [f"| {name} | `{value}` |" for name, value in _facts(worst, packages)]
    table = ["| | |", "| --- | --- |", *(row.replace("\\", "\\\\") for row in rows)]
    return "\n".join(table)


def _facts(worst: Finding, packages: str) -> Iterator[tuple[str, str]]:
    fix = ", ".join(worst.fixed) or repair_words(worst)
    told = [
        ("Package", packages),
        ("Severity", word(worst.severity)),
        ("CVSS", worst.rating.vector if worst.rating is not None else ""),
        ("Fixed", fix),
        ("Known exploited", worst.exploited.added if worst.exploited is not None else ""),
        ("EPSS", f"{worst.likelihood.score:.4f}" if worst.likelihood is not None else ""),
        ("Advisories", ", ".join(worst.advisories)),
        ("Note", worst.note),
    ]
    for name, value in told:
        if value:
            yield name, _line(value).replace("`", "'").replace("|", "/")


def _named(scan: Scan) -> str:
    return " ".join(part for part in (scan.subject.name, scan.subject.platform) if part)


def _message(text: str) -> dict[str, str]:
    return {"text": _line(text)}


def _line(text: str) -> str:
    told = printable(text)
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"
