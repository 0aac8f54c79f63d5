"""Packages of module streams follow the advisories of their own stream."""

from __future__ import annotations

import pytest

from distil.model.advisory import Advisory
from distil.model.inventory import InventoryComponent, OsRelease
from distil.model.other_report import OtherFinding, OtherPackage, OtherReport, Reason
from distil.vulns.matching.scan import Matching, scan
from distil.vulns.matching.streams import streams_in
from distil.vulns.others.comparing import compared
from tests.vulns.memory import NOW, MemoryAdvisories, below
from tests.vulns.others.test_comparing import inventory

ALMA = OsRelease(id="almalinux", version_id="9.7")
IN_20 = "1:20.20.2-1.module_el9.7.0+226+88d36870"
IN_22 = "1:22.22.0-1.module_el9.7.0+208+fb06c0ab"
PLAIN = "1:16.20.2-8.el9_4"


def nodejs(version: str, stream: str = "") -> InventoryComponent:
    label = (("modularity", f"nodejs:{stream}:9070020260301:rhel9"),) if stream else ()
    return InventoryComponent(
        name="nodejs",
        version=version,
        kind="rpm",
        purl=f"pkg:rpm/almalinux/nodejs@{version}",
        properties=label,
    )


def advisories() -> MemoryAdvisories:
    """One CVE, mended in both streams, and outside of them in a build of its own."""
    known = MemoryAdvisories()
    for name, fixed, summary in (
        ("ALSA-2026:7896", IN_20, "Important: nodejs:20 security update"),
        ("ALSA-2026:2782", IN_22, "Important: nodejs:22 security update"),
        ("ALSA-2026:1", PLAIN, "Important: nodejs security update"),
    ):
        document = Advisory(id=name, source="test", summary=summary, related=("CVE-2026-21710",))
        known.add("AlmaLinux:9", "nodejs", below(fixed, name), document)
    return known


def found(component: InventoryComponent) -> list[tuple[str, tuple[str, ...]]]:
    told = scan(inventory(component, release=ALMA), advisories(), Matching(now=NOW))
    return [(one.id, one.advisories) for one in told.findings]


@pytest.mark.parametrize(
    ("component", "advisory"),
    [
        (nodejs(IN_20, "20"), ""),
        (nodejs("1:20.19.0-1.module_el9.6.0+1+1", "20"), "ALSA-2026:7896"),
        (nodejs(IN_22, "22"), ""),
        (nodejs("1:22.21.0-1.module_el9.6.0+1+1", "22"), "ALSA-2026:2782"),
        (nodejs("1:24.1.0-1.module_el9.7.0+1+1", "24"), ""),
        (nodejs(PLAIN), ""),
        (nodejs("1:16.20.2-1.el9_2"), "ALSA-2026:1"),
    ],
)
def test_a_package_follows_its_own_stream(component, advisory):
    assert found(component) == ([("CVE-2026-21710", (advisory,))] if advisory else [])


def test_without_its_label_a_package_of_a_stream_follows_all_streams():
    assert found(nodejs(IN_20)) == [("CVE-2026-21710", ("ALSA-2026:2782",))]
    assert found(nodejs(IN_22)) == []


def test_where_a_summary_names_no_stream_it_counts():
    known = MemoryAdvisories().add("AlmaLinux:9", "nodejs", below(IN_22, "ALSA-1"))
    told = scan(inventory(nodejs(IN_20, "20"), release=ALMA), known, Matching(now=NOW))
    assert [one.advisories for one in told.findings] == [("ALSA-1",)]


def test_that_others_take_another_stream_is_told():
    component = nodejs(IN_20, "20")
    package = OtherPackage(name="nodejs", version=IN_20, purl=component.purl)
    report = OtherReport(
        tool="Grype", findings=(OtherFinding(id="ALSA-2026:2782", package=package),)
    )
    what = inventory(component, release=ALMA)
    told = scan(what, advisories(), Matching(now=NOW))
    (row,) = compared(told, what, advisories(), report).held
    assert row.reason is Reason.OTHER_STREAM
    assert row.why == "ALSA-2026:2782 is of nodejs:22, and this is nodejs:20"


@pytest.mark.parametrize(
    ("summary", "streams"),
    [
        ("Moderate: nodejs:18 security, bug fix, and enhancement update", {"nodejs:18"}),
        ("Important: virt:rhel and virt-devel:rhel update", {"virt:rhel", "virt-devel:rhel"}),
        ("Moderate: idm:DL1 and idm:client security", {"idm:dl1", "idm:client"}),
        ("Moderate: php:8.2 security update", {"php:8.2"}),
        ("Important: kernel security update", set()),
        ("", set()),
    ],
)
def test_streams_in_summaries(summary, streams):
    assert streams_in(summary) == streams
