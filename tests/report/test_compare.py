"""A comparison as people and programs read it."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from distil.diff.scans import compare_scans
from distil.model.advisory import Severity
from distil.model.comparison import Comparison, ScannedImage
from distil.model.condition import COUNTS, parse_condition
from distil.model.inventory import (
    Answer,
    BaseImage,
    Inventory,
    InventoryComponent,
    Subject,
    Verdict,
)
from distil.report.compare import headline, to_json, to_markdown, to_text
from tests.vulns.samples import CLEAN, FULL, HOSTILE, finding

LIBSSL = InventoryComponent(name="libssl3", version="3.0.11-1~deb12u2", kind="deb")
NEW = finding("CVE-2026-7", "libssl3", severity=Severity.LOW, fixed=("3.0.15",))


def side(scan=CLEAN, *components: InventoryComponent, name: str = "oci:out/shop:1.4"):
    inventory = Inventory(
        subject=Subject(name=name, digest="sha256:" + "ab" * 32, size=28_400_000),
        release=scan.release,
        base=BaseImage("python:3", layers=4),
        components=components,
    )
    return ScannedImage(inventory, scan)


OLD = side(name="oci:out/shop:1.3")
OPEN = side(msgspec.structs.replace(CLEAN, findings=(NEW,)), LIBSSL)
UNKNOWN = side(msgspec.structs.replace(CLEAN, verdict=Verdict(Answer.UNKNOWN, ("no release",))))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (compare_scans(OLD, side()), "no known vulnerabilities in either"),
        (compare_scans(OPEN, OPEN), "the same vulnerabilities"),
        (
            compare_scans(OLD, OPEN),
            "WORSE: 1 vulnerability that counts, and did not before; 0 gone",
        ),
        (
            compare_scans(OLD, OPEN, [parse_condition("high")]),
            "no worse: 0 vulnerabilities gone, none of the 1 new ones counts",
        ),
        (compare_scans(OPEN, OLD), "better: 1 vulnerability gone, none new"),
    ],
)
def test_what_it_comes_to(found: Comparison, expected: str) -> None:
    assert headline(found) == expected


def test_less_known_is_never_unsaid() -> None:
    found = compare_scans(OPEN, UNKNOWN)
    for text in (headline(found), to_text(found), to_markdown(found).replace("&#58;", ":")):
        assert "UNKNOWN: less is known of" in text
        assert "no release" in text


def test_text() -> None:
    text = to_text(compare_scans(OLD, OPEN, COUNTS, relation="its lowest 4 layers"))
    assert text.splitlines()[0] == "oci:out/shop:1.3 → oci:out/shop:1.4"
    assert re.search(r"vulnerabilities +none known +1 \(1 low\) +1 new, 0 gone\n", text)
    assert re.search(r"! +low +CVE-2026-7  libssl3 3.0.11-1~deb12u2  openssl is new; fixed", text)
    assert re.search(r"\+  deb  libssl3  3.0.11-1~deb12u2", text)
    assert text.splitlines()[1] == "  its lowest 4 layers"


def test_text_is_cut_unless_all_is_asked_for() -> None:
    many = tuple(finding(f"CVE-2026-{n}", "libssl3", severity=Severity.LOW) for n in range(30))
    found = compare_scans(OLD, side(msgspec.structs.replace(CLEAN, findings=many)))
    assert "… and 10 more (-v shows all)" in to_text(found)
    assert "more (-v" not in to_text(found, verbose=True)


def test_json() -> None:
    document = json.loads(to_json(compare_scans(OLD, OPEN)))
    assert document["worse"] is True
    assert document["told"] is True
    (new,) = document["vulnerabilities"]["new"]
    assert (new["id"], new["worse"], new["before"]) == ("CVE-2026-7", True, [])
    assert new["after"][0]["fixed"] == ["3.0.15"]
    assert document["packages"]["changed"][0]["after"] == ["3.0.11-1~deb12u2"]


def test_markdown() -> None:
    text = to_markdown(compare_scans(side(FULL, name="old"), OPEN))
    assert text.startswith("### old → oci")
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    assert "<summary>gone vulnerabilities (" in text


def test_hostile_words_stay_words() -> None:
    found = compare_scans(OLD, side(HOSTILE, name="x\x1b[31m|<b>"))
    assert "\x1b" not in to_text(found, verbose=True)
    assert "\u202e" not in to_text(found)
    markdown = to_markdown(found)
    assert "<b>" not in markdown
    assert "<script>" not in markdown
    assert "\x1b" not in markdown
    json.loads(to_json(found))
