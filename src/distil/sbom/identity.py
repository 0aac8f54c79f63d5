"""What documents call themselves and their parts: the same for the same inventory, never random."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.model.inventory import (
    IndexInventory,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Subject,
)

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://spdx.org/spdxdocs/distil")
"""Of the version 5 UUIDs (RFC 9562) that documents are known by."""

_LAST: Final = 253402300799
"""The last second of the year 9999, in seconds since 1970."""


class Writing(msgspec.Struct, frozen=True):
    """How a document is written: `created` is its date in seconds since 1970, else the image's."""

    created: int | None = None


def date_of(subject: Subject, writing: Writing) -> str:
    """The date of a document as ISO 8601 has it, in UTC."""
    seconds = subject.created if writing.created is None else writing.created
    moment = datetime.datetime.fromtimestamp(min(max(seconds, 0), _LAST), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(date: str) -> int:
    """A date of a document in seconds since 1970, 0 for what is none."""
    try:
        moment = datetime.datetime.fromisoformat(date)
    except ValueError:
        return 0
    return max(0, int(moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp()))


def document_id(inventory: Inventory | IndexInventory, title: str, date: str) -> uuid.UUID:
    """The UUID of the document in the format `title` about an inventory."""
    hasher = hashlib.sha256(repr((title, date, inventory.subject)).encode("utf-8", "replace"))
    children = [inventory] if isinstance(inventory, Inventory) else inventory.children
    for child in children:
        told = (child.subject, child.scope, child.has_files, child.layers, len(child.files))
        hasher.update(repr(told).encode("utf-8", "replace"))
        for component in child.components:
            hasher.update(component.ref.encode())
    return uuid.uuid5(NAMESPACE, hasher.hexdigest())


def identifiers(components: Iterable[InventoryComponent], prefix: str = "") -> list[str]:
    """For each component a name that is unique in its document: its ref, numbered if need be."""
    seen: dict[str, int] = {}
    names = []
    for component in components:
        ref = component.ref
        seen[ref] = count = seen.get(ref, 0) + 1
        names.append(f"{prefix}{ref}" if count == 1 else f"{prefix}{ref}-{count}")
    return names


def file_identifiers(files: Iterable[InventoryFile]) -> Iterator[str]:
    """For each file a name made of its path, and a number where layers share one.

    Files come sorted by path.
    """
    before, count = "", 0
    for file in files:
        count = count + 1 if file.path == before else 0
        before = file.path
        path = before.encode("utf-8", "surrogatepass")
        name = hashlib.blake2b(path, digest_size=12).hexdigest()
        yield f"{name}-{count}" if count else name
