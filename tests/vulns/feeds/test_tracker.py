"""Debian's security tracker: each of its states, and how it stands to OSV's documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distil.model.advisory import AffectedPackage, Event, EventKind, FixState, Severity
from distil.vulns.database.reader import Database
from tests.vulns.database.feeds import build, osv, write_archive

CVE = "CVE-2024-1001"
ALL = (Event(EventKind.INTRODUCED, "0"),)
UNTIL = (*ALL, Event(EventKind.FIXED, "8.1-2"))


def one(place: Path, **release: str) -> AffectedPackage:
    """What the database says of curl in Debian 12 when the tracker says `release`."""
    issue = {"description": "It breaks. Often.", "releases": {"bookworm": release}}
    found = database(place, {"curl": {CVE: issue}}).affected("Debian:12", ["curl"])
    assert len(found["curl"]) == 1
    return found["curl"][0]


def database(place: Path, document: dict[str, Any]) -> Database:
    (place / "feeds").mkdir(exist_ok=True)
    (place / "feeds/debian-tracker.json").write_text(json.dumps(document))
    build(place / "advisories.db", place / "feeds")
    return Database.open(place / "advisories.db")


@pytest.mark.parametrize(
    ("release", "ranges", "state", "note"),
    [
        ({"status": "resolved", "fixed_version": "8.1-2"}, (UNTIL,), FixState.NONE, ""),
        ({"status": "resolved", "fixed_version": "0"}, (), FixState.NOT_AFFECTED, ""),
        ({"status": "open"}, (ALL,), FixState.UNFIXED, ""),
        ({"status": "undetermined"}, (ALL,), FixState.UNDETERMINED, ""),
        (
            {"status": "open", "nodsa": "Minor issue", "nodsa_reason": ""},
            (ALL,),
            FixState.DEFERRED,
            "Minor issue",
        ),
        (
            {"status": "open", "nodsa": "Next update", "nodsa_reason": "postponed"},
            (ALL,),
            FixState.DEFERRED,
            "Next update",
        ),
        (
            {"status": "open", "nodsa": "Too intrusive", "nodsa_reason": "ignored"},
            (ALL,),
            FixState.IGNORED,
            "Too intrusive",
        ),
        ({"status": "open", "urgency": "end-of-life"}, (ALL,), FixState.END_OF_LIFE, ""),
        ({"status": "open", "urgency": "unimportant"}, (ALL,), FixState.UNFIXED, "unimportant"),
    ],
)
def test_states(
    tmp_path: Path, release: dict[str, str], ranges: Any, state: FixState, note: str
) -> None:
    found = one(tmp_path, **release)
    assert (found.advisory, found.ranges, found.state, found.note) == (
        f"DEBIAN-{CVE}",
        ranges,
        state,
        note,
    )


@pytest.mark.parametrize(
    ("urgency", "severity"),
    [
        ("high", Severity.HIGH),
        ("medium**", Severity.MEDIUM),
        ("unimportant", Severity.NEGLIGIBLE),
        ("not yet assigned", None),
    ],
)
def test_urgency(tmp_path: Path, urgency: str, severity: Severity | None) -> None:
    found = one(tmp_path, status="open", urgency=urgency)
    assert (found.rating and found.rating.severity) == severity


def test_the_tracker_counts_where_both_say_something(tmp_path: Path) -> None:
    documents = [
        osv(f"DEBIAN-{CVE}", "Debian:12", "curl", upstream=[CVE], details="Of OSV."),
        osv("DEBIAN-CVE-2024-1002", "Debian:12", "curl", upstream=["CVE-2024-1002"]),
    ]
    write_archive(tmp_path / "feeds", "Debian", documents)
    release = {"status": "resolved", "fixed_version": "0"}
    found = database(tmp_path, {"curl": {CVE: {"releases": {"bookworm": release}}}})
    told = found.affected("Debian:12", ["curl"])["curl"]
    entries = {one.advisory: one for one in told}
    assert len(told) == len(entries) == 2
    assert entries[f"DEBIAN-{CVE}"].state is FixState.NOT_AFFECTED
    assert entries["DEBIAN-CVE-2024-1002"].ranges == (ALL,)
    assert found.advisories([f"DEBIAN-{CVE}"])[f"DEBIAN-{CVE}"].details == "Of OSV."


def test_one_issue_of_several_packages_and_releases(tmp_path: Path) -> None:
    releases = {
        name: {"status": "open"} for name in ("bullseye", "bookworm", "trixie", "sid", "nobody")
    }
    document = {name: {CVE: {"releases": releases}} for name in ("curl", "wget")}
    found = database(tmp_path, document)
    names = [name for name, _ in found.status.ecosystems]
    assert names == ["Debian:11", "Debian:12", "Debian:13", "Debian:sid"]
    assert len(found.advisories([f"DEBIAN-{CVE}"])[f"DEBIAN-{CVE}"].packages) == 8
    assert len(found.affected("Debian:13", ["curl", "wget"])) == 2


def test_issues_without_a_cve_keep_their_name(tmp_path: Path) -> None:
    name = "TEMP-0000000-123456"
    found = database(tmp_path, {"curl": {name: {"releases": {"sid": {"status": "open"}}}}})
    assert found.affected("Debian:sid", ["curl"])["curl"][0].advisory == name
    assert found.advisories([name])[name].upstream == ()
