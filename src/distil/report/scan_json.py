"""A scan as JSON: all that is known, under names that are stable."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from distil.model.finding import Evidence, Finding, Scan
from distil.model.inventory import Subject
from distil.report.document import json_text
from distil.report.scan_view import by_severity, distinct, moment, score, word

SCHEMA_VERSION: Final = 1


def to_json(scans: Sequence[Scan]) -> str:
    """Every finding of every platform, those that are settled among them, and what they rest on."""
    return json_text({"schemaVersion": SCHEMA_VERSION, "scans": [scan_document(s) for s in scans]})


def scan_document(scan: Scan) -> dict[str, Any]:
    """One platform's scan, as values; what is counted in ``summary`` is not settled."""
    told = scan.open
    return {
        "subject": _subject(scan.subject),
        "release": plain(scan.release) if scan.release is not None else None,
        "verdict": plain(scan.verdict),
        "summary": {
            "vulnerabilities": distinct(told),
            "findings": len(told),
            "settled": len(scan.findings) - len(told),
            "spared": distinct(scan.spared),
            "fixable": distinct(one for one in told if one.is_fixable),
            "exploited": distinct(one for one in told if one.exploited is not None),
            "severities": {word(one): count for one, count in by_severity(told).items()},
        },
        "components": scan.components,
        "findings": [finding_document(one) for one in scan.findings],
        "spared": [{**finding_document(one), "counts": False} for one in scan.spared],
        "upgrades": plain(scan.upgrades),
        "unassessed": plain(scan.unassessed),
        "covered": [{"component": ref, "by": owner} for ref, owner in scan.covered],
        "heard": plain(scan.heard),
        "database": _database(scan),
        "now": moment(scan.now),
    }


def finding_document(found: Finding) -> dict[str, Any]:
    """A finding, with words for numbers, whether it counts, and how bad it is in one number."""
    document = plain(found)
    return {
        **document,
        "score": score(found),
        "counts": found.settled is None,
        "published": moment(found.published),
        "layer": found.layer + 1 if found.layer >= 0 else None,
    }


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """A value of the model for JSON: fields by name, words for what has an order.

    A score or a layer that is not known is null; layers are counted from 1.
    """
    if isinstance(value, Evidence):
        files = [{"path": path, "sha256": digest} for path, digest in value.files]
        return {**_fields(value), "files": files}
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, enum.IntEnum):
        return value.name.lower().replace("_", " ")
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value


def _fields(value: msgspec.Struct) -> dict[str, Any]:
    told = {_camel(name): plain(getattr(value, name)) for name in value.__struct_fields__}
    if "score" in told and told["score"] < 0:
        told["score"] = None
    return told


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        **_fields(subject),
        "created": moment(subject.created),
        "labels": dict(subject.labels),
        "annotations": dict(subject.annotations),
    }


def _database(scan: Scan) -> dict[str, Any]:
    """Which state of which feeds it was; not in which file, which others have elsewhere."""
    status = scan.database
    feeds = [
        {**_fields(feed), "fetched": moment(feed.fetched), "newest": moment(feed.newest)}
        for feed in status.feeds
    ]
    return {
        "digest": status.digest,
        "built": moment(status.built),
        "feeds": feeds,
        "ecosystems": dict(status.ecosystems),
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
