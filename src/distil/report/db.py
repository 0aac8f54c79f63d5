"""The database of advisories and what an update did, as text and JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from distil.model.advisory import DatabaseStatus
from distil.pipeline.db import DbUpdated
from distil.report.document import json_text
from distil.report.printable import printable
from distil.report.units import columns, number, size

SCHEMA_VERSION = 1


def updated_text(updated: DbUpdated) -> str:
    """A line for each feed that was there, and the state below."""
    rows = [
        (one.name, one.how, number(one.documents, "document") if one.documents else "")
        for one in updated.feeds
        if one.how != "missing"
    ]
    return "\n".join([*([columns(rows, indent="")] if rows else []), _state(updated.status)])


def updated_json(updated: DbUpdated) -> str:
    """The same as data."""
    return json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "feeds": msgspec.to_builtins(updated.feeds),
            "database": _plain(updated.status),
        }
    )


def status_text(status: DatabaseStatus) -> str:
    """The state, how new each feed is, and how many packages of what have advisories."""
    feeds = [("FEED", "NEWEST", "READ", "DOCUMENTS")]
    feeds += [
        (one.name, _day(one.newest), _day(one.fetched), f"{one.documents:,}")
        for one in status.feeds
    ]
    ecosystems = [("ECOSYSTEM", "PACKAGES")]
    ecosystems += [(name, f"{count:,}") for name, count in status.ecosystems]
    return "\n\n".join((_state(status), columns(feeds, indent=""), columns(ecosystems, indent="")))


def status_json(status: DatabaseStatus) -> str:
    """The same as data."""
    return json_text({"schemaVersion": SCHEMA_VERSION, "database": _plain(status)})


def _state(status: DatabaseStatus) -> str:
    documents = sum(one.documents for one in status.feeds)
    return (
        f"{printable(status.path)}: {number(documents, 'document')} of "
        f"{number(len(status.feeds), 'feed')}, {size(status.size)}, built {_day(status.built)}\n"
        f"{status.digest}"
    )


def _plain(status: DatabaseStatus) -> dict[str, object]:
    return {
        "path": status.path,
        "size": status.size,
        "digest": status.digest,
        "built": _time(status.built),
        "feeds": [
            {
                "name": one.name,
                "url": one.url,
                "fetched": _time(one.fetched),
                "newest": _time(one.newest),
                "documents": one.documents,
            }
            for one in status.feeds
        ],
        "ecosystems": dict(status.ecosystems),
    }


def _day(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d") if when else ""


def _time(when: int) -> str | None:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
