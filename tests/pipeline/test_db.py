"""`distil db`: where it reads from, what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.errors import DistilError
from distil.fetch.errors import InvalidConfiguration
from distil.pipeline import DbRequest
from distil.pipeline.db import wanted_feeds
from distil.vulns import errors
from distil.vulns.feeds.places import ECOSYSTEMS, SOURCES
from tests.vulns.database.feeds import NOW, osv, write_archive, write_exploited


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own directories, in which there is nothing yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("DISTIL_DB", raising=False)
    return tmp_path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_archive(tmp_path / "feeds", "PyPI", [osv("PYSEC-2024-1", "PyPI", "one")])
    write_exploited(tmp_path / "feeds", "CVE-2024-1001")
    return tmp_path / "feeds"


def configure(home: Path, text: str) -> None:
    (home / "config/distil").mkdir(parents=True)
    (home / "config/distil/config.toml").write_text(text)


def names(**asked: object) -> list[str]:
    return [one.name for one in wanted_feeds(DbRequest(**asked))]  # type: ignore[arg-type]


def test_by_default_the_public_sources_are_asked() -> None:
    found = {one.name: one.addresses for one in wanted_feeds(DbRequest())}
    assert [name for name in found if name.startswith("osv/")] == [f"osv/{e}" for e in ECOSYSTEMS]
    assert found["kev"] == (SOURCES["kev"],)
    assert found["osv/Rocky Linux"][0] == SOURCES["osv"] + "/Rocky%20Linux/all.zip"
    assert found["endoflife/debian"] == (SOURCES["endoflife"] + "/debian/",)
    assert all(one.startswith("https://") for places in found.values() for one in places)


def test_sources_can_be_others_or_none(home: Path) -> None:
    text = '[db]\nosv = "https://m.example/a/"\nkev = "kev.json"\nepss = "none"\n'
    configure(home, text + 'debian-tracker = "none"\nendoflife = "none"\necosystems = ["Go"]\n')
    found = {one.name: one.addresses[0] for one in wanted_feeds(DbRequest())}
    assert found == {
        "osv/Go": "https://m.example/a/Go/all.zip",
        "kev": str(home / "config/distil/kev.json"),
    }


def test_one_place_for_all(home: Path, place: Path) -> None:
    configure(home, f'[db]\nfrom = "{place}"\n')
    assert names() == ["osv/PyPI", "kev"]
    with pytest.raises(errors.NoFeeds, match="has no advisories for Go"):
        names(ecosystems=("Go",))
    done = pipeline.db_update(DbRequest(now=NOW))
    assert [(one.name, one.how) for one in done.feeds] == [("osv/PyPI", "whole"), ("kev", "whole")]
    assert done.status.path == str(home / "cache/advisories.db")


def test_a_key_that_there_is_not(home: Path) -> None:
    configure(home, '[db]\nkevs = "x"\n')
    with pytest.raises(InvalidConfiguration) as caught:
        wanted_feeds(DbRequest())
    assert "kev" in caught.value.hint


@pytest.mark.parametrize(
    ("place", "error"),
    [("{}/nothing", errors.NoFeeds), ("{}/empty", errors.NoFeeds)],
)
def test_places_without_feeds(tmp_path: Path, place: str, error: type[DistilError]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(error):
        pipeline.db_update(DbRequest(place=place.format(tmp_path)))


def test_an_ecosystem_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "PyPI").mkdir()
    (tmp_path / "PyPI" / "all.zip").touch()
    place = str(tmp_path)
    assert [one.name for one in wanted_feeds(DbRequest(place=place, ecosystems=("PyPI",)))] == [
        "osv/PyPI"
    ]
    with pytest.raises(errors.NoFeeds, match="has no advisories for pypi"):
        wanted_feeds(DbRequest(place=place, ecosystems=("PyPI", "pypi")))


def test_without_a_database_the_error_says_how_to_get_one() -> None:
    with pytest.raises(errors.NoDatabase) as caught:
        pipeline.db_status()
    assert "distil db update" in caught.value.hint


def test_cleaning_the_cache_leaves_it_alone(place: Path) -> None:
    digest = pipeline.db_update(DbRequest(place=str(place))).status.digest
    pipeline.cache_gc(0, verify=True)
    assert pipeline.db_verify().digest == digest


def test_another_file_by_the_environment(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTIL_DB", str(tmp_path / "here.db"))
    pipeline.db_update(DbRequest(place=str(place)))
    assert (tmp_path / "here.db").is_file()
    assert not (tmp_path / "cache/advisories.db").exists()


def test_what_is_printed(place: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "update", "--from", str(place)]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "osv/PyPI  whole  1 document",
        "kev       whole  1 document",
    ]
    assert run(["db", "status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{home}/cache/advisories.db: ")
    assert [line.split()[0] for line in lines[3:7]] == ["FEED", "distil", "kev", "osv/PyPI"]
    assert lines[-1] == "PyPI       1"


def test_as_data(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "update", "--from", str(place), "--format", "json"]) == 0
    updated = json.loads(capsys.readouterr().out)
    assert updated["feeds"][1] == {"name": "kev", "how": "whole", "documents": 1}
    assert run(["db", "status", "--verify", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["schemaVersion"], status["database"]) == (1, updated["database"])
    assert status["database"]["ecosystems"] == {"PyPI": 1}
    assert status["database"]["feeds"][1]["newest"] == "2026-08-07T16:45:47Z"


def test_errors_are_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0 and no more")
    assert run(["db", "status", "--db", str(tmp_path / "broken.db")]) == 2
    assert "is cut short" in capsys.readouterr().err
