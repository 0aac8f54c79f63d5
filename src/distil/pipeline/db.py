"""`db`: the database of advisories, brought up to date, looked at, and carried elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.configuration import NONE, DbSection, configuration_path, read_configuration
from distil.fetch.http import Client
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.model.advisory import DatabaseStatus
from distil.model.reference import names_image, parse_location
from distil.vulns.database.location import database_path
from distil.vulns.database.reader import open_database
from distil.vulns.errors import NoFeeds

if TYPE_CHECKING:
    from distil.vulns.feeds.places import Wanted


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
    """What came of a feed: `how` is `vulns.feeds.updating.Updated`'s."""

    name: str
    how: str
    documents: int


class DbUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each feed, and the state that the database is in now.

    There are no `feeds` where a whole database came from elsewhere.
    """

    feeds: tuple[FeedUpdate, ...] = ()
    status: DatabaseStatus

    @property
    def is_whole(self) -> bool:
        """Whether all feeds could be reached."""
        return all(one.how != "unreachable" for one in self.feeds)


def db_update(request: DbRequest) -> DbUpdated:
    """Bring the database to what the sources say now; it appears whole or stays as it was.

    Raises `NoFeeds`, `OlderAdvisories`, `FewerAdvisories`, `MalformedFeed`, and what fetching and
    opening the database raise; where the place is an artifact or a file, what `db_import` raises.
    """
    from distil.vulns.feeds.updating import Settings, update

    path = request.database or database_path()
    if _is_database(request.place):
        return DbUpdated(status=db_import(request))
    wanted = wanted_feeds(request)
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
        found.check_all()
        return found.status


def db_export(request: DbRequest) -> str:
    """Write the database to `request.place`, a file or an image's place; how to address it there.

    Raises what opening the database and writing files and images raise.
    """
    from distil.vulns.database.carrying import export_artifact, export_file

    path = request.database or database_path()
    if names_image(request.place):
        return export_artifact(path, parse_location(request.place), request.settings)
    export_file(path, Path(request.place))
    return request.place


def db_import(request: DbRequest) -> DatabaseStatus:
    """Let the database at `request.place` take the place of the one that is here.

    It is checked wholly before. Raises `OlderAdvisories`, `FewerAdvisories`, `NoDatabaseThere`, and
    what opening the database and reading images raise.
    """
    from distil.vulns.database.carrying import import_artifact, import_file

    path, older = request.database or database_path(), request.allow_older
    place = Path(request.place)
    if place.exists() or not names_image(request.place):
        import_file(place, path, allow_older=older)
    else:
        location = parse_location(request.place)
        import_artifact(location, request.settings, path, allow_older=older)
    return db_status(path)


def _is_database(place: str) -> bool:
    """Whether a place is not one of feeds: neither a directory nor the address of a mirror."""
    from distil.vulns.feeds.places import is_address

    if not place or is_address(place) or Path(place).is_dir():
        return False
    return Path(place).is_file() or names_image(place)


def wanted_feeds(request: DbRequest) -> list[Wanted]:
    """The feeds of the place that was named, or of all that are configured.

    Raises `NoFeeds`, `InvalidConfiguration`.
    """
    from distil.vulns.feeds.places import ECOSYSTEMS, Kind, feeds_at, feeds_of

    told = read_configuration(configuration_path()).db
    ecosystems = request.ecosystems or told.ecosystems
    place = request.place or told.place
    if place:
        found = feeds_at(place, ecosystems)
        if not found:
            raise NoFeeds(place)
        there = {one.about for one in found if one.kind is Kind.OSV}
        for name in request.ecosystems:
            if name not in there:
                raise NoFeeds(place, name)
        return found
    return feeds_of(_sources(told), ecosystems or ECOSYSTEMS)


def _sources(told: DbSection) -> dict[str, str]:
    from distil.vulns.feeds.places import SOURCES

    named = {name: getattr(told, name.replace("-", "_")) or SOURCES[name] for name in SOURCES}
    return {name: place for name, place in named.items() if place != NONE}
