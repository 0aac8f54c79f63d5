"""Files of feeds, from a directory as they lie there, or from a server."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from distil.fetch.address import redacted
from distil.fetch.errors import NotFound
from distil.fetch.http import Client
from distil.model.regular_file import open_regular
from distil.vulns.database.layout import Feed
from distil.vulns.feeds.places import Wanted, is_address

LARGEST: Final = 8 << 30
"""Bytes of one file of a feed."""

_GZIP: Final = b"\x1f\x8b"


class Fetched(msgspec.Struct, frozen=True):
    """A file of a feed: where it is, where it is from, and what tells whether it has changed.

    `modified` is in seconds since 1970, 0 where nobody says.
    """

    url: str
    path: Path | None
    identity: str
    tag: str = ""
    modified: int = 0

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, decompressed where it is gzip's. Raises OSError."""
        if self.path is None:
            raise OSError(0, "it was not fetched", self.url)
        with open_regular(self.path) as stream:
            first = stream.read(len(_GZIP))
            stream.seek(0)
            if first != _GZIP:
                yield stream
                return
            with gzip.GzipFile(fileobj=stream) as plain:
                yield cast("BinaryIO", plain)


def fetched(wanted: Wanted, client: Client, work: Path, known: Feed | None) -> Fetched | None:
    """The file of a feed, None where no address has it.

    Without a path it is as `known`, the same feed as it was before. Raises `NetworkError`,
    `TooLarge`, OSError.
    """
    for address in wanted.addresses:
        found = (
            _from_server(wanted, address, client, work, known)
            if is_address(address)
            else _from_disk(Path(address))
        )
        if found is None:
            continue
        if known is not None and found.identity == known.identity:
            return msgspec.structs.replace(found, path=None)
        return found
    return None


def _from_disk(path: Path) -> Fetched | None:
    try:
        with open_regular(path) as stream:
            identity = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    return Fetched(str(path), path, identity)


def _from_server(
    wanted: Wanted, address: str, client: Client, work: Path, known: Feed | None
) -> Fetched | None:
    url = redacted(address)
    is_same = known is not None and known.url == url
    path = work / "feed"
    try:
        with path.open("wb") as stream:
            saved = client.save(
                address,
                stream,
                limit=LARGEST,
                what=wanted.name,
                known=known.tag if known is not None and is_same else "",
            )
    except NotFound:
        return None
    if not saved.is_changed and known is not None:
        return Fetched(url, None, known.identity, known.tag, known.newest)
    return Fetched(url, path, saved.digest, saved.tag, _date(saved.modified))


def _date(text: str) -> int:
    from email.utils import parsedate_to_datetime

    try:
        return int(parsedate_to_datetime(text).timestamp()) if text else 0
    except ValueError:
        return 0
