"""endoflife.date in both of its forms, over the table that comes with distil."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from distil.model.advisory import Support
from distil.vulns.database.reader import Database
from distil.vulns.feeds.lifetimes import PRODUCTS, shipped
from tests.vulns.database.feeds import build

NEW = {
    "schema_version": "1.2.0",
    "last_modified": "2026-08-01T00:00:00+00:00",
    "result": {
        "name": "debian",
        "releases": [
            {
                "name": "12",
                "codename": "Bookworm",
                "eolFrom": "2026-06-11",
                "eoesFrom": "2028-07-01",
                "isEol": False,
            },
            {"name": "14", "codename": "Forky", "eolFrom": None, "isEol": False},
        ],
    },
}
OLD = [
    {"cycle": "12", "codename": "Bookworm", "eol": "2026-06-11", "extendedSupport": "2028-07-01"},
    {"cycle": "14", "codename": "Forky", "eol": False, "extendedSupport": False},
]


def database(place: Path, product: str, document: Any) -> Database:
    (place / "feeds/endoflife").mkdir(parents=True)
    (place / f"feeds/endoflife/{product}.json").write_text(json.dumps(document))
    build(place / "advisories.db", place / "feeds")
    return Database.open(place / "advisories.db")


@pytest.mark.parametrize("document", [NEW, OLD])
def test_both_forms(tmp_path: Path, document: Any) -> None:
    found = database(tmp_path, "debian", document)
    assert found.support("debian", "12") == Support(
        "debian", "12", "bookworm", "2026-06-11", "2028-07-01"
    )
    assert found.support("debian", "14") == Support("debian", "14", "forky")
    # Of what it does not tell, the table does.
    assert found.support("debian", "11") == Support(
        "debian", "11", "bullseye", "2024-08-14", "2026-08-31"
    )


def test_a_product_by_its_other_name(tmp_path: Path) -> None:
    found = database(tmp_path, "alpine-linux", [{"cycle": "3.20", "eol": "2026-04-02"}])
    assert found.support("alpine", "3.20.1") == Support("alpine", "3.20", "", "2026-04-02")


def test_the_table_is_sound() -> None:
    rows = shipped()
    assert len({(one.distribution, one.version) for one in rows}) == len(rows) > 50
    assert {one.distribution for one in rows} - {"mariner"} <= set(PRODUCTS)
    for one in rows:
        for day in (one.ends, one.extended):
            assert not day or datetime.date.fromisoformat(day).isoformat() == day
        assert not one.extended or one.extended > one.ends
