"""The next state of the database: what there was, less what has gone, and what is new."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from distil.vulns.database.layout import (
    APPLICATION,
    ENTRY,
    SCHEMA,
    TABLES,
    Area,
    Feed,
    Meta,
    Packing,
    Record,
    Shard,
    digest,
    encoder,
    row_of,
    shard_size,
)
from distil.vulns.database.reader import Database
from distil.vulns.database.spill import Named, Row, Spill

if TYPE_CHECKING:
    import sqlite3

_PAGE: Final = 4096
_NEW_SHARD: Final = "INSERT INTO shard VALUES (?, ?)"
_NEW_LIST: Final = "INSERT INTO area VALUES (?, ?)"


class Change(msgspec.Struct, frozen=True):
    """What a new state is about: all `feeds`, each where it stood before, new ones at the end.

    Of those in `replaced`, by their places, nothing stays that is not told anew.
    """

    feeds: tuple[Feed, ...]
    replaced: frozenset[int]
    built: int


def write_state(before: Database | None, spill: Spill, change: Change, path: Path) -> str:
    """Write the next state to the new file `path`; its digest.

    What is told anew waits in `spill`. The same state before and the same records give the same
    digest. Raises `DamagedDatabase` about the state before, OSError.
    """
    import sqlite3

    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(
            f"PRAGMA page_size = {_PAGE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            f"PRAGMA locking_mode = EXCLUSIVE; PRAGMA application_id = {APPLICATION};"
            f"PRAGMA user_version = {SCHEMA}; {';'.join(TABLES)}"
        )
        connection.execute("BEGIN")
        areas = list(_Writing(before, spill, change, connection).areas())
        meta = Meta(schema=SCHEMA, built=change.built, feeds=change.feeds, areas=tuple(areas))
        data = encoder.encode(meta)
        state = digest(data)
        connection.execute("INSERT INTO meta VALUES (?, ?)", (state, data))
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise OSError(0, str(error), str(path)) from error
    finally:
        connection.close()
    _flush(path)
    return f"sha256:{state.hex()}"


class _Writing:
    """One state on its way into a file."""

    def __init__(
        self,
        before: Database | None,
        spill: Spill,
        change: Change,
        connection: sqlite3.Connection,
    ) -> None:
        self._before = before
        self._spill = spill
        self._change = change
        self._connection = connection
        self._packing = Packing()

    def areas(self) -> Iterator[Area]:
        """Write each area that has anything; what is to be known of it."""
        old = self._before.meta.areas if self._before is not None else ()
        known = {one.name for one in old}
        next_number = max((one.number for one in old), default=-1) + 1
        for area in old:
            written = self._area(area)
            if written is not None:
                yield written
        for name in self._spill.areas:
            if name not in known:
                written = self._anew(name, next_number)
                next_number += 1
                if written is not None:
                    yield written

    def _area(self, area: Area) -> Area | None:
        """An area that was there: copied, changed in places, or made anew."""
        replaced = self._change.replaced
        if replaced.isdisjoint(area.feeds):
            return self._patched(area) if area.name in self._spill.areas else self._copied(area)
        gone = self._spill.gone(area.name)
        for shard in self._old_shards(area):
            for key, records in shard.items():
                for one in records:
                    if one.feed not in replaced and (key, one.feed, one.document) not in gone:
                        self._spill.add(area.name, key, one.feed, one.document, bytes(one.data))
        return self._anew(area.name, area.number)

    def _old_shards(self, area: Area) -> Iterable[Shard]:
        return () if self._before is None else self._before.shards(area)

    def _copied(self, area: Area) -> Area:
        if self._before is not None:
            for number, data in self._before.packed_shards(area):
                self._connection.execute(_NEW_SHARD, (row_of(area, number), data))
            self._connection.execute(_NEW_LIST, (area.number, self._before.list_of(area).data))
        return area

    def _anew(self, name: str, number: int) -> Area | None:
        """An area of all that waits for it."""
        feeds, keys = set[int](), 0
        made = _Shards(Area(name, number, 0, 0, (), b""), self._connection)
        shard: Shard = {}
        start = size = 0
        # Rows of one place stay together, whatever they come to.
        for place, rows in itertools.groupby(self._spill.rows(name), lambda row: row[0]):
            if size > shard_size(name):
                keys += len(shard)
                made.add(start, self._packing.packed(shard))
                shard, start, size = {}, place, 0
            for row in rows:
                size += len(row[4])
                feeds.add(row[2])
                _fill(shard, row)
        if not shard:
            return None
        made.add(start, self._packing.packed(shard))
        return made.finished(keys + len(shard), feeds)

    def _patched(self, area: Area) -> Area:
        """An area of which a few keys have changed: its shards stay where they were."""
        if self._before is None:
            return area
        shards = self._before.list_of(area)
        changes: dict[int, list[Row]] = {}
        for row in self._spill.rows(area.name):
            changes.setdefault(shards.shard_of(row[1]), []).append(row)
        gone: dict[int, set[Named]] = {}
        for named in self._spill.gone(area.name):
            gone.setdefault(shards.shard_of(named[0]), set()).add(named)
        made, keys, feeds = _Shards(area, self._connection), area.keys, set(area.feeds)
        for number, stored in self._before.packed_shards(area):
            data = stored
            if number in changes or number in gone:
                shard = self._packing.unpacked(stored, str(self._before.path))
                keys -= len(shard)
                shard = _without(shard, gone.get(number, set()))
                for row in changes.get(number, ()):
                    feeds.add(row[2])
                    _fill(shard, row)
                keys += len(shard)
                data = self._packing.packed(shard)
            made.add(shards.start(number), data)
        return made.finished(keys, feeds)


class _Shards:
    """The shards of an area on their way into the file."""

    def __init__(self, area: Area, connection: sqlite3.Connection) -> None:
        self._area = area
        self._connection = connection
        self._list = bytearray()
        self._count = 0

    def add(self, start: int, data: bytes) -> None:
        """Store the next one, which begins at `start`."""
        self._connection.execute(_NEW_SHARD, (row_of(self._area, self._count), data))
        self._list += ENTRY.pack(start, digest(data))
        self._count += 1

    def finished(self, keys: int, feeds: set[int]) -> Area:
        """Store their list; the area as it is now."""
        data = bytes(self._list)
        self._connection.execute(_NEW_LIST, (self._area.number, data))
        return Area(
            name=self._area.name,
            number=self._area.number,
            shards=self._count,
            keys=keys,
            feeds=tuple(sorted(feeds)),
            digest=digest(data),
        )


def _fill(shard: Shard, row: Row) -> None:
    _, key, feed, document, data = row
    shard.setdefault(key, []).append(Record(feed, document, msgspec.Raw(data)))


def _without(shard: Shard, gone: set[Named]) -> Shard:
    """What is left of a shard; keys of which nothing is left go as well."""
    left = {
        key: [one for one in records if (key, one.feed, one.document) not in gone]
        for key, records in shard.items()
    }
    return {key: records for key, records in left.items() if records}


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
