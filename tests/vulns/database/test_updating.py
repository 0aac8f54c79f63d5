"""The next state: what has changed in the feeds, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
from urllib3.util import connection

from distil import events
from distil.errors import DistilError
from distil.fetch.errors import ConnectionFailed, NetworkError, Offline
from distil.vulns import errors
from distil.vulns.database.reader import Database
from distil.vulns.feeds import updating
from tests.support.scripted_server import Request, Response, ScriptedServer
from tests.support.web_server import WebServer
from tests.vulns.database.feeds import (
    NOW,
    Json,
    build,
    osv,
    write_archive,
    write_exploited,
    write_likelihoods,
)

SEVERITY = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
LATER = "2026-09-01T00:00:00Z"


def known(path: Path, ecosystem: str, *names: str) -> dict[str, list[str]]:
    """The advisories of each of those packages that have some."""
    with Database.open(path) as database:
        database.check_all()
        found = database.affected(ecosystem, names)
        return {name: [one.advisory for one in found[name]] for name in names if name in found}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "feeds"
    write_archive(place, "PyPI", [osv("PYSEC-2024-1", "PyPI", "one", aliases=["CVE-2024-1001"])])
    write_archive(place, "Debian", [osv("DEBIAN-CVE-2024-1001", "Debian:12", "one")])
    write_exploited(place, "CVE-2024-1001")
    return place


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "advisories.db"


def test_what_has_not_changed_is_not_read_again(place: Path, path: Path) -> None:
    assert {one.how for one in build(path, place).values()} == {"whole"}
    assert {one.how for one in build(path, place, NOW + 1).values()} == {"unchanged"}
    with Database.open(path) as database:
        read = {one.name: one.fetched for one in database.status.feeds if one.name != "distil"}
        assert set(read.values()) == {NOW + 1}
    assert known(path, "PyPI", "one") == {"one": ["PYSEC-2024-1"]}


def test_a_feed_that_has_changed_is_replaced(place: Path, path: Path) -> None:
    build(path, place)
    write_archive(place, "PyPI", [osv("PYSEC-2024-2", "PyPI", "two", aliases=["CVE-2024-1002"])])
    done = build(path, place)
    assert {name: one.how for name, one in done.items()} == {
        "osv/PyPI": "whole",
        "osv/Debian": "unchanged",
        "kev": "unchanged",
    }
    assert known(path, "PyPI", "one", "two") == {"two": ["PYSEC-2024-2"]}
    assert known(path, "Debian:12", "one") == {"one": ["DEBIAN-CVE-2024-1001"]}
    with Database.open(path) as database:
        assert list(database.advisories(["PYSEC-2024-1", "PYSEC-2024-2"])) == ["PYSEC-2024-2"]
        assert database.facts(["CVE-2024-1001"])["CVE-2024-1001"].exploited is not None


def test_feeds_that_a_place_does_not_have_stay(place: Path, path: Path, tmp_path: Path) -> None:
    build(path, place)
    write_likelihoods(tmp_path / "other", {"CVE-2024-1001": (0.25, 0.5)})
    build(path, tmp_path / "other")
    assert known(path, "PyPI", "one") == {"one": ["PYSEC-2024-1"]}
    with Database.open(path) as database:
        facts = database.facts(["CVE-2024-1001"])["CVE-2024-1001"]
        assert (facts.exploited is None, facts.likelihood is None) == (False, False)


def test_an_ecosystem_without_advisories_is_gone(place: Path, path: Path) -> None:
    build(path, place)
    write_archive(place, "Debian", [osv("DEBIAN-CVE-2024-1001", "Debian:13", "one")])
    build(path, place)
    with Database.open(path) as database:
        assert (database.has("Debian:12"), database.has("Debian:13")) == (False, True)


def test_who_reads_sees_the_state_before(place: Path, path: Path) -> None:
    build(path, place)
    with Database.open(path) as before:
        write_archive(place, "PyPI", [osv("PYSEC-2024-2", "PyPI", "two")])
        build(path, place)
        assert list(before.affected("PyPI", ["one", "two"])) == ["one"]
        before.check_all()
    assert known(path, "PyPI", "one", "two") == {"two": ["PYSEC-2024-2"]}


def test_older_feeds_are_refused(place: Path, path: Path) -> None:
    build(path, place)
    old = osv("PYSEC-2024-9", "PyPI", "old") | {"modified": "2025-01-01T00:00:00Z"}
    write_archive(place, "PyPI", [old])
    whole = path.read_bytes()
    with pytest.raises(errors.OlderAdvisories, match="2025-01-01"):
        build(path, place)
    assert path.read_bytes() == whole
    build(path, place, allow_older=True)
    assert known(path, "PyPI", "one", "old") == {"old": ["PYSEC-2024-9"]}


def test_feeds_that_lost_most_of_their_documents_are_refused(place: Path, path: Path) -> None:
    many = [osv(f"PYSEC-2024-{number}", "PyPI", f"p{number}") for number in range(300)]
    write_archive(place, "PyPI", many)
    build(path, place)
    whole = path.read_bytes()
    write_archive(place, "PyPI", [osv("PYSEC-2026-1", "PyPI", "new") | {"modified": LATER}])
    with pytest.raises(errors.FewerAdvisories, match="osv/PyPI has 1 documents, of 300"):
        build(path, place)
    assert path.read_bytes() == whole
    build(path, place, allow_older=True)
    assert known(path, "PyPI", "p1", "new") == {"new": ["PYSEC-2026-1"]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("PyPI/all.zip", b"not a ZIP file"),
        ("known_exploited_vulnerabilities.json", b'{"vulnerabilities": 7}'),
        ("known_exploited_vulnerabilities.json", b"\xff"),
        ("known_exploited_vulnerabilities.json.gz", b"\x1f\x8b\x08\x00 and then nonsense"),
        ("epss_scores.csv", b"cve,epss\nCVE-2024-1001,0.5\n"),
        ("epss_scores.csv", b"cve,epss,percentile\nCVE-2024-1001,1.5,0.5\n"),
        ("epss_scores.csv", b"cve,epss,percentile\nCVE-2024-1001,nan,0.5\n"),
        ("epss_scores.csv.gz", b"\x1f\x8b\x08\x00"),
        ("debian-tracker.json", b'{"bash": {"CVE-2024-1001": {"releases": {"sid": 7}}}}'),
        ("debian-tracker.json", b"[" * 100_000),
        ("endoflife/debian.json", b'{"result": {"releases": [{"name": "1", "eolFrom": "x"}]}}'),
    ],
)
def test_nothing_changes_when_a_feed_is_malformed(
    place: Path, path: Path, name: str, data: bytes
) -> None:
    build(path, place)
    whole = path.read_bytes()
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    with pytest.raises(errors.MalformedFeed):
        build(path, place)
    assert path.read_bytes() == whole
    assert sorted(one.name for one in path.parent.iterdir() if one.name.startswith(".")) == []


def test_a_directory_without_feeds(path: Path, tmp_path: Path) -> None:
    assert build(path, tmp_path) == {}


# --- from a server -----------------------------------------------------------------------------


class Mirror:
    """OSV's layout for one ecosystem, with its list of changes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.web = WebServer(root)

    def publish(self, documents: Sequence[Json]) -> None:
        write_archive(self.root, "PyPI", documents)
        rows = [f"{one['modified']},{one['id']}" for one in documents]
        (self.root / "PyPI/modified_id.csv").write_text("\n".join(sorted(rows, reverse=True)))
        for one in documents:
            (self.root / f"PyPI/{one['id']}.json").write_text(json.dumps(one))

    def asked(self) -> list[str]:
        """The files that were asked for since the last time, and are there."""
        found = [one.path for one in self.web.requests if (self.root / one.path[1:]).is_file()]
        self.web.requests.clear()
        return sorted(found)


FIRST = [
    osv("PYSEC-2024-1", "PyPI", "one", aliases=["CVE-2024-1001"], severity=SEVERITY),
    osv("PYSEC-2024-2", "PyPI", "two", aliases=["CVE-2024-1002"], severity=SEVERITY),
]


def test_a_delta(path: Path, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    moved = osv("PYSEC-2024-1", "PyPI", "moved", aliases=["CVE-2024-1003"], severity=SEVERITY)
    new = osv("PYSEC-2024-3", "PyPI", "two")
    with mirror.web.serve() as url:
        assert build(path, url)["osv/PyPI"].how == "whole"
        assert mirror.asked() == ["/PyPI/all.zip"]
        mirror.publish([moved | {"modified": LATER}, FIRST[1], new | {"modified": LATER}])
        done = build(path, url)["osv/PyPI"]
        assert (done.how, done.documents) == ("delta", 2)
        assert mirror.asked() == [
            "/PyPI/PYSEC-2024-1.json",
            "/PyPI/PYSEC-2024-3.json",
            "/PyPI/modified_id.csv",
        ]
        assert build(path, url)["osv/PyPI"].how == "unchanged"
        assert mirror.asked() == ["/PyPI/modified_id.csv"]
    assert known(path, "PyPI", "one", "two", "moved") == {
        "two": ["PYSEC-2024-2", "PYSEC-2024-3"],
        "moved": ["PYSEC-2024-1"],
    }
    with Database.open(path) as database:
        assert sorted(database.facts([f"CVE-2024-100{number}" for number in range(9)])) == [
            "CVE-2024-1002",
            "CVE-2024-1003",
        ]
        assert database.meta.area("package/PyPI").keys == 2
        assert {one.name: one.documents for one in database.status.feeds}["osv/PyPI"] == 3


def test_a_delta_comes_to_the_same_as_all_of_it(path: Path, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    documents = [
        osv(
            f"PYSEC-2024-{number}",
            "PyPI",
            f"package-{number % 70}",
            severity=SEVERITY,
            aliases=[f"CVE-2024-{1000 + number}"],
        )
        for number in range(300)
    ]
    mirror.publish(documents)
    with mirror.web.serve() as url:
        build(path, url)
        for number in range(0, 300, 7):
            documents[number] = osv(
                f"PYSEC-2024-{number}", "PyPI", f"package-{number % 11}", modified=LATER
            ) | {"modified": LATER}
        mirror.publish(documents)
        assert build(path, url)["osv/PyPI"].how == "delta"
    build(tmp_path / "anew", mirror.root)
    names = [f"package-{number}" for number in range(70)]
    cves = [f"CVE-2024-{1000 + number}" for number in range(300)]
    with Database.open(path) as patched, Database.open(tmp_path / "anew") as anew:
        assert patched.affected("PyPI", names) == anew.affected("PyPI", names)
        assert patched.facts(cves) == anew.facts(cves)
        assert patched.status.ecosystems == anew.status.ecosystems
        ids = [one["id"] for one in documents]
        assert patched.advisories(ids) == anew.advisories(ids)


def test_a_delta_of_a_document_that_stands_in_two_feeds(path: Path, tmp_path: Path) -> None:
    """Each feed tells of its own packages, and a change in one takes nothing from the other."""
    mirror = Mirror(tmp_path / "mirror")
    shared = osv("GHSA-1", "PyPI", "one")
    shared["affected"] += osv("GHSA-1", "Go", "one")["affected"]
    write_archive(mirror.root, "Go", [shared])
    mirror.publish([shared])
    with mirror.web.serve() as url:
        build(path, url)
        shared["affected"][0]["package"]["name"] = "two"
        mirror.publish([shared | {"modified": LATER}])
        done = build(path, url)
    assert (done["osv/PyPI"].how, done["osv/Go"].how) == ("delta", "unchanged")
    assert known(path, "PyPI", "one", "two") == {"two": ["GHSA-1"]}
    assert known(path, "Go", "one", "two") == {"one": ["GHSA-1"]}


def test_what_was_read_in_another_way_is_read_again(
    place: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(path, place)
    monkeypatch.setattr(updating, "READING", updating.READING + 1)
    assert {one.how for one in build(path, place).values()} == {"whole"}
    assert {one.how for one in build(path, place).values()} == {"unchanged"}


def test_a_document_that_was_taken_out_brings_all_of_it(path: Path, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    with mirror.web.serve() as url:
        build(path, url)
        mirror.publish([FIRST[1]])
        assert build(path, url)["osv/PyPI"].how == "whole"
    assert known(path, "PyPI", "one", "two") == {"two": ["PYSEC-2024-2"]}


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("modified_id.csv", errors.MalformedFeed),
        ("PYSEC-2024-1.json", errors.MalformedFeed),
    ],
)
def test_a_delta_that_is_malformed(
    path: Path, tmp_path: Path, file: str, error: type[DistilError]
) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    with mirror.web.serve() as url:
        build(path, url)
        mirror.publish([FIRST[0] | {"modified": LATER}, FIRST[1]])
        (mirror.root / "PyPI" / file).write_bytes(b"\xff nonsense")
        whole = path.read_bytes()
        with pytest.raises(error):
            build(path, url)
    assert path.read_bytes() == whole


def test_a_connection_that_breaks_leaves_what_there_was(path: Path, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    with mirror.web.serve() as url:
        build(path, url)
        whole = path.read_bytes()
        (mirror.root / "PyPI/modified_id.csv").unlink()
        mirror.publish([osv("PYSEC-2024-7", "PyPI", "new")])
        mirror.web.faults.truncate("*modified_id.csv", after=3)
        with pytest.raises(NetworkError):
            build(path, url)
    assert path.read_bytes() == whole


def test_a_server_says_that_nothing_has_changed(path: Path, tmp_path: Path) -> None:
    write_exploited(tmp_path / "feeds", "CVE-2024-1001")
    data = (tmp_path / "feeds/known_exploited_vulnerabilities.json").read_bytes()

    def answer(request: Request) -> Response:
        if not request.path.endswith("vulnerabilities.json"):
            return Response(404)
        if request.headers["If-None-Match"] == '"v1"':
            return Response(304, {"ETag": '"v1"'})
        return Response(200, {"ETag": '"v1"'}, data)

    server = ScriptedServer(answer)
    with server.serve() as url:
        assert build(path, url)["kev"].how == "whole"
        assert build(path, url)["kev"].how == "unchanged"
    assert [one.status for one in server.asked(path="*vulnerabilities.json")] == [200, 304]


def test_offline_no_server_is_asked(path: Path, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    with mirror.web.serve() as url:
        with pytest.raises(Offline):
            build(path, url, offline=True)
        assert mirror.asked() == []
    assert not path.exists()


def test_a_server_that_refuses_is_tried_for_one_feed_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []
    monkeypatch.setattr(connection, "create_connection", partial(_refused, tried))
    with pytest.raises(ConnectionFailed):
        build(path, "http://127.0.0.1:1")
    assert len(tried) == 4


def _refused(tried: list[object], address: object, *_: object, **__: object) -> NoReturn:
    tried.append(address)
    raise ConnectionRefusedError(111, "Connection refused")


def test_one_feed_out_of_reach_stays_as_it_was_and_the_others_go_on(
    path: Path, tmp_path: Path
) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.publish(FIRST)
    write_exploited(mirror.root, "CVE-2024-1001")
    with mirror.web.serve() as url:
        build(path, url)
        mirror.web.faults.status("*modified_id.csv", 500)
        write_exploited(mirror.root, "CVE-2024-1002", released="2026-08-09T00:00:00Z")
        heard: list[events.Event] = []
        with events.listening(heard.append):
            done = build(path, url, NOW + 9)
    assert (done["osv/PyPI"].how, done["kev"].how) == ("unreachable", "whole")
    assert [one.hint for one in heard if isinstance(one, events.Warned)] == [
        "this feed stays as it was"
    ]
    assert known(path, "PyPI", "one") == {"one": ["PYSEC-2024-1"]}
    with Database.open(path) as database:
        assert list(database.facts(["CVE-2024-1002"])) == ["CVE-2024-1002"]
        read = {one.name: one.fetched for one in database.status.feeds if one.name != "distil"}
    # What the mirror does not have is no feed.
    assert read == {"kev": NOW + 9, "osv/PyPI": NOW}
