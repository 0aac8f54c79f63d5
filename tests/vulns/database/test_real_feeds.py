"""Real dumps: all that they say of packages is in the database, counted by other means."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from distil.vulns.database.reader import Database
from distil.vulns.feeds.places import feeds_at
from tests.support.dump import documents, dump
from tests.vulns.database.feeds import NOW, build

INFORMATIONAL = {"unmaintained", "notice"}


@pytest.mark.parametrize("ecosystem", ["Go", "crates.io"])
def test_all_of_a_dump_is_there(tmp_path: Path, ecosystem: str) -> None:
    place = dump()
    expected: dict[str, set[str]] = defaultdict(set)
    cves: set[str] = set()
    for one in documents(place, ecosystem):
        for affected in one["affected"]:
            informational = (affected.get("database_specific") or {}).get("informational")
            if "withdrawn" not in one and informational not in INFORMATIONAL:
                expected[affected["package"]["name"]].add(one["id"])
                cves.update(name for name in one.get("aliases", ()) if name.startswith("CVE-"))
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / ecosystem).symlink_to(place / ecosystem)
    done = build(tmp_path / "advisories.db", tmp_path / "feeds", NOW)
    with Database.open(tmp_path / "advisories.db") as database:
        database.check_all()
        found = database.affected(ecosystem, [*expected, "unheard-of"])
        assert {name: {one.advisory for one in told} for name, told in found.items()} == expected
        ids = set().union(*expected.values())
        advisories = database.advisories(ids)
        assert set(advisories) == ids
        aliases = {name for one in advisories.values() for name in one.aliases}
        assert {name for name in aliases if name.startswith("CVE-")} == cves
        assert dict(database.status.ecosystems) == {ecosystem: len(expected)}
    assert done[f"osv/{ecosystem}"].documents == len(list(documents(place, ecosystem)))


def test_a_directory_says_which_feeds_it_has() -> None:
    names = [one.name for one in feeds_at(str(dump()))]
    assert {"osv/Debian", "osv/crates.io", "kev", "epss"} <= set(names)
    assert "debian-tracker" not in names
