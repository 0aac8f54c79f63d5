"""Where two scanners differ, as people and programs read it."""

from __future__ import annotations

import json

import pytest

from distil.model.advisory import Severity
from distil.model.other_report import (
    Disagreement,
    Held,
    OtherFinding,
    OtherPackage,
    OtherReport,
    Reason,
    Side,
)
from distil.report.disagreement import SHOWN, render
from tests.vulns.samples import FULL, NOW, finding

SSL = OtherPackage(name="libssl3", version="3.0.11-1~deb12u2")
REPORT = OtherReport(
    tool="Trivy", version="0.76.0", subject="shop:1.4", made=NOW, system="debian 12.5"
)
OURS = finding("CVE-2024-5535", "libssl3", severity=Severity.HIGH)


def other(name: str, severity: Severity = Severity.LOW) -> OtherFinding:
    return OtherFinding(id=name, package=SSL, severity=severity)


def held(side: Side, name: str, **more) -> Held:
    return Held(side=side, id=name, name="libssl3", version=SSL.version, **more)


HELD = (
    held(
        Side.THEIRS,
        "CVE-2024-0001",
        others=(other("CVE-2024-0001", Severity.CRITICAL),),
        reason=Reason.HAS_FIX,
        why="fixed in 3.0.11-1, and 3.0.11-1~deb12u2 is installed (Debian:12, DSA-1)",
    ),
    held(
        Side.OURS,
        "CVE-2024-6119",
        findings=(finding("CVE-2024-6119", "libssl3"),),
        reason=Reason.UNTOLD,
        why="a <b> | c",
    ),
    held(
        Side.BOTH,
        "CVE-2024-5535",
        findings=(OURS,),
        others=(other("CVE-2024-5535"),),
        why="high here, low there",
        differs=("severity",),
    ),
    held(Side.BOTH, "CVE-2024-9143", findings=(OURS,), others=(other("CVE-2024-9143"),)),
)
FOUND = Disagreement(report=REPORT, held=HELD, quiet=2, remarks=("they took it for \x1b[31m",))

TEXT = """\
image    oci:out/shop:1.4 linux/amd64
against  Trivy 0.76.0, of shop:1.4, made on 2026-11-28
counted  2 by both, 1 by Trivy alone, 1 by distil alone; 2 known and not counted
but      they took it for \\x1b[31m

Trivy alone: 1 vulnerability
  the installed version has the fix (1)
    critical  CVE-2024-0001  libssl3 3.0.11-1~deb12u2  fixed in 3.0.11-1, and 3.0.11-1~deb12u2 is \
installed (Debian:12, DSA-1)

distil alone: 1 vulnerability
  nothing tells why (1)
    unrated  CVE-2024-6119  libssl3 3.0.11-1~deb12u2  a <b> | c

both, and not the same: 1 vulnerability
    high  CVE-2024-5535  libssl3 3.0.11-1~deb12u2  high here, low there"""


def test_as_text():
    assert render(FULL, FOUND, "text") == TEXT


def test_only_some_of_each_reason_are_shown_when_not_all_are_asked_for():
    many = Disagreement(report=REPORT, held=HELD[:1] * (SHOWN + 2))
    text = render(FULL, many, "text")
    assert text.count("CVE-2024-0001") == SHOWN
    assert "… and 2 more (-v shows all)" in text
    assert render(FULL, many, "text", verbose=True).count("CVE-2024-0001") == SHOWN + 2


def test_two_that_agree():
    same = Disagreement(report=REPORT, held=HELD[3:])
    text = render(FULL, same, "text")
    assert text.splitlines()[-1] == ("counted  1 by both, 0 by Trivy alone, 0 by distil alone")


def test_as_markdown():
    text = render(FULL, FOUND, "markdown")
    assert "- against: Trivy 0.76.0, of shop&#58;1.4" in text or "shop:1.4" in text
    assert "a &#60;b&#62; &#124; c" in text
    assert "#### Trivy alone: 1 vulnerability" in text
    assert "\x1b" not in text


def test_as_json():
    document = json.loads(render(FULL, FOUND, "json"))
    assert document["summary"] == {"both": 2, "theirs": 1, "ours": 1, "quiet": 2}
    assert document["report"]["tool"] == "Trivy"
    assert document["report"]["made"] == "2026-11-28T12:00:00Z"
    first, second, third, _ = document["held"]
    assert (first["side"], first["reason"]) == ("theirs", "has-fix")
    assert first["others"][0]["package"]["name"] == "libssl3"
    assert first["others"][0]["severity"] == "critical"
    assert (second["side"], second["reason"]) == ("ours", "untold")
    assert (third["side"], third["reason"], third["differs"]) == ("both", "none", ["severity"])
    assert document["scan"]["subject"]["name"] == "oci:out/shop:1.4"


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_what_others_write_cannot_steer_a_terminal(form):
    evil = held(
        Side.THEIRS, "CVE\x1b]0;x\x07", others=(other("CVE\x1b]0;x\x07"),), why="\u202e\x1b[2J"
    )
    text = render(FULL, Disagreement(report=REPORT, held=(evil,)), form)
    assert "\x1b" not in text
    assert "\u202e" not in text
