"""OSV's archives: a ZIP file with a document for each advisory of an ecosystem."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from distil.events import Warned, emit
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.document import FeedDocument
from distil.vulns.feeds.osv import NotOsv, read_document

if TYPE_CHECKING:
    import zipfile

MOST_DOCUMENTS: Final = 4_000_000
LARGEST_DOCUMENT: Final = 64 << 20
LARGEST_TOTAL: Final = 64 << 30
"""Bytes of all documents together."""

_NO_YEAR: Final = 1980
"""What archives have that are made the same each time."""
_SPOILT: Final = 0.01
"""The share of documents that may be no advisories, each of which is told."""
_TOLD: Final = 5


def read_archive(
    stream: BinaryIO, name: str, ecosystem: str, source: str
) -> Iterator[FeedDocument]:
    """The documents of an archive, by their names.

    A few that are none are told and left out. Raises `MalformedFeed`.
    """
    import zipfile

    spoilt: list[str] = []
    count = 0
    try:
        with zipfile.ZipFile(stream) as archive:
            members = sorted(_members(archive, name), key=lambda one: one.filename)
            for member in members:
                count += 1
                with archive.open(member) as opened:
                    data = opened.read(LARGEST_DOCUMENT + 1)
                if len(data) > LARGEST_DOCUMENT:
                    raise MalformedFeed(name, f"{member.filename} is too large")
                try:
                    document = read_document(data, ecosystem, source)
                except NotOsv as error:
                    spoilt.append(f"{member.filename}: {error}")
                    continue
                document.modified = document.modified or _date_of(member)
                yield document
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise MalformedFeed(name, f"not a ZIP archive that can be read: {error}") from error
    if spoilt and len(spoilt) > count * _SPOILT:
        raise MalformedFeed(name, f"{len(spoilt)} of {count} are no advisories, as {spoilt[0]}")
    for one in spoilt[:_TOLD]:
        emit(Warned(f"{name}: left out, for it is no advisory: {one}"))
    if len(spoilt) > _TOLD:
        emit(
            Warned(f"{name}: {len(spoilt) - _TOLD} more were left out, for they are no advisories")
        )


def _date_of(member: zipfile.ZipInfo) -> int:
    """When a member was written, for documents that do not say; 0 where it does not either."""
    if member.date_time[0] <= _NO_YEAR:
        return 0
    try:
        return int(datetime(*member.date_time, tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    members = [one for one in archive.infolist() if one.filename.endswith(".json")]
    if len(members) > MOST_DOCUMENTS or sum(one.file_size for one in members) > LARGEST_TOTAL:
        raise MalformedFeed(name, "more advisories than there are in the world")
    return members
