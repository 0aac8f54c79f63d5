"""A database that is not what was written: an error of its own for each way of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from distil.errors import DistilError
from distil.model.advisory import AffectedPackage
from distil.vulns import errors
from distil.vulns.database.layout import ENTRY, Record, digest, encoder, row_of
from distil.vulns.database.reader import Database
from tests.vulns.database.feeds import build, osv, write_archive

COUNT = 1000


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with enough in it to have many shards."""
    place = tmp_path_factory.mktemp("sound")
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
    documents = [
        osv(
            f"PYSEC-2024-{number}",
            "PyPI",
            f"package-{number}",
            aliases=[f"CVE-2024-{1000 + number}"],
            severity=severity,
            details=f"The {number}th defect of its kind. " * 4,
        )
        for number in range(COUNT)
    ]
    write_archive(place / "feeds", "PyPI", documents)
    build(place / "advisories.db", place / "feeds")
    return (place / "advisories.db").read_bytes()


@pytest.fixture
def path(sound: bytes, tmp_path: Path) -> Path:
    """The database, to be spoilt."""
    path = tmp_path / "advisories.db"
    path.write_bytes(sound)
    return path


def read_all(path: Path) -> int:
    """Ask for everything that there is; how many packages were found."""
    numbers = range(COUNT)
    with Database.open(path) as database:
        found = database.affected("PyPI", [f"package-{number}" for number in numbers])
        ids = [f"PYSEC-2024-{number}" for number in numbers]
        assert len(database.advisories(ids)) == len(found)
        database.facts([f"CVE-2024-{1000 + number}" for number in numbers])
        database.support("debian", "12")
        return len(found)


def changed(path: Path, statement: str, *arguments: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, arguments)
    connection.close()


def at(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def of_another_program(path: Path) -> None:
    path.unlink()
    changed(path, "CREATE TABLE notes(text TEXT)")


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_view(path: Path) -> None:
    """A query that never ends, in place of the shards."""
    changed(path, "DROP TABLE shard")
    endless = "WITH RECURSIVE r(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM r)"
    changed(path, f"CREATE VIEW shard AS {endless} SELECT n AS number, x'00' AS data FROM r")


def with_shards(path: Path, stored: bytes) -> None:
    """A database in which each area is the one shard `stored`, and all digests are right."""
    with Database.open(path) as database:
        meta = database.meta
    areas = []
    for area in meta.areas:
        entries = ENTRY.pack(0, digest(stored))
        changed(path, "UPDATE area SET list = ? WHERE number = ?", entries, area.number)
        changed(path, "UPDATE shard SET data = ? WHERE number = ?", stored, row_of(area, 0))
        areas.append(msgspec.structs.replace(area, shards=1, digest=digest(entries)))
    with_meta(path, encoder.encode(msgspec.structs.replace(meta, areas=tuple(areas))))


def with_meta(path: Path, data: bytes) -> None:
    changed(path, "UPDATE meta SET digest = ?, data = ?", digest(data), data)


HUGE = bytes.fromhex("28b52ffde0") + (1 << 60).to_bytes(8, "little") + b"\x01\x00\x00"
"""A part that says that it comes to 2**60 bytes."""
NOT_TEXT = b"\x81\xa1\xff\x90"
"""msgpack of a map with a key that is not UTF-8."""


def of_no_feed() -> bytes:
    names = [f"package-{number}" for number in range(COUNT)]
    record = Record(7000, "X-1", msgspec.Raw(encoder.encode(AffectedPackage("X-1"))))
    return encoder.encode({name: [record] for name in names})


WAYS: dict[str, tuple[Callable[[Path], object], type[DistilError]]] = {
    "missing": (lambda path: path.unlink(), errors.NoDatabase),
    "a directory": (make_directory, errors.DatabaseUnreadable),
    "empty": (lambda path: path.write_bytes(b""), errors.ForeignDatabase),
    "text": (
        lambda path: path.write_text("not a database, but long enough " * 9),
        errors.ForeignDatabase,
    ),
    "of another program": (of_another_program, errors.ForeignDatabase),
    "a few bytes": (
        lambda path: path.write_bytes(path.read_bytes()[:50]),
        errors.TruncatedDatabase,
    ),
    "half": (
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        errors.TruncatedDatabase,
    ),
    "without its last byte": (
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        errors.TruncatedDatabase,
    ),
    "newer": (lambda path: changed(path, "PRAGMA user_version = 1000"), errors.NewerDatabase),
    "older": (lambda path: changed(path, "PRAGMA user_version = 0"), errors.OlderDatabase),
    "without its first row": (
        lambda path: changed(path, "DELETE FROM meta"),
        errors.DamagedDatabase,
    ),
    "a first row of text": (
        lambda path: changed(path, "UPDATE meta SET data = 'x'"),
        errors.DamagedDatabase,
    ),
    "another first row": (
        lambda path: changed(path, "UPDATE meta SET data = x'80'"),
        errors.DamagedDatabase,
    ),
    "a view in place of a table": (make_view, errors.DamagedDatabase),
    "a shard that claims to be huge": (
        lambda path: with_shards(path, HUGE),
        errors.DamagedDatabase,
    ),
    "a shard that is no shard": (
        lambda path: with_shards(path, zstandard.compress(b"\xc1")),
        errors.DamagedDatabase,
    ),
    "a shard of what is no text": (
        lambda path: with_shards(path, zstandard.compress(NOT_TEXT)),
        errors.DamagedDatabase,
    ),
    "a shard in many brackets": (
        lambda path: with_shards(path, zstandard.compress(b"\x91" * 100_000)),
        errors.DamagedDatabase,
    ),
    "a record of no feed": (
        lambda path: with_shards(path, zstandard.compress(of_no_feed())),
        errors.DamagedDatabase,
    ),
    "a first row of what is no text": (
        lambda path: with_meta(path, NOT_TEXT),
        errors.DamagedDatabase,
    ),
    "without a table": (lambda path: changed(path, "DROP TABLE shard"), errors.DamagedDatabase),
    "without a list": (
        lambda path: changed(path, "DELETE FROM area"),
        errors.DamagedDatabase,
    ),
    "another list": (
        lambda path: changed(path, "UPDATE area SET list = x'00'"),
        errors.DamagedDatabase,
    ),
    "without shards": (
        lambda path: changed(path, "DELETE FROM shard WHERE number % 7 = 3"),
        errors.DamagedDatabase,
    ),
    "shards in each other's place": (
        lambda path: changed(
            path,
            "UPDATE shard SET data = (SELECT data FROM shard LIMIT 1)",
        ),
        errors.DamagedDatabase,
    ),
    "zeros in the middle": (
        lambda path: at(path, path.stat().st_size // 2, bytes(4096)),
        errors.DamagedDatabase,
    ),
    "zeros at the end": (
        lambda path: at(path, path.stat().st_size - 4096, bytes(4096)),
        errors.DamagedDatabase,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_has_its_own_error(path: Path, way: str) -> None:
    assert read_all(path) == COUNT
    spoil, error = WAYS[way]
    spoil(path)
    with pytest.raises(error) as caught:
        read_all(path)
    assert type(caught.value) is error
    assert str(path) in caught.value.message
    assert caught.value.hint or isinstance(caught.value, errors.DatabaseUnreadable)


def test_no_byte_can_be_changed_unseen(path: Path) -> None:
    """Whatever a page is overwritten with: an error, or every answer is right."""
    whole = path.read_bytes()
    with Database.open(path) as database:
        names = [f"package-{number}" for number in range(0, COUNT, 20)]
        right = database.affected("PyPI", names)
    wrong = 0
    for offset in range(0, len(whole), max(1, len(whole) // 200)):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x55]) + whole[offset + 1 :])
        try:
            with Database.open(path) as database:
                assert database.affected("PyPI", names) == right
        except DistilError:
            wrong += 1
    assert wrong > 0
