"""What a change of an image brought, finding by finding."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from distil.diff.scans import compare_scans
from distil.model.advisory import Exploited, Severity
from distil.model.comparison import Comparison, ScannedImage, VulnerabilityChange
from distil.model.condition import COUNTS, parse_condition
from distil.model.finding import Finding, Standing, Statement
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    SourcePackage,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from tests.vulns.samples import CLEAN

SETTLED = Statement(standing=Standing.NOT_AFFECTED, by="vex.json", reason="it is not called")


def deb(name: str, version: str, source: str = "") -> InventoryComponent:
    return InventoryComponent(
        name=name, version=version, kind="deb", source=SourcePackage(source) if source else None
    )


LIBSSL = deb("libssl3", "3.0.11", "openssl")
NEWER = deb("libssl3", "3.0.15", "openssl")
TOOL = deb("openssl", "3.0.11")
PYTHON = deb("python3.11", "3.11.2")
PYTHON_13 = deb("python3.13", "3.13.5")
FLASK = InventoryComponent(name="Flask", version="3.0.0", kind="python")


def finding(id: str, one: InventoryComponent, **more: Any) -> Finding:  # noqa: A002 - its name
    told: dict[str, Any] = {
        "package": one.source.name if one.source is not None else one.name,
        "ecosystem": "Debian:12",
        "severity": Severity.HIGH,
    }
    return Finding(
        id=id,
        component=one.ref,
        kind=one.kind,
        name=one.name,
        installed=one.version,
        purl="",
        **(told | more),
    )


def image(
    *components: InventoryComponent,
    findings: tuple[Finding, ...] = (),
    files: tuple[tuple[str, int, int], ...] = (),
    answer: Answer = Answer.COMPLETE,
) -> ScannedImage:
    inventory = Inventory(
        subject=Subject(name="image", size=1000),
        components=components,
        has_files=True,
        files=tuple(
            InventoryFile(path, Kind.FILE, 0o644, size, 0, Attribution.PACKAGE, owners=(owner,))
            for path, size, owner in files
        ),
    )
    verdict = Verdict(answer)
    scan = msgspec.structs.replace(CLEAN, findings=findings, verdict=verdict)
    return ScannedImage(inventory, scan)


def told(changes: tuple[VulnerabilityChange, ...]) -> list[tuple[str, str]]:
    return [(one.id, one.why) for one in changes]


def counts(found: Comparison) -> tuple[int, int, int, int]:
    return len(found.new), len(found.gone), len(found.changed), found.same


SSL = image(LIBSSL, findings=(finding("CVE-1", LIBSSL),))
NOTHING = image(LIBSSL)


@pytest.mark.parametrize(
    ("before", "after", "new", "gone"),
    [
        (SSL, SSL, [], []),
        (image(), SSL, [("CVE-1", "openssl is new")], []),
        (SSL, image(), [], [("CVE-1", "openssl is not there any more")]),
        (SSL, image(NEWER), [], [("CVE-1", "openssl is 3.0.15 now")]),
        (image(NEWER), SSL, [("CVE-1", "openssl was 3.0.15")], []),
        (SSL, image(TOOL), [], [("CVE-1", "the same version does not count as affected there")]),
        (
            NOTHING,
            SSL,
            [("CVE-1", "the same version does not count as affected in the image before")],
            [],
        ),
        (
            SSL,
            image(LIBSSL, findings=(finding("CVE-1", LIBSSL, statements=(SETTLED,)),)),
            [],
            [("CVE-1", "settled: it is not called (vex.json)")],
        ),
        (
            image(LIBSSL, findings=(finding("CVE-1", LIBSSL, statements=(SETTLED,)),)),
            SSL,
            [("CVE-1", "it was settled before: it is not called (vex.json)")],
            [],
        ),
        (
            image(FLASK, findings=(finding("CVE-1", FLASK),)),
            image(msgspec.structs.replace(FLASK, name="flask", version="3.0.4")),
            [],
            [("CVE-1", "Flask is 3.0.4 now")],
        ),
    ],
)
def test_new_and_gone(
    before: ScannedImage,
    after: ScannedImage,
    new: list[tuple[str, str]],
    gone: list[tuple[str, str]],
) -> None:
    found = compare_scans(before, after)
    assert (told(found.new), told(found.gone)) == (new, gone)
    assert bool(found.worse) is bool(new)


def test_what_distil_left_out() -> None:
    bare = image()
    spared = msgspec.structs.replace(bare.scan, spared=(finding("CVE-1", LIBSSL),))
    found = compare_scans(SSL, msgspec.structs.replace(bare, scan=spared))
    assert told(found.gone) == [("CVE-1", "openssl is left out wholly")]


def test_components_of_one_package_are_one_vulnerability() -> None:
    both = image(LIBSSL, TOOL, findings=(finding("CVE-1", LIBSSL), finding("CVE-1", TOOL)))
    assert counts(compare_scans(SSL, both)) == (0, 0, 0, 1)
    found = compare_scans(image(), both)
    assert counts(found) == (1, 0, 0, 0)
    assert len(found.new[0].after) == 2


def test_one_that_moved_to_another_package_is_not_new() -> None:
    before = image(PYTHON, findings=(finding("CVE-1", PYTHON), finding("CVE-2", PYTHON)))
    after = image(PYTHON_13, findings=(finding("CVE-1", PYTHON_13), finding("CVE-3", PYTHON_13)))
    found = compare_scans(before, after)
    assert counts(found) == (1, 1, 1, 0)
    assert found.changed[0].what == ("package", "version")
    assert found.changed[0].why == (
        "package deb python3.11 → deb python3.13, version 3.11.2 → 3.13.5"
    )
    assert [one.id for one in found.worse] == ["CVE-3"]


def test_one_that_came_to_a_second_package_is_new_there() -> None:
    after = image(LIBSSL, PYTHON, findings=(finding("CVE-1", LIBSSL), finding("CVE-1", PYTHON)))
    found = compare_scans(SSL, after)
    assert counts(found) == (1, 0, 0, 1)
    assert found.new[0].first.package == "python3.11"


@pytest.mark.parametrize(
    ("more", "what", "is_worse"),
    [
        ({"fixed": ("3.0.15",)}, ("fix",), False),
        ({"severity": Severity.CRITICAL}, ("severity",), True),
        ({"severity": Severity.LOW}, ("severity",), False),
        ({"exploited": Exploited("2026-01-01")}, ("exploited",), True),
    ],
)
def test_changed(more: dict[str, Any], what: tuple[str, ...], *, is_worse: bool) -> None:
    after = image(LIBSSL, findings=(finding("CVE-1", LIBSSL, **more),))
    conditions = [parse_condition("critical"), parse_condition("kev"), parse_condition("fixable")]
    found = compare_scans(SSL, after, conditions)
    assert counts(found) == (0, 0, 1, 0)
    assert found.changed[0].what == what
    assert bool(found.worse) is is_worse


def test_only_what_counts_makes_it_worse() -> None:
    assert not compare_scans(image(), SSL, [parse_condition("critical")]).worse
    assert compare_scans(image(), SSL, [parse_condition("high")]).worse
    assert compare_scans(image(), SSL, COUNTS).worse


def test_the_worst_come_first() -> None:
    findings = (
        finding("CVE-3", LIBSSL, severity=Severity.LOW),
        finding("CVE-2", LIBSSL, severity=Severity.CRITICAL),
        finding("CVE-1", LIBSSL, severity=Severity.LOW, exploited=Exploited("2026-01-01")),
    )
    found = compare_scans(image(), image(LIBSSL, findings=findings))
    assert [one.id for one in found.new] == ["CVE-1", "CVE-2", "CVE-3"]


def test_packages_and_their_bytes() -> None:
    before = image(LIBSSL, PYTHON, FLASK, files=(("/a", 10, 0), ("/b", 100, 1), ("/c", 5, 2)))
    after = image(NEWER, FLASK, PYTHON_13, files=(("/a", 12, 0), ("/c", 5, 1), ("/d", 50, 2)))
    found = compare_scans(before, after)
    assert [(one.name, one.before, one.after, one.sizes) for one in found.packages] == [
        ("libssl3", ("3.0.11",), ("3.0.15",), (10, 12)),
        ("python3.11", ("3.11.2",), (), (100, 0)),
        ("python3.13", (), ("3.13.5",), (0, 50)),
    ]
    assert found.same_packages == 1
    assert (found.before.size, found.after.size) == (115, 67)


@pytest.mark.parametrize(
    ("before", "after", "is_less_known", "is_told"),
    [
        (Answer.COMPLETE, Answer.COMPLETE, False, True),
        (Answer.UNKNOWN, Answer.PARTIAL, False, True),
        (Answer.UNKNOWN, Answer.UNKNOWN, False, True),
        (Answer.COMPLETE, Answer.PARTIAL, True, True),
        (Answer.PARTIAL, Answer.UNKNOWN, True, False),
        (Answer.COMPLETE, Answer.UNKNOWN, True, False),
    ],
)
def test_less_known_than_before(
    before: Answer, after: Answer, *, is_less_known: bool, is_told: bool
) -> None:
    found = compare_scans(image(answer=before), image(answer=after))
    assert (found.is_less_known, found.is_told) == (is_less_known, is_told)
