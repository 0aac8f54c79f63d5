"""What has changed in the feeds, made into the next state of the database."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from distil.events import Warned, emit, stage
from distil.fetch.errors import ConnectionFailed, HostNotFound, NetworkError, Offline
from distil.fetch.http import Client
from distil.image.staging import locked, reporting, workplace
from distil.vulns.database.following import check_follows
from distil.vulns.database.layout import Feed
from distil.vulns.database.placing import put_in_place
from distil.vulns.database.reader import Database, opened
from distil.vulns.database.spill import Spill
from distil.vulns.database.writer import Change, write_state
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.delta import Delta, delta_of
from distil.vulns.feeds.document import FeedDocument
from distil.vulns.feeds.fetching import Fetched, fetched
from distil.vulns.feeds.forms import documents_in
from distil.vulns.feeds.lifetimes import document_of, shipped, shipped_identity
from distil.vulns.feeds.places import SHIPPED, Wanted

RANKS: Final = {"debian-tracker": 1, SHIPPED: -1}
"""The feeds whose word counts for more, or less, than others' on the same thing."""


READING: Final = 1
"""Raised when the same documents come to other records than before: then feeds are read again."""

_AHEAD: Final = 86400
"""Seconds that others' clocks may be ahead; documents from further in the future are mistaken."""


class Updated(msgspec.Struct, frozen=True):
    """What came of one feed: how many of its documents were read, and in which way.

    `how` is ``whole``, ``delta``, ``unchanged``, ``missing`` or ``unreachable``.
    """

    feed: Feed
    how: str
    documents: int


class Settings(msgspec.Struct, frozen=True):
    """`now` is in seconds since 1970. `allow_older`: feeds may be older, or less, than before."""

    now: int
    allow_older: bool = False
    workers: int = 8


def update(
    path: Path, wanted: Sequence[Wanted], client: Client, settings: Settings
) -> tuple[Updated, ...]:
    """Bring the database at `path` to what the feeds say now; what came of each.

    Feeds that it has and that are not wanted, or cannot be reached, stay as they are. Whoever reads
    it goes on with the state before, which stays where anything else goes wrong. Raises
    `NetworkError` where nothing can be reached, `MalformedFeed`, `OlderAdvisories`,
    `FewerAdvisories`, what opening the database raises, `OutputFailed`, `DiskFull`.
    """
    with reporting(path), workplace(path) as work, locked(path.parent), opened(path) as before:
        with Spill(work / "records") as spill:
            taking = _Taking(before, spill, client, settings, work)
            taking.shipped()
            for one in wanted:
                taking.take(one)
            taking.check_reached()
            made = work / "database"
            with stage("writing the database"):
                write_state(before, spill, taking.change(), made)
        put_in_place(made, path)
    return tuple(taking.updated)


class _Taking:
    """Feed after feed, taken into the records for the next state."""

    def __init__(
        self, before: Database | None, spill: Spill, client: Client, settings: Settings, work: Path
    ) -> None:
        self._before = before
        self._spill = spill
        self._client = client
        self._settings = settings
        self._work = work
        self._feeds = list(before.meta.feeds) if before is not None else []
        self._replaced: set[int] = set()
        self.updated: list[Updated] = []
        self.unreachable: list[NetworkError] = []
        self._silent: dict[str, NetworkError] = {}
        """Servers that could not be reached: nobody is made to wait for them again."""

    def change(self) -> Change:
        """All that was taken."""
        return Change(tuple(self._feeds), frozenset(self._replaced), self._settings.now)

    def shipped(self) -> None:
        """Take the table of releases that comes with distil, if it is another one."""
        number, known = self._known(SHIPPED)
        identity = shipped_identity()
        if known is not None and known.identity == identity:
            return
        rows = [document_of(one, 0) for one in shipped()]
        self._whole(number, Feed(name=SHIPPED, rank=RANKS[SHIPPED], identity=identity), rows)

    def take(self, wanted: Wanted) -> None:
        """Take one feed: what has changed in it, or all of it."""
        number, known = self._known(wanted.name)
        same = known if known is not None and known.reading == READING else None
        with stage(f"reading {wanted.name}") as result:
            try:
                delta, found = self._asked(wanted, same)
            except NetworkError as error:
                # The others are none the worse for it: this one stays as it was.
                self.unreachable.append(error)
                done = Updated(known or Feed(name=wanted.name), "unreachable", 0)
            else:
                if delta is not None:
                    done = self._delta(number, delta)
                else:
                    done = self._file(number, wanted, known, found)
            result(f"{done.documents} documents" if done.documents else done.how)
        self.updated.append(done)

    def _asked(self, wanted: Wanted, same: Feed | None) -> tuple[Delta | None, Fetched | None]:
        """What has changed in a feed, or all of it. Raises `NetworkError`."""
        servers = {urlsplit(one).netloc for one in wanted.addresses}
        silent = [self._silent[one] for one in servers if one in self._silent]
        if silent:
            raise silent[0]
        try:
            delta = delta_of(wanted, self._client, self._before, same, self._settings.workers)
            if delta is not None:
                return delta, None
            return None, fetched(wanted, self._client, self._work, same)
        except (ConnectionFailed, HostNotFound) as error:
            self._silent[urlsplit(error.url).netloc] = error
            raise

    def check_reached(self) -> None:
        """Raise the first `NetworkError` where nothing at all was reached; tell of it else."""
        hows = {one.how for one in self.updated} - {"missing"}
        if hows == {"unreachable"}:
            raise self.unreachable[0]
        for error in self.unreachable:
            minor = isinstance(error, Offline)
            emit(Warned(error.message, hint="this feed stays as it was", minor=minor))

    def _file(
        self, number: int, wanted: Wanted, known: Feed | None, found: Fetched | None
    ) -> Updated:
        if found is None:
            return Updated(known or Feed(name=wanted.name), "missing", 0)
        if found.path is None and known is not None:
            feed = msgspec.structs.replace(
                known, url=found.url, tag=found.tag, fetched=self._settings.now
            )
            self._put(number, feed)
            return Updated(feed, "unchanged", 0)
        feed = self._read(number, wanted, found, known)
        return Updated(feed, "whole", feed.documents)

    def _read(self, number: int, wanted: Wanted, found: Fetched, known: Feed | None) -> Feed:
        start = Feed(
            name=wanted.name,
            rank=RANKS.get(wanted.name, 0),
            url=found.url,
            fetched=self._settings.now,
            identity=found.identity,
            tag=found.tag,
            reading=READING,
        )
        try:
            with found.opened() as stream:
                feed = self._whole(number, start, documents_in(stream, wanted, found.modified))
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise MalformedFeed(wanted.name, f"{found.url} cannot be read: {error}") from error
        if known is not None and not self._settings.allow_older:
            check_follows(known, feed)
        return feed

    def _whole(self, number: int, feed: Feed, documents: Iterable[FeedDocument]) -> Feed:
        count = newest = 0
        for one in documents:
            count += 1
            if one.modified <= self._settings.now + _AHEAD:
                newest = max(newest, one.modified)
            self._add(number, one)
        self._replaced.add(number)
        read = msgspec.structs.replace(feed, documents=count, newest=newest)
        self._put(number, read)
        return read

    def _delta(self, number: int, delta: Delta) -> Updated:
        for area, key, document in delta.gone:
            self._spill.add(area, key, number, document, None)
        for one in delta.documents:
            self._add(number, one)
        feed = msgspec.structs.replace(delta.feed, fetched=self._settings.now)
        self._put(number, feed)
        return Updated(feed, "delta" if delta.documents else "unchanged", len(delta.documents))

    def _add(self, number: int, document: FeedDocument) -> None:
        for area, key, data in document.told:
            self._spill.add(area, key, number, document.id, data)

    def _known(self, name: str) -> tuple[int, Feed | None]:
        """The place of a feed, and what it was before; a new one will have the next place."""
        for number, one in enumerate(self._feeds):
            if one.name == name:
                return number, one
        return len(self._feeds), None

    def _put(self, number: int, feed: Feed) -> None:
        self._feeds[number : number + 1] = [feed]
