"""Records on the way into a database, sorted by area and key with little memory.

There are some million of them in all the world's advisories: they wait in a temporary file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from distil.vulns.database.layout import place

if TYPE_CHECKING:
    import sqlite3

_BATCH: Final = 2000

_TABLE: Final = """
CREATE TABLE record(area INTEGER, place INTEGER, key TEXT, feed INTEGER, document TEXT, data BLOB)
"""
_INSERT: Final = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)"
_SORTED: Final = """
SELECT place, key, feed, document, data FROM record WHERE area = ? AND data IS NOT NULL
ORDER BY place, key, feed, document, rowid
"""
_GONE: Final = "SELECT key, feed, document FROM record WHERE area = ? AND data IS NULL"

Row = tuple[int, str, int, str, bytes]
"""Place and key, feed and document, and what it says."""

Named = tuple[str, int, str]
"""A record by key, feed and document."""


class Spill:
    """Where records wait: `with` makes the file, which whoever made its directory removes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._areas: dict[str, int] = {}
        self._waiting: list[tuple[int, int, str, int, str, bytes | None]] = []

    def __enter__(self) -> Self:
        import sqlite3

        self._connection: sqlite3.Connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
            "PRAGMA cache_size = -64000; PRAGMA temp_store = FILE;" + _TABLE
        )
        self._connection.execute("BEGIN")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    @property
    def areas(self) -> list[str]:
        """The areas that records wait for, sorted."""
        return sorted(self._areas)

    def add(self, area: str, key: str, feed: int, document: str, data: bytes | None) -> None:
        """Let a record wait; without `data` it says that there is none any more."""
        number = self._areas.setdefault(area, len(self._areas))
        self._waiting.append((number, place(key), key, feed, document, data))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def gone(self, area: str) -> frozenset[Named]:
        """Where documents said something and no longer do: key, feed and document."""
        self._flush()
        number = self._areas.get(area, -1)
        return frozenset(self._connection.execute(_GONE, (number,)).fetchall())

    def rows(self, area: str) -> Iterator[Row]:
        """The records of an area, by the place of their keys."""
        self._flush()
        if area in self._areas:
            yield from self._connection.execute(_SORTED, (self._areas[area],))

    def _flush(self) -> None:
        self._connection.executemany(_INSERT, self._waiting)
        self._waiting.clear()
