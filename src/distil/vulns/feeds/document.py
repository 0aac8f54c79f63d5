"""What any source comes to: documents, each with what it says under which key of which area."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec


class Told(NamedTuple):
    """A record for the database: `data` is msgpack of what the area `area` holds."""

    area: str
    key: str
    data: bytes


class FeedDocument(msgspec.Struct, gc=False):
    """One document of a feed; `modified` is in seconds since 1970, 0 where it does not say."""

    id: str
    modified: int
    told: list[Told]


def seconds(text: str | None) -> int:
    """A time as RFC 3339 or ISO 8601 writes it, in seconds since 1970; 0 for none.

    Raises ValueError.
    """
    if not text:
        return 0
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0, int(when.timestamp()))


def day(text: str) -> str:
    """A day as ``2024-05-31``, from a text that begins with one. Raises ValueError."""
    return datetime.fromisoformat(text[:10]).date().isoformat()
