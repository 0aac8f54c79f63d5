"""A scan in all forms: each says the same, and nothing from outside speaks for itself."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from distil.model.advisory import Rating, Severity
from distil.model.condition import COUNTS, counting, parse_condition
from distil.model.finding import Heard, Presence, Standing, Statement
from distil.model.inventory import Answer, Verdict
from distil.report.printable import printable
from distil.report.scan import Telling, render
from distil.report.scan_json import to_json
from distil.report.scan_junit import to_junit
from distil.report.scan_markdown import LARGEST, to_markdown
from distil.report.scan_sarif import to_sarif
from distil.report.scan_text import SHOWN, to_text
from distil.report.scan_view import rows
from tests.vulns.samples import CLEAN, FULL, HOSTILE, UNKNOWN, UPGRADES, finding, rated

DATA = Path(__file__).with_name("data")
SCANS = {"full": FULL, "clean": CLEAN, "unknown": UNKNOWN, "hostile": HOSTILE}
ID = re.compile(r"CVE-\d{4}-\d+")

MANY = msgspec.structs.replace(
    FULL,
    findings=tuple(
        finding(f"CVE-2026-{number:05}", f"lib{number}", package=f"lib{number}")
        for number in range(2000)
    ),
    upgrades=(),
)


def counts(found, conditions=COUNTS):
    return bool(counting([found], conditions))


FORMS = {
    "text": lambda scan: to_text([scan], verbose=True),
    "json": lambda scan: to_json([scan]),
    "sarif": lambda scan: to_sarif([scan], "1.0"),
    "markdown": lambda scan: to_markdown([scan], counts),
    "junit": lambda scan: to_junit([scan], counts),
}


def test_every_form_is_written() -> None:
    for form, tell in FORMS.items():
        assert render([FULL], form, Telling(verbose=True, version="1.0")) == tell(FULL)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_every_finding_and_the_same_bytes_each_time(form: str) -> None:
    told = FORMS[form](FULL)
    assert set(ID.findall(told)) == {one.id for one in FULL.findings}
    assert told == FORMS[form](FULL)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SCANS)
def test_no_form_obeys_what_it_quotes(form: str, name: str) -> None:
    told = FORMS[form](SCANS[name])
    assert all(printable(line) == line for line in told.split("\n"))
    told.encode("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_nothing_found_is_never_all_that_is_said(form: str) -> None:
    """An image about which nothing is known does not look like one in which nothing was found."""
    told = FORMS[form](UNKNOWN)
    assert "no os-release says which distribution it is" in told
    assert "no known vulnerability in" not in told.lower()
    assert "os-release" not in FORMS[form](CLEAN)


# --- text ------------------------------------------------------------------------------------


def test_text() -> None:
    assert to_text([FULL]).split("\n") == (DATA / "scan.txt").read_text("utf-8").split("\n")[:-1]


def test_text_of_what_is_clean() -> None:
    assert to_text([CLEAN]).split("\n") == [
        "image     oci:out/shop:1.4",
        "platform  linux/amd64",
        "system    Debian GNU/Linux 12 (bookworm)",
        "found     no known vulnerability in 31 components",
        "assessed  31 components",
        "database  of 2026-11-26, 2 days old",
        "verdict   complete",
    ]


def test_a_screen_is_enough_unless_all_is_asked_for() -> None:
    shown = to_text([MANY])
    assert f"… and {2000 - SHOWN:,} more (-v shows all)" in shown
    assert len(shown.split("\n")) < 40
    assert to_text([MANY], verbose=True).count("CVE-2026-") >= 2000


def test_two_platforms_are_two_blocks() -> None:
    other = msgspec.structs.replace(
        CLEAN, subject=msgspec.structs.replace(CLEAN.subject, platform="linux/arm64")
    )
    told = to_text([FULL, other])
    assert told.index("linux/amd64") < told.index("linux/arm64")


def test_components_of_one_package_are_one_row() -> None:
    assert next(row.names for row in rows(FULL.open)) == ("libssl3", "openssl")
    settled = msgspec.structs.replace(
        FULL.findings[1],
        statements=(Statement(standing=Standing.NOT_AFFECTED, by="vex.json"),),
    )
    assert [row.names for row in rows([FULL.findings[0], settled])] == [("libssl3",), ("openssl",)]


@pytest.mark.parametrize(
    ("presence", "present", "claimed", "words"),
    [
        (Presence.WHOLE, 4, 4, "all 4 files"),
        (Presence.WHOLE, 1, 1, "all"),
        (Presence.PART, 14, 61, "14 of 61 files"),
        (Presence.DOCUMENTS, 1, 61, "documents only"),
        (Presence.NONE, 0, 61, "no file"),
        (Presence.UNTOLD, 0, 0, "not known"),
    ],
)
def test_what_is_there_is_told(presence, present, claimed, words) -> None:
    one = finding("CVE-2026-1", "a", presence=presence, present=present, claimed=claimed)
    told = to_text([msgspec.structs.replace(CLEAN, findings=(one,))]).split("\n")
    (line,) = [line for line in told if "CVE-2026-1" in line]
    assert line.endswith(f"  {words}")


def test_an_upgrade_whose_findings_are_settled_is_not_advised() -> None:
    settled = tuple(
        msgspec.structs.replace(
            one, statements=(Statement(standing=Standing.ACCEPTED, by="ignore.toml"),)
        )
        for one in FULL.findings
    )
    scan = msgspec.structs.replace(FULL, findings=settled)
    assert "what to do" not in to_text([scan])
    assert "What to do" not in to_markdown([scan], counts)


def test_of_several_steps_the_one_that_fixes_most_is_told_and_what_stays() -> None:
    small = msgspec.structs.replace(
        UPGRADES[0], target="3.0.12", fixes=("CVE-2024-6119",), remains=("CVE-2024-5535",)
    )
    large = msgspec.structs.replace(
        UPGRADES[0], fixes=(*UPGRADES[0].fixes, "CVE-2026-7"), brings=("CVE-2026-9",)
    )
    told = to_text([msgspec.structs.replace(FULL, upgrades=(small, large))])
    assert "fixes 2 (1 critical, 1 high)" in told
    assert "3.0.12 fixes 1, 1 comes with it" in told
    worse = msgspec.structs.replace(UPGRADES[0], brings=("CVE-2026-8", "CVE-2026-9"))
    told = to_text([msgspec.structs.replace(FULL, upgrades=(small, worse))])
    assert f"→ {small.target}" in told
    alone = to_text([msgspec.structs.replace(FULL, upgrades=(small,))])
    assert "1 stays" in alone


HEARD = Heard(
    name="vex.json",
    form="OpenVEX",
    author="Ann",
    is_attached=True,
    statements=5,
    applied=3,
    settling=1,
    remarks=tuple(f"statement {number} is about nothing here" for number in range(5)),
)


@pytest.mark.parametrize("form", FORMS)
def test_what_was_heard_is_told(form: str) -> None:
    told = FORMS[form](msgspec.structs.replace(FULL, heard=(HEARD,)))
    assert "vex.json" in told
    assert "statement 4 is about nothing here" in told
    if form != "json":
        assert "3 of 5 statements about a finding, 1 of which settles" in told
        assert "no signature was checked" in told


@pytest.mark.parametrize("form", FORMS)
def test_what_was_left_out_is_told_and_is_no_finding(form: str) -> None:
    gone = finding("CVE-2026-7", "perl", package="perl", presence=Presence.NONE)
    scan = msgspec.structs.replace(CLEAN, spared=(gone,))
    told = FORMS[form](scan)
    if form == "json":
        assert json.loads(told)["scans"][0]["spared"][0]["id"] == "CVE-2026-7"
    else:
        assert "1 vulnerability of 1 package that was left out wholly" in told
    assert "1 vulnerability in" not in told


def test_what_is_exploited_comes_first() -> None:
    worse = finding("CVE-2026-2", "z", package="z", severity=Severity.CRITICAL)
    told = to_text([msgspec.structs.replace(CLEAN, findings=(worse, FULL.findings[0]))])
    assert told.index("KEV") < told.index("CVE-2026-2")


def test_a_verdict_has_a_line_for_each_reason() -> None:
    reasons = tuple(f"reason {number}" for number in range(9))
    scan = msgspec.structs.replace(CLEAN, verdict=Verdict(Answer.PARTIAL, reasons))
    assert to_text([scan]).split("\n")[-5:] == [
        "verdict   PARTIAL: reason 0",
        "          reason 1",
        "          reason 2",
        "          reason 3",
        "          … and 5 more reasons (-v shows all)",
    ]
    for form, tell in FORMS.items():
        assert "reason 8" in tell(scan), form


def test_a_statement_that_is_void_is_told_and_settles_nothing() -> None:
    void = Statement(
        standing=Standing.ACCEPTED, by="ignore.toml", until="2026-01-31", void="it has expired"
    )
    one = msgspec.structs.replace(FULL.findings[0], statements=(void,))
    told = to_text([msgspec.structs.replace(FULL, findings=(one,))], verbose=True)
    assert "accepted (ignore.toml, until 2026-01-31), but it has expired" in told
    assert "1 critical" in told


# --- JSON ------------------------------------------------------------------------------------


def test_json() -> None:
    document = json.loads(to_json([FULL]))
    assert document["schemaVersion"] == 1
    (scan,) = document["scans"]
    assert scan["summary"] == {
        "vulnerabilities": 5,
        "findings": 6,
        "settled": 2,
        "spared": 0,
        "fixable": 3,
        "exploited": 1,
        "severities": {
            "critical": 1,
            "high": 2,
            "medium": 1,
            "low": 0,
            "negligible": 1,
            "unrated": 0,
        },
    }
    first, *_, last = scan["findings"]
    assert first["severity"] == "critical"
    assert first["score"] == 9.1
    assert first["rating"]["by"] == "PyPI"
    assert first["exploited"]["due"] == "2026-11-22"
    assert first["counts"]
    assert first["layer"] == 1
    assert not last["counts"]
    assert last["statements"][0]["until"] == "2027-01-31"
    absent = scan["findings"][6]["statements"][0]["evidence"]["absent"]
    assert absent == ["/usr/bin/apt-get", "/usr/lib/x86_64-linux-gnu/libapt-pkg.so.6.0"]
    assert scan["now"] == "2026-11-28T12:00:00Z"
    assert scan["database"]["digest"] == FULL.database.digest
    assert FULL.database.path not in to_json([FULL])


# --- SARIF -----------------------------------------------------------------------------------


def sarif(*scans):
    document = json.loads(to_sarif(scans, "1.0"))
    # As npm's @microsoft/jest-sarif 1.0.0-beta.0 has it (MIT).
    schema = json.loads((DATA / "sarif-2.1.0-rtm.5.json").read_bytes())
    jsonschema.Draft4Validator(
        schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    ).validate(document)
    return document["runs"]


@pytest.mark.parametrize("name", SCANS)
def test_sarif_is_valid(name: str) -> None:
    sarif(SCANS[name])


def test_sarif_has_what_github_reads() -> None:
    (run,) = sarif(FULL)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
        assert "security" in rule["properties"]["tags"]
        assert result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] == 1
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert result["partialFingerprints"]["primaryLocationLineHash"]
    assert [rule["properties"]["security-severity"] for rule in rules] == [
        "9.1",
        "7.5",
        "7.5",
        "4.8",
        "0.1",
    ]
    assert {result["ruleId"] for result in run["results"]} == {one.id for one in FULL.open}
    notes = [
        note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]
    ]
    assert any("CVE-2011-3374 of apt: not affected" in note for note in notes)


def test_fingerprints_are_of_the_vulnerability_and_not_of_the_build() -> None:
    """An alert stays the same one when the image is built anew, and goes with the platform."""

    def prints(scan):
        return [
            one["partialFingerprints"]["primaryLocationLineHash"]
            for one in sarif(scan)[0]["results"]
        ]

    before = prints(FULL)
    assert len(set(before)) == len(before)
    anew = msgspec.structs.replace(
        FULL,
        subject=msgspec.structs.replace(FULL.subject, name="oci:out/shop:1.5", digest="sha256:00"),
        findings=tuple(msgspec.structs.replace(one, installed="3.0.12") for one in FULL.findings),
    )
    assert prints(anew) == before
    arm = msgspec.structs.replace(
        FULL, subject=msgspec.structs.replace(FULL.subject, platform="linux/arm64")
    )
    assert not set(prints(arm)) & set(before)
    ids = [run["automationDetails"]["id"] for run in sarif(FULL, arm)]
    assert ids == ["distil/linux/amd64/", "distil/linux/arm64/"]


def test_a_word_without_a_number_gets_the_number_of_its_band() -> None:
    bands = {
        Severity.CRITICAL: (9.0, 10.0),
        Severity.HIGH: (7.0, 8.9),
        Severity.MEDIUM: (4.0, 6.9),
        Severity.LOW: (0.1, 3.9),
    }
    for severity, (least, most) in bands.items():
        one = finding("CVE-2026-1", "a", severity=severity, rating=Rating(severity))
        (run,) = sarif(msgspec.structs.replace(CLEAN, findings=(one,)))
        given_as = float(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"])
        assert least <= given_as <= most
        assert severity is not Severity.CRITICAL or given_as > 9.0  # GitHub: over 9.0


# --- Markdown --------------------------------------------------------------------------------


def test_markdown() -> None:
    assert to_markdown([FULL], counts) == (DATA / "scan.md").read_text("utf-8").rstrip("\n")


def test_a_comment_is_not_longer_than_github_takes_it() -> None:
    for scans in ([MANY], [MANY, MANY, MANY]):
        told = to_markdown(scans, counts)
        assert LARGEST // 2 < len(told) < 65_536
        assert told.count("<details>") == told.count("</details>")
        assert told.count("2 programs are in no feed") == len(scans)
    assert "more, which had no room here" in to_markdown([MANY], counts)


@pytest.mark.parametrize(
    ("scan", "fail_on", "mark"),
    [
        (FULL, "any", "❌"),
        (FULL, "critical+fixable", "❌"),
        (CLEAN, "any", "✅"),
        (UNKNOWN, "any", "⚠️"),
        (msgspec.structs.replace(FULL, findings=FULL.findings[2:4]), "critical", "⚠️"),
    ],
)
def test_the_mark_says_how_it_ends(scan, fail_on, mark) -> None:
    told = to_markdown([scan], lambda one: counts(one, [parse_condition(fail_on)]))
    assert told.startswith(f"### {mark} ")


WORDS = st.text(alphabet="ab/<>|`*_[]()@&#;!\\~$: \n\u202e\udc80\x00", max_size=30)


class _Cells(HTMLParser):
    """The texts of a table's cells, and every element that there is."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


@example("<b>a</b>", "![a](b)")
@given(WORDS, WORDS)
def test_others_words_are_words(name: str, version: str) -> None:
    """A cell stays a cell: no HTML, no link, no mention, no end of the row comes from outside."""
    one = finding("CVE-2026-1", name, installed=version, package=name, severity=Severity.HIGH)
    told = to_markdown([msgspec.structs.replace(CLEAN, findings=(one,))], counts)
    assert "@" not in told.replace("&#64;", "")
    table = told[told.index("#### Vulnerabilities") : told.index("<sub>")]
    read = _Cells()
    read.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(table))
    # Blanks in a row are one to whoever shows them.
    assert [" ".join(cell.split()) for cell in read.cells] == [
        "high",
        "CVE-2026-1",
        " ".join(printable(name).split()),
        " ".join(printable(version).split()),
        "not fixed",
        "",
        "all 4 files",
    ]
    assert read.elements <= {"h4", "table", "thead", "tbody", "tr", "th", "td", "strong"} | {
        "code",
        "a",
    }


# --- JUnit -----------------------------------------------------------------------------------


def test_junit() -> None:
    conditions = [parse_condition("high")]
    root = ElementTree.fromstring(to_junit([FULL, CLEAN], lambda one: counts(one, conditions)))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["oci:out/shop:1.4 linux/amd64"] * 2
    for element in (root, *suites):
        cases = list(element.iter("testcase"))
        told = {name: int(element.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        assert told == {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "errors": sum(case.find("error") is not None for case in cases),
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
    failed = [
        case.get("name") for case in root.iter("testcase") if case.find("failure") is not None
    ]
    assert failed == [
        "CVE-2024-5535 in libssl3, openssl",
        "CVE-2024-6119 in libssl3",
        "CVE-2026-0001 in flask",
    ]
    reasons = [one.get("message") for one in root.iter("skipped")]
    assert reasons[0].startswith("PARTIAL: 2 programs are in no feed")
    assert "accepted (ignore.toml, until 2027-01-31): we do not use MiniZip" in reasons


@pytest.mark.parametrize(
    ("scan", "require_complete", "errors"),
    [(CLEAN, True, 0), (FULL, False, 0), (FULL, True, 1), (UNKNOWN, False, 1)],
)
def test_a_run_in_which_nothing_could_be_told_is_not_green(scan, require_complete, errors) -> None:
    root = ElementTree.fromstring(to_junit([scan], counts, require_complete=require_complete))
    assert int(root.get("errors")) == errors


@given(st.text(alphabet=st.characters(), max_size=20))
def test_junit_is_xml_whatever_it_quotes(text: str) -> None:
    one = finding(text, text, summary=text, package=text, note=text)
    scan = msgspec.structs.replace(
        CLEAN, subject=msgspec.structs.replace(CLEAN.subject, name=text), findings=(one,)
    )
    root = ElementTree.fromstring(to_junit([scan], counts).encode())
    assert len(list(root.iter("testcase"))) == 2


def test_severities_are_counted_by_the_worst() -> None:
    """One vulnerability of two packages is one, as bad as for the worse of them."""
    found = [
        finding("CVE-2026-1", "a", **rated(5.0, Severity.MEDIUM), package="a"),
        finding("CVE-2026-1", "b", **rated(8.0, Severity.HIGH), package="b"),
    ]
    for order in itertools.permutations(found):
        told = to_text([msgspec.structs.replace(CLEAN, findings=order)])
        assert "1 vulnerability in 2 packages: 1 high" in told
