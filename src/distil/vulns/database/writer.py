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
    SCHEMA,
    TABLES,
    Area,
    Feed,
    Meta,
    Record,
    Shard,
    digest,
    encoder,
    packed,
    shard_of,
    shards_for,
    unpacked,
)
from distil.vulns.database.reader import Database
from distil.vulns.database.spill import Named, Row, Spill

if TYPE_CHECKING:
    import sqlite3

_PAGE: Final = 4096
_NEW_SHARD: Final = "INSERT INTO shard VALUES (?, ?, ?)"


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
            f"PRAGMA user_version = {SCHEMA}; {TABLES}"
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
                self._connection.execute(_NEW_SHARD, (area.number, number, data))
            self._list(area.name, self._before.digests_of(area))
        return area

    def _anew(self, name: str, number: int) -> Area | None:
        keys = self._spill.keys(name)
        if not keys:
            return None
        shards = shards_for(name, keys)
        digests, feeds = bytearray(), set[int]()
        rows = itertools.groupby(self._spill.rows(name), lambda row: row[0] * shards >> 32)
        pending = next(rows, None)
        for place in range(shards):
            shard: Shard = {}
            if pending is not None and pending[0] == place:
                _fill(shard, pending[1])
                pending = next(rows, None)
            feeds.update(one.feed for records in shard.values() for one in records)
            digests += self._put(number, place, packed(shard))
        self._list(name, bytes(digests))
        return Area(name, number, shards, keys, tuple(sorted(feeds)), digest(bytes(digests)))

    def _patched(self, area: Area) -> Area:
        if self._before is None:
            return area
        changes: dict[int, list[Row]] = {}
        for row in self._spill.rows(area.name):
            changes.setdefault(shard_of(row[1], area.shards), []).append(row)
        gone: dict[int, set[Named]] = {}
        for named in self._spill.gone(area.name):
            gone.setdefault(shard_of(named[0], area.shards), set()).add(named)
        digests, keys, feeds = bytearray(), area.keys, set(area.feeds)
        for place, stored in self._before.packed_shards(area):
            data = stored
            if place in changes or place in gone:
                shard = unpacked(stored, str(self._before.path))
                keys -= len(shard)
                shard = _without(shard, gone.get(place, set()))
                _fill(shard, changes.get(place, ()))
                keys += len(shard)
                feeds.update(row[2] for row in changes.get(place, ()))
                data = packed(shard)
            digests += self._put(area.number, place, data)
        self._list(area.name, bytes(digests))
        known = digest(bytes(digests))
        return Area(area.name, area.number, area.shards, keys, tuple(sorted(feeds)), known)

    def _put(self, area: int, number: int, data: bytes) -> bytes:
        self._connection.execute(_NEW_SHARD, (area, number, data))
        return digest(data)

    def _list(self, name: str, digests: bytes) -> None:
        self._connection.execute("INSERT INTO area VALUES (?, ?)", (name, digests))


def _fill(shard: Shard, rows: Iterable[Row]) -> None:
    for _, key, feed, document, data in rows:
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
