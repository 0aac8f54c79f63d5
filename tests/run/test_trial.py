"""How an image begins, without asking it anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.model.reference import parse_location
from distil.run.errors import WayUnable
from distil.run.subject import Subject
from distil.run.trial import Begun, Kind, begun, check_trial
from tests.support.runnable import write_image
from tests.support.tools import missing


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        check_trial()
    except WayUnable as error:
        missing(error.message)
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))


def beginning(tmp_path: Path, script: str, seconds: float = 60) -> Begun:
    place = write_image(tmp_path / "layout", Cache.default(), cmd=(script,), user="65532")
    return begun(Subject(parse_location(place)), seconds)


def test_it_listens(tmp_path: Path) -> None:
    found = beginning(tmp_path, "echo up; nc -l -p 8123")
    assert (found.kind, found.port, found.said) == (Kind.LISTENS, 8123, "up")
    assert 0 < found.seconds < 60


def test_a_child_of_it_listens(tmp_path: Path) -> None:
    found = beginning(tmp_path, "nc -l -p 8123 & sleep 1000")
    assert (found.kind, found.port) == (Kind.LISTENS, 8123)


@pytest.mark.parametrize(("script", "status"), [("echo done", 0), ("echo no >&2; exit 3", 3)])
def test_it_ends(tmp_path: Path, script: str, status: int) -> None:
    found = beginning(tmp_path, script)
    assert (found.kind, found.status) == (Kind.ENDS, status)
    assert found.said in ("done", "no")


def test_when_it_is_ready_cannot_be_told(tmp_path: Path) -> None:
    found = beginning(tmp_path, "echo first; echo last; sleep 1000", seconds=2)
    assert (found.kind, found.said) == (Kind.PRINTS, "last")
    assert found.seconds < 2


def test_it_waits_in_silence(tmp_path: Path) -> None:
    assert beginning(tmp_path, "sleep 1000", seconds=1).kind is Kind.WAITS
