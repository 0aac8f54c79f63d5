"""Documents of OSV's, and what they come to in the words of the model."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    Event,
    EventKind,
    Imported,
    Rating,
    Severity,
)
from distil.vulns.database.layout import ADVISORY, PACKAGE, advisory_decoder, affected_decoder
from distil.vulns.feeds.document import FeedDocument
from distil.vulns.feeds.osv import NotOsv, read_document
from tests.vulns.database.feeds import osv

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def read(document: dict[str, Any]) -> FeedDocument:
    ecosystem = document["affected"][0]["package"]["ecosystem"].partition(":")[0]
    return read_document(json.dumps(document).encode(), ecosystem, "osv/test")


def advisory(document: dict[str, Any]) -> Advisory:
    found = read(document)
    return next(advisory_decoder.decode(one.data) for one in found.told if one.area == ADVISORY)


def packages(document: dict[str, Any]) -> dict[tuple[str, str], AffectedPackage]:
    return {
        (one.area.removeprefix(PACKAGE), one.key): affected_decoder.decode(one.data)
        for one in read(document).told
        if one.area.startswith(PACKAGE)
    }


def with_affected(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**document, "affected": [{**document["affected"][0], **more}]}


PLAIN = osv("X-1", "PyPI", "one")


@pytest.mark.parametrize(
    ("more", "ratings"),
    [
        ({}, ()),
        ({"severity": [{"type": "CVSS_V2", "score": V2}]}, ((Severity.HIGH, 7.5, V2),)),
        ({"severity": [{"type": "CVSS_V3", "score": V3}]}, ((Severity.CRITICAL, 9.8, V3),)),
        (
            {"severity": [{"type": "CVSS_V3", "score": V3}, {"type": "CVSS_V4", "score": V4}]},
            ((Severity.CRITICAL, 9.8, V3), (Severity.CRITICAL, 9.3, V4)),
        ),
        ({"severity": [{"type": "Ubuntu", "score": "medium"}]}, ((Severity.MEDIUM, -1, ""),)),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/nonsense"}]}, ()),
        ({"severity": [{"type": "CVSS_V3", "score": "7.5"}]}, ()),
        ({"database_specific": {"severity": "MODERATE"}}, ((Severity.MEDIUM, -1, ""),)),
        ({"database_specific": {"severity": 7}}, ()),
        ({"database_specific": None}, ()),
        ({"summary": "Important: kernel security update"}, ((Severity.HIGH, -1, ""),)),
        ({"summary": "Important news: nothing"}, ()),
    ],
)
def test_ratings(more: dict[str, Any], ratings: tuple[Any, ...]) -> None:
    found = advisory(PLAIN | more).ratings
    assert [(one.severity, one.score, one.vector) for one in found] == list(ratings)


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("GHSA-1", "GitHub"),
        ("PYSEC-1", "PyPA"),
        ("ALSA-2024:1", "AlmaLinux"),
        ("UBUNTU-CVE-2024-1", "Ubuntu"),
        ("NEW-1", "NEW"),
    ],
)
def test_who_rates(name: str, by: str) -> None:
    document = osv(name, "PyPI", "one", database_specific={"severity": "LOW"})
    assert advisory(document).ratings == (Rating(Severity.LOW, by=by),)


def test_events_go_up_as_the_ecosystem_orders_versions() -> None:
    document = osv(
        "X-1",
        "PyPI",
        "one",
        {"introduced": "1.10"},
        {"fixed": "1.9"},
        {"fixed": "1.10.1"},
        {"introduced": "1.2"},
    )
    assert packages(document)["PyPI", "one"].ranges == (
        (
            Event(EventKind.INTRODUCED, "1.2"),
            Event(EventKind.FIXED, "1.9"),
            Event(EventKind.INTRODUCED, "1.10"),
            Event(EventKind.FIXED, "1.10.1"),
        ),
    )


def test_events_that_cannot_be_ordered_stay_as_they_are() -> None:
    document = osv("X-1", "PyPI", "one", {"introduced": "2"}, {"fixed": "not a version"})
    assert [one.version for one in packages(document)["PyPI", "one"].ranges[0]] == [
        "2",
        "not a version",
    ]


@pytest.mark.parametrize(
    ("more", "is_there"),
    [
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
        ({"ranges": None}, False),
        ({"ranges": [], "versions": ["1.0"]}, True),
        ({"package": {"ecosystem": "PyPI:extra", "name": "one"}}, True),
        ({"package": {"ecosystem": "npm", "name": "one"}}, False),
        ({"package": None}, False),
        ({"database_specific": {"informational": "unmaintained"}}, False),
        ({"database_specific": {"informational": "notice"}}, False),
        ({"database_specific": {"informational": "unsound"}}, True),
        ({"database_specific": {"informational": None}}, True),
    ],
)
def test_what_says_something_of_a_package(more: dict[str, Any], is_there: bool) -> None:
    document = json.dumps(with_affected(PLAIN, **more)).encode()
    areas = [one.area for one in read_document(document, "PyPI", "osv/PyPI").told]
    assert any(one.startswith(PACKAGE) for one in areas) is is_there
    assert ADVISORY in areas


@pytest.mark.parametrize(
    ("imports", "symbols", "platforms"),
    [
        ([{"path": "a/b", "symbols": ["F", "T.M"]}], ("F", "T.M"), ()),
        ([{"path": "a/b"}], (), ()),
        ([{"path": "a/b", "goos": ["windows"], "goarch": ["amd64"]}], (), ("amd64", "windows")),
        ([{"path": "a/b", "goos": ["windows"]}, {"path": "a/b"}], (), ()),
        ([{"path": "a/b", "goos": ["js"]}, {"path": "a/b", "goarch": ["arm64"]}], (), ()),
    ],
)
def test_go(imports: list[Any], symbols: tuple[str, ...], platforms: tuple[str, ...]) -> None:
    document = with_affected(
        osv("GO-1", "Go", "a"), ecosystem_specific={"imports": imports, "custom_ranges": [7]}
    )
    found = packages(document)["Go", "a"]
    assert found.imports[0] == Imported("a/b", symbols)
    assert found.platforms == platforms


def test_rust() -> None:
    affects = {"arch": ["x86"], "os": [], "functions": ["a::b::c"]}
    document = with_affected(
        osv("RUSTSEC-1", "crates.io", "a"),
        ecosystem_specific={"affects": affects, "affected_functions": None},
    )
    found = packages(document)["crates.io", "a"]
    assert (found.imports, found.platforms) == ((Imported("a", ("a::b::c",)),), ("x86",))


@pytest.mark.parametrize(
    ("more", "cves"),
    [
        ({"aliases": ["CVE-2024-1001", "GHSA-1"]}, ["CVE-2024-1001"]),
        ({"upstream": ["CVE-2024-1001"]}, ["CVE-2024-1001"]),
        ({"related": ["CVE-2024-1001"]}, ["CVE-2024-1001"]),
        ({"related": ["CVE-2024-1001", "CVE-2024-1002"]}, []),
        ({"aliases": ["CVE-2024-1001"], "related": ["CVE-2024-1002"]}, ["CVE-2024-1001"]),
        ({"aliases": ["CVE-2024-1001"], "withdrawn": "2024-01-01T00:00:00Z"}, []),
    ],
)
def test_which_vulnerabilities_a_rating_is_about(more: dict[str, Any], cves: list[str]) -> None:
    document = PLAIN | {"severity": [{"type": "CVSS_V3", "score": V3}]} | more
    assert [one.key for one in read(document).told if one.area == "cve"] == cves


def test_references_that_say_most_come_first_and_not_all() -> None:
    references = [{"type": "WEB", "url": f"https://x/{number}"} for number in range(50)]
    references += [{"type": "ADVISORY", "url": "https://x/advisory"}, {"type": "FIX"}]
    found = advisory(PLAIN | {"references": references}).references
    assert (len(found), found[0]) == (16, "https://x/advisory")


def test_details_stand_for_a_summary() -> None:
    found = advisory(PLAIN | {"details": "# It breaks. And more.\nMuch more. " + "x" * 9000})
    assert (found.summary, len(found.details)) == ("It breaks", 4000)


@pytest.mark.parametrize(
    "document",
    [
        {},
        PLAIN | {"id": ""},
        PLAIN | {"id": 7},
        PLAIN | {"modified": "yesterday"},
        PLAIN | {"aliases": "CVE-2024-1001"},
        PLAIN | {"aliases": [7]},
        with_affected(PLAIN, package={"ecosystem": "PyPI", "name": ""}),
        with_affected(PLAIN, package={"ecosystem": "PyPI", "name": "x" * 2000}),
        with_affected(PLAIN, ecosystem_specific={"imports": 7}),
    ],
)
def test_what_is_no_document(document: dict[str, Any]) -> None:
    with pytest.raises(NotOsv):
        read_document(json.dumps(document).encode(), "PyPI", "osv/PyPI")


_SHAPES = [None, True, 7, -1.5, "", "0", V3, "x" * 5000, [], {}, [None], [7], [""], [[]], [{}]]
_SHAPES += [[{"type": V3, "score": "x"}], [{"type": "SEMVER", "events": None}], {"name": 7}]
_SHAPES += [[{"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [{"type": "X"}]}]]
_SHAPES += [[{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["", "é"]}]]


@pytest.mark.parametrize("key", sorted({*PLAIN, "severity", "aliases", "withdrawn", "references"}))
def test_any_shape_anywhere_is_read_or_refused(key: str) -> None:
    read = 0
    for shape in _SHAPES:
        document = msgspec.json.encode(PLAIN | {key: shape})
        try:
            found = read_document(document, "PyPI", "osv/PyPI")
        except NotOsv:
            continue
        assert found.told[0].area == ADVISORY
        read += 1
    assert 0 < read < len(_SHAPES)


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(NotOsv):
        read_document(data, "PyPI", "osv/PyPI")
