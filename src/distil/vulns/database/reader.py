"""Answers from the database, each of them checked while it is read."""

from __future__ import annotations

import bisect
import contextlib
import errno
import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote

import msgspec

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    DatabaseStatus,
    FeedStatus,
    Rating,
    Support,
    VulnerabilityFacts,
)
from distil.model.regular_file import open_regular
from distil.vulns.database.layout import (
    ADVISORY,
    APPLICATION,
    CVE,
    ENTRY,
    PACKAGE,
    SCHEMA,
    SUPPORT,
    TABLES,
    UNREADABLE,
    Area,
    Meta,
    Packing,
    Record,
    Shard,
    advisory_decoder,
    affected_decoder,
    digest,
    fact_decoder,
    place,
    row_of,
    support_decoder,
)
from distil.vulns.database.location import database_path
from distil.vulns.errors import (
    DamagedDatabase,
    DatabaseUnreadable,
    ForeignDatabase,
    NewerDatabase,
    NoDatabase,
    OlderDatabase,
    TruncatedDatabase,
)
from distil.vulns.names import key_of, key_of_release

if TYPE_CHECKING:
    import sqlite3

_HEADER: Final = 100
"""Bytes of SQLite's header; https://www.sqlite.org/fileformat2.html, 1.3."""
_MAGIC: Final = b"SQLite format 3\0"

T = TypeVar("T")


class List:
    """Where each shard of an area begins, in their order, and its digest."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._starts: list[int] = [start for start, _ in ENTRY.iter_unpack(data)]

    def shard_of(self, key: str) -> int:
        """The number of the shard that a key is in, if it is in any."""
        number: int = bisect.bisect_right(self._starts, place(key)) - 1
        return max(0, number)

    def start(self, number: int) -> int:
        """Where a shard begins."""
        return self._starts[number]

    def digest(self, number: int) -> bytes:
        """The digest of a shard."""
        found: bytes = ENTRY.unpack_from(self.data, number * ENTRY.size)[1]
        return found


class Database:
    """The database at a path, in the state that it had when it was opened.

    `Advisories` says what it answers, to one thread at a time. What is put in its place meanwhile
    is not seen: the file stays open. All methods raise `DamagedDatabase`.
    """

    def __init__(self, path: Path, size: int, connection: sqlite3.Connection) -> None:
        self.path = path
        self._size = size
        self._connection = connection
        self._packing = Packing()
        self._lists: dict[str, List] = {}
        self.digest, self.meta = self._read_meta()
        self._areas = {one.name: one for one in self.meta.areas}

    @classmethod
    def open(cls, path: Path) -> Self:
        """The database at `path`.

        Raises `NoDatabase`, `DatabaseUnreadable`, `ForeignDatabase`, `TruncatedDatabase`,
        `NewerDatabase`, `OlderDatabase`, `DamagedDatabase`.
        """
        import sqlite3

        size = _checked_size(path)
        # Never written in place: SQLite needs no locks, and makes no files beside it.
        address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
        try:
            connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise DatabaseUnreadable(str(path), str(error)) from error
        try:
            return cls(path, size, connection)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what is asked -----------------------------------------------------------------------

    @property
    def status(self) -> DatabaseStatus:
        """Which state of what it is."""
        feeds = [
            FeedStatus(
                name=one.name,
                url=one.url,
                fetched=one.fetched,
                newest=one.newest,
                documents=one.documents,
            )
            for one in self.meta.feeds
        ]
        return DatabaseStatus(
            path=str(self.path),
            size=self._size,
            digest=f"sha256:{self.digest.hex()}",
            built=self.meta.built,
            feeds=tuple(sorted(feeds, key=lambda one: one.name)),
            ecosystems=tuple(
                sorted(
                    (one.name.removeprefix(PACKAGE), one.keys)
                    for one in self.meta.areas
                    if one.name.startswith(PACKAGE)
                )
            ),
        )

    def has(self, ecosystem: str) -> bool:
        """Whether a feed tells of `ecosystem`, as the OSV schema writes it: ``Debian:12``."""
        return PACKAGE + ecosystem in self._areas

    def affected(
        self, ecosystem: str, names: Iterable[str]
    ) -> Mapping[str, tuple[AffectedPackage, ...]]:
        """What there is about each of `names` (as the ecosystem writes them), if anything."""
        keys = {name: key_of(ecosystem, name) for name in names}
        records = self._records(PACKAGE + ecosystem, keys.values())
        return {name: self._packages(records[key]) for name, key in keys.items() if key in records}

    def advisories(self, ids: Iterable[str]) -> Mapping[str, Advisory]:
        """The documents of these ids; withdrawn is one that no feed tells otherwise."""
        found = self._records(ADVISORY, ids)
        return {name: self._document(records) for name, records in found.items()}

    def advisories_of(self, feed: str, ids: Iterable[str]) -> Mapping[str, Advisory]:
        """Those of the documents that the feed of that name has told."""
        number = next((n for n, one in enumerate(self.meta.feeds) if one.name == feed), -1)
        return {
            name: self._decoded(advisory_decoder, one)
            for name, records in self._records(ADVISORY, ids).items()
            for one in records
            if one.feed == number
        }

    def facts(self, ids: Iterable[str]) -> Mapping[str, VulnerabilityFacts]:
        """What is known of these CVEs, for those of which anything is."""
        return {
            name: self._facts(name, records) for name, records in self._records(CVE, ids).items()
        }

    def support(self, distribution: str, version: str) -> Support | None:
        """How long a release is cared for; `distribution` and `version` as in os-release(5).

        A version that is more particular than releases are, such as 3.20.1, is of its release.
        """
        while version:
            key = key_of_release(distribution, version)
            records = self._records(SUPPORT, (key,)).get(key)
            if records:
                return self._decoded(support_decoder, max(records, key=self._rank))
            version = version.rpartition(".")[0]
        return None

    # --- how it is answered ------------------------------------------------------------------

    def _document(self, records: list[Record]) -> Advisory:
        """What counts: that of the lowest rank, which has most words, among those that stand."""
        told = (self._decoded(advisory_decoder, one) for one in sorted(records, key=self._rank))
        first = next(told)
        if not first.withdrawn:
            return first
        return next((one for one in told if not one.withdrawn), first)

    def _packages(self, records: list[Record]) -> tuple[AffectedPackage, ...]:
        """What counts: of several feeds that tell of one document, the one of the highest rank."""
        best: dict[str, int] = {}
        for one in records:
            best[one.document] = max(best.get(one.document, 0), self._rank(one))
        return tuple(
            self._decoded(affected_decoder, one)
            for one in records
            if self._rank(one) == best[one.document]
        )

    def _facts(self, name: str, records: list[Record]) -> VulnerabilityFacts:
        ratings: dict[Rating, None] = {}
        exploited = likelihood = None
        for one in records:
            fact = self._decoded(fact_decoder, one)
            ratings |= dict.fromkeys(fact.ratings)
            exploited = fact.exploited or exploited
            likelihood = fact.likelihood or likelihood
        return VulnerabilityFacts(name, tuple(ratings), exploited, likelihood)

    def _rank(self, record: Record) -> int:
        if record.feed >= len(self.meta.feeds):
            raise self._damaged("a record is of no feed")
        return self.meta.feeds[record.feed].rank

    def _decoded(self, decoder: msgspec.msgpack.Decoder[T], record: Record) -> T:
        try:
            return decoder.decode(record.data)
        except UNREADABLE as error:
            raise self._damaged("a record cannot be read") from error

    def _records(self, name: str, keys: Iterable[str]) -> dict[str, list[Record]]:
        """The records of those of `keys` that have some."""
        area = self._areas.get(name)
        if area is None:
            return {}
        list_ = self.list_of(area)
        shards: dict[int, list[str]] = defaultdict(list)
        for key in keys:
            shards[list_.shard_of(key)].append(key)
        found: dict[str, list[Record]] = {}
        for number in sorted(shards):
            shard = self._shard(area, number)
            found.update({key: shard[key] for key in shards[number] if shard.get(key)})
        return found

    # --- parts, checked ----------------------------------------------------------------------

    def packed_shards(self, area: Area) -> Iterator[tuple[int, bytes]]:
        """All shards of an area as they are stored, by number."""
        for number in range(area.shards):
            yield number, self._packed(area, number)

    def shards(self, area: Area) -> Iterator[Shard]:
        """All shards of an area."""
        for _, data in self.packed_shards(area):
            yield self._packing.unpacked(data, str(self.path))

    def check_all(self) -> None:
        """Read all of it."""
        for area in self.meta.areas:
            for _ in self.shards(area):
                pass

    def _shard(self, area: Area, number: int) -> Shard:
        return self._packing.unpacked(self._packed(area, number), str(self.path))

    def _packed(self, area: Area, number: int) -> bytes:
        what = f"shard {number} of {area.name}"
        asked = "SELECT data FROM shard WHERE number = ?"
        data = self._value(asked, row_of(area, number), what)
        if digest(data) != self.list_of(area).digest(number):
            raise self._damaged(f"{what} does not match its digest")
        return data

    def list_of(self, area: Area) -> List:
        """The list of an area's shards."""
        found = self._lists.get(area.name)
        if found is None:
            what = f"the list of {area.name}"
            data = self._value("SELECT list FROM area WHERE number = ?", area.number, what)
            if digest(data) != area.digest or len(data) != area.shards * ENTRY.size or not data:
                raise self._damaged(f"{what} does not match its digest")
            found = self._lists[area.name] = List(data)
        return found

    def _value(self, question: str, number: int, what: str) -> bytes:
        row = self._row(question, (number,))
        if row is None:
            raise self._damaged(f"{what} is missing")
        if not isinstance(row[0], bytes):
            raise self._damaged(f"{what} is not what it should be")
        return row[0]

    def _row(self, question: str, arguments: tuple[object, ...] = ()) -> Any:  # noqa: ANN401
        import sqlite3

        try:
            return self._connection.execute(question, arguments).fetchone()
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise self._damaged(str(error)) from error

    def _read_meta(self) -> tuple[bytes, Meta]:
        # Views and the like would be somebody's program.
        tables = self._row("SELECT group_concat(sql, ';') FROM sqlite_schema")[0]
        if tables != ";".join(TABLES):
            raise self._damaged("its tables are not what they should be")
        row = self._row("SELECT digest, data FROM meta")
        if row is None or not all(isinstance(one, bytes) for one in row):
            raise self._damaged("it does not say what it has")
        known, data = row
        if digest(data) != known:
            raise self._damaged("what it says of itself does not match its digest")
        try:
            return known, msgspec.msgpack.decode(data, type=Meta)
        except UNREADABLE as error:
            raise self._damaged("what it says of itself cannot be read") from error

    def _damaged(self, why: str) -> DamagedDatabase:
        return DamagedDatabase(str(self.path), why)


def _checked_size(path: Path) -> int:
    """The size of the file, whose header says that it is a database, of our form, and whole."""
    try:
        with open_regular(path) as stream:
            header = stream.read(_HEADER)
            size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise NoDatabase(str(path)) from error
        raise DatabaseUnreadable(str(path), error.strerror or type(error).__name__) from error
    if not header or not header.startswith(_MAGIC[: len(header)]):
        raise ForeignDatabase(str(path))
    if len(header) < _HEADER:
        raise TruncatedDatabase(str(path), _HEADER, len(header))
    if struct.unpack_from(">I", header, 68)[0] != APPLICATION:
        raise ForeignDatabase(str(path))
    form = struct.unpack_from(">I", header, 60)[0]
    if form != SCHEMA:
        raise (NewerDatabase if form > SCHEMA else OlderDatabase)(str(path), form, SCHEMA)
    page = struct.unpack_from(">H", header, 16)[0]
    whole = (65536 if page == 1 else page) * struct.unpack_from(">I", header, 28)[0]
    if size < whole:
        raise TruncatedDatabase(str(path), whole, size)
    return size


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Database | None]:
    """The database at `path` if there is one; raises what `Database.open` raises otherwise."""
    with contextlib.ExitStack() as stack:
        database = None
        with contextlib.suppress(NoDatabase):
            database = stack.enter_context(Database.open(path))
        yield database


def open_database(path: Path | None = None) -> Database:
    """The database at `path`, or where it is by default, for a `with`.

    Raises what `Database.open` raises.
    """
    return Database.open(database_path() if path is None else path)
