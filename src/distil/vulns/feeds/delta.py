"""What has changed in one of OSV's feeds since it was read, document by document.

A server that has ``modified_id.csv`` beside an archive says when each document was changed, the
newest first. A few documents are fetched one by one; for many the whole archive is quicker.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from distil.fetch.address import redacted
from distil.fetch.errors import NotFound
from distil.fetch.http import Client
from distil.model.advisory import Advisory
from distil.vulns.database.layout import ADVISORY, CVE, PACKAGE, Feed
from distil.vulns.database.reader import Database
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.archive import LARGEST_DOCUMENT
from distil.vulns.feeds.document import FeedDocument, seconds
from distil.vulns.feeds.osv import NotOsv, read_document
from distil.vulns.feeds.places import Kind, Wanted, is_address
from distil.vulns.names import key_of

MOST: Final = 1000
"""Documents that are fetched one by one."""
LARGEST_LIST: Final = 256 << 20

Named = tuple[str, str, str]
"""Where a document said something: area, key, document."""


class Delta(msgspec.Struct, frozen=True):
    """The documents that have changed, where their forerunners stood, and the feed from now on."""

    documents: tuple[FeedDocument, ...]
    gone: tuple[Named, ...]
    feed: Feed


def delta_of(
    wanted: Wanted, client: Client, before: Database | None, known: Feed | None, workers: int
) -> Delta | None:
    """What has changed in a feed since it was `known`; None where all of it is to be read.

    That is so for what is not OSV's or not on a server, for what is new here, and where the list
    and what is here do not come to the same number of documents: something was taken out.
    Raises `NetworkError`, `MalformedFeed`.
    """
    base = _base(wanted, known)
    if before is None or known is None or not base:
        return None
    try:
        listed = _listed(client, f"{base}/modified_id.csv", wanted.name)
        changed = sorted(name for name, when in listed.items() if when > known.newest)
        old = before.advisories_of(wanted.name, changed)
        if len(changed) > MOST or known.documents + len(changed) - len(old) != len(listed):
            return None
        found = _fetched(client, base, changed, wanted, workers)
    except NotFound:
        return None
    newest = max((one.modified for one in found), default=known.newest)
    gone = tuple(dict.fromkeys(_places(old.values())))
    feed = msgspec.structs.replace(known, documents=len(listed), newest=newest, identity="", tag="")
    return Delta(tuple(found), gone, feed if changed else known)


def _base(wanted: Wanted, known: Feed | None) -> str:
    """Where single documents are, of a feed that was read there before."""
    if known is None or wanted.kind is not Kind.OSV or not known.newest:
        return ""
    address = next((one for one in wanted.addresses if redacted(one) == known.url), "")
    return address.rpartition("/")[0] if is_address(address) else ""


def _listed(client: Client, url: str, name: str) -> dict[str, int]:
    """When each document was changed."""
    data = client.document(url, limit=LARGEST_LIST, what=f"{name} modified_id.csv", uncached=True)
    try:
        rows = [line.split(",", 1) for line in data.decode("utf-8").splitlines() if line]
        return {document.rpartition("/")[2]: seconds(when) for when, document in rows}
    except ValueError as error:
        raise MalformedFeed(name, f"{redacted(url)} is no list of documents: {error}") from error


def _places(advisories: Iterable[Advisory]) -> Iterator[Named]:
    """Where documents said something, as far as it can be: others are not there at all."""
    for one in advisories:
        yield ADVISORY, one.id, one.id
        for where, name in one.packages:
            yield PACKAGE + where, key_of(where, name), one.id
        for cve in (one.id, *one.aliases, *one.upstream, *one.related):
            yield CVE, cve, one.id


def _fetched(
    client: Client, base: str, ids: Sequence[str], wanted: Wanted, workers: int
) -> list[FeedDocument]:
    from concurrent.futures import ThreadPoolExecutor

    def fetch(name: str) -> FeedDocument:
        url = f"{base}/{quote(name)}.json"
        data = client.document(url, limit=LARGEST_DOCUMENT, what=name, uncached=True)
        try:
            return read_document(data, wanted.about, wanted.name)
        except NotOsv as error:
            raise MalformedFeed(wanted.name, f"{name} is no advisory: {error}") from error

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(contextvars.copy_context().run, fetch, name) for name in ids]
        return [future.result() for future in futures]
