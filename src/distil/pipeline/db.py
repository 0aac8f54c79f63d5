"""`db`: the database of advisories, brought up to date, looked at, and carried elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.configuration import NONE, DbSection, configuration_path, read_configuration
from distil.fetch.http import Client
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.advisory import DatabaseStatus
from distil.vulns.database.location import database_path
from distil.vulns.database.reader import Database, open_database
from distil.vulns.errors import NoFeeds
from distil.vulns.feeds.places import ECOSYSTEMS, SOURCES, Wanted, feeds_at, feeds_of
from distil.vulns.feeds.updating import Settings, update


class DbRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which database, and what to do with it.

    `database` is its file, where it is not the one of the user. `place` is where advisories are: a
    directory, the address of a mirror, or an image's place with an artifact; the sources of the
    user's configuration where it is empty. Of OSV's feeds only those of `ecosystems` if there are
    some. `now` is in seconds since 1970, the clock's time for 0.
    """

    place: str = ""
    database: Path | None = None
    ecosystems: tuple[str, ...] = ()
    allow_older: bool = False
    offline: bool = False
    now: int = 0
    settings: StoreSettings = NOTHING_SAID


class FeedUpdate(msgspec.Struct, frozen=True, rename="camel"):
    """What came of a feed: `how` is ``whole``, ``delta``, ``unchanged`` or ``missing``."""

    name: str
    how: str
    documents: int


class DbUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each feed, and the state that the database is in now."""

    feeds: tuple[FeedUpdate, ...]
    status: DatabaseStatus


def db_update(request: DbRequest) -> DbUpdated:
    """Bring the database to what the sources say now; it appears whole or stays as it was.

    Raises `NoFeeds`, `OlderAdvisories`, `MalformedFeed`, and what fetching and opening the
    database raise.
    """
    path = request.database or database_path()
    wanted = _wanted(request)
    how = Settings(now=request.now or int(time.time()), allow_older=request.allow_older)
    with Client(Cache.default(), offline=request.offline) as client:
        done = update(path, wanted, client, how)
    feeds = tuple(FeedUpdate(one.feed.name, one.how, one.documents) for one in done)
    return DbUpdated(feeds=feeds, status=db_status(path))


def db_status(database: Path | None = None) -> DatabaseStatus:
    """Which state of what the database is. Raises what opening it raises."""
    with open_database(database) as found:
        return found.status


def db_verify(database: Path | None = None) -> DatabaseStatus:
    """As `db_status`, after reading and checking all of it. Raises `DamagedDatabase` as well."""
    with open_database(database) as found:
        _read_all(found)
        return found.status


def _read_all(database: Database) -> None:
    for area in database.meta.areas:
        for _ in database.shards(area):
            pass


def _wanted(request: DbRequest) -> list[Wanted]:
    """The feeds of the place that was named, or of all that are configured."""
    told = read_configuration(configuration_path()).db
    ecosystems = request.ecosystems or told.ecosystems
    place = request.place or told.place
    if place:
        found = feeds_at(place, ecosystems)
        if not found:
            raise NoFeeds(place)
        return found
    return feeds_of(_sources(told), ecosystems or ECOSYSTEMS)


def _sources(told: DbSection) -> dict[str, str]:
    named = {name: getattr(told, name.replace("-", "_")) or SOURCES[name] for name in SOURCES}
    return {name: place for name, place in named.items() if place != NONE}
