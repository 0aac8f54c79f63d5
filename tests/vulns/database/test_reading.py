"""What the database answers is what the feeds say."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.model.advisory import (
    AffectedPackage,
    Event,
    EventKind,
    Exploited,
    Likelihood,
    Rating,
    Severity,
    Support,
)
from distil.vulns.database.reader import Database
from tests.vulns.database.feeds import build, osv, write_archive, write_exploited, write_likelihoods

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Feeds in which each thing that is asked for occurs."""
    place = tmp_path / "feeds"
    write_archive(
        place,
        "Debian",
        [
            osv(
                "DEBIAN-CVE-2024-1001",
                "Debian:12",
                "curl",
                {"introduced": "0"},
                {"fixed": "8-1"},
                upstream=["CVE-2024-1001"],
            ),
            osv("DEBIAN-CVE-2024-1002", "Debian:13", "curl", upstream=["CVE-2024-1002"]),
        ],
    )
    write_archive(
        place,
        "PyPI",
        [
            osv(
                "PYSEC-2024-1",
                "PyPI",
                "Some_Package",
                {"introduced": "1"},
                {"fixed": "2"},
                aliases=["CVE-2024-1001"],
                severity=[{"type": "CVSS_V3", "score": VECTOR}],
            ),
            osv("PYSEC-2024-2", "PyPI", "gone", withdrawn="2026-01-01T00:00:00Z"),
            osv("PYSEC-2024-3", "npm", "elsewhere"),
        ],
    )
    write_exploited(place, "CVE-2024-1001")
    write_likelihoods(place, {"CVE-2024-1001": (0.5, 0.99), "CVE-2024-1009": (0.1, 0.2)})
    return place


@pytest.fixture
def database(place: Path, tmp_path: Path) -> Database:
    build(tmp_path / "advisories.db", place)
    return Database.open(tmp_path / "advisories.db")


def test_affected(database: Database) -> None:
    until = (Event(EventKind.INTRODUCED, "0"), Event(EventKind.FIXED, "8-1"))
    assert database.affected("Debian:12", ["curl", "bash"]) == {
        "curl": (AffectedPackage("DEBIAN-CVE-2024-1001", (until,)),)
    }
    assert database.affected("Debian:11", ["curl"]) == {}


@pytest.mark.parametrize("name", ["Some_Package", "some-package", "SOME.package"])
def test_names_are_found_however_they_are_written(database: Database, name: str) -> None:
    assert list(database.affected("PyPI", [name])) == [name]


def test_which_ecosystems_it_has(database: Database) -> None:
    asked = ["Debian:12", "Debian:13", "Debian:11", "Debian", "PyPI", "npm"]
    assert [name for name in asked if database.has(name)] == ["Debian:12", "Debian:13", "PyPI"]


def test_what_is_withdrawn_is_there_and_affects_nobody(database: Database) -> None:
    assert database.advisories(["PYSEC-2024-2"])["PYSEC-2024-2"].withdrawn == 1767225600
    assert database.affected("PyPI", ["gone"]) == {}


def test_what_one_feed_alone_has_withdrawn_stands(tmp_path: Path) -> None:
    place, path = tmp_path / "feeds", tmp_path / "advisories.db"
    one = osv("GHSA-1", "PyPI", "one")
    write_archive(place, "npm", [osv("GHSA-1", "npm", "one")])
    for ecosystem in ("Go", "PyPI"):
        write_archive(place, ecosystem, [one | {"withdrawn": "2026-01-01T00:00:00Z"}])
    build(path, place)
    with Database.open(path) as database:
        assert database.affected("npm", ["one"])
        assert not database.advisories(["GHSA-1"])["GHSA-1"].withdrawn


def test_facts_are_joined(database: Database) -> None:
    found = database.facts(["CVE-2024-1001", "CVE-2024-1009", "CVE-2024-1007"])
    assert found["CVE-2024-1001"].ratings == (Rating(Severity.CRITICAL, 9.8, VECTOR, "PyPA"),)
    assert found["CVE-2024-1001"].exploited == Exploited("2026-08-07", "2026-08-10")
    assert found["CVE-2024-1001"].likelihood == Likelihood(0.5, 0.99)
    assert found["CVE-2024-1009"].likelihood == Likelihood(0.1, 0.2)
    assert "CVE-2024-1007" not in found


@pytest.mark.parametrize(
    ("distribution", "version", "ends"),
    [
        ("debian", "12", "2026-07-11"),
        ("alpine", "3.20.3", "2026-04-01"),
        ("almalinux", "9.4", "2032-05-31"),
    ],
)
def test_releases_that_distil_knows(
    database: Database, distribution: str, version: str, ends: str
) -> None:
    found = database.support(distribution, version)
    assert isinstance(found, Support)
    assert found.ends == ends


def test_a_release_that_nobody_knows(database: Database) -> None:
    assert database.support("debian", "99") is None
    assert database.support("debian", "") is None


def test_status(database: Database) -> None:
    status = database.status
    assert status.ecosystems == (("Debian:12", 1), ("Debian:13", 1), ("PyPI", 1))
    assert [(one.name, one.documents) for one in status.feeds if one.name != "distil"] == [
        ("epss", 2),
        ("kev", 1),
        ("osv/Debian", 2),
        ("osv/PyPI", 3),
    ]


def test_the_same_feeds_give_the_same_state(place: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        build(tmp_path / name, place)
    states = {Database.open(tmp_path / name).status.digest for name in ("first", "second")}
    assert len(states) == 1
