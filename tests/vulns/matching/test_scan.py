"""An inventory matched against advisories in memory."""

from __future__ import annotations

import pytest

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    Exploited,
    FixState,
    Likelihood,
    Rating,
    Severity,
    VulnerabilityFacts,
)
from distil.model.finding import Presence, Repair
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
    OsRelease,
    Place,
    Relation,
    SourcePackage,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from distil.vulns.matching.scan import Matching, scan
from tests.vulns.memory import NOW, MemoryAdvisories, below

BOOKWORM = OsRelease(id="debian", version_id="12", codename="bookworm")
HOW = Matching(now=NOW)


def _deb(name="libssl3", version="3.0.11-1~deb12u2", source="openssl", **more):
    return InventoryComponent(
        name=name,
        version=version,
        kind="deb",
        purl=f"pkg:deb/debian/{name}@{version}",
        source=SourcePackage(source) if source else None,
        **more,
    )


def _inventory(*components, release=BOOKWORM, files=(), relations=(), answer=Answer.COMPLETE):
    return Inventory(
        subject=Subject(name="oci:x", platform="linux/amd64"),
        release=release,
        components=components,
        relations=relations,
        files=files,
        has_files=True,
        verdict=Verdict(answer),
    )


def _file(path, owner, attribution=Attribution.PACKAGE):
    return InventoryFile(path, Kind.FILE, 0o644, 1, 0, attribution, owners=(owner,))


def _ids(found):
    return [one.id for one in found.findings]


def test_a_package_goes_by_its_source_and_the_cve_is_the_id():
    advisories = MemoryAdvisories().add(
        "Debian:12",
        "openssl",
        below("3.0.13-1~deb12u1", "DEBIAN-CVE-2024-0727"),
        Advisory(
            id="DEBIAN-CVE-2024-0727",
            source="Debian",
            upstream=("CVE-2024-0727",),
            summary="a crash",
            published=5,
        ),
    )
    advisories.tell(
        VulnerabilityFacts(
            "CVE-2024-0727",
            (Rating(Severity.MEDIUM, 5.5, "CVSS:3.1/AV:N", "NVD"),),
            Exploited("2024-05-31"),
            Likelihood(0.5, 0.9),
        )
    )
    (one,) = scan(_inventory(_deb()), advisories, HOW).findings
    assert (one.id, one.package, one.ecosystem) == ("CVE-2024-0727", "openssl", "Debian:12")
    assert (one.repair, one.fixed) == (Repair.FIXED, ("3.0.13-1~deb12u1",))
    assert one.advisories == ("DEBIAN-CVE-2024-0727",)
    assert (one.severity, one.rating.by) == (Severity.MEDIUM, "NVD")
    assert one.exploited.added == "2024-05-31"
    assert one.likelihood.score == 0.5
    assert (one.summary, one.published) == ("a crash", 5)


def test_the_source_has_a_version_of_its_own():
    component = _deb(name="gcc-12-base", version="12.2.0-14", source="")
    other = InventoryComponent(
        name="x", version="9:1.0", kind="deb", source=SourcePackage("openssl", "3.0.11-1")
    )
    advisories = MemoryAdvisories().add("Debian:12", "openssl", below("3.0.12-1", "CVE-2024-0001"))
    found = scan(_inventory(component, other), advisories, HOW)
    assert [one.name for one in found.findings] == ["x"]


@pytest.mark.parametrize(
    ("state", "repair"),
    [
        (FixState.NONE, Repair.NONE),
        (FixState.UNFIXED, Repair.NONE),
        (FixState.DEFERRED, Repair.DEFERRED),
        (FixState.IGNORED, Repair.IGNORED),
        (FixState.END_OF_LIFE, Repair.END_OF_LIFE),
        (FixState.UNDETERMINED, Repair.UNDETERMINED),
    ],
)
def test_what_the_distribution_says_of_a_fix(state, repair):
    entry = below("", "CVE-2024-0001", state=state, note="minor issue")
    (one,) = scan(
        _inventory(_deb()), MemoryAdvisories().add("Debian:12", "openssl", entry), HOW
    ).findings
    assert (one.repair, one.note, one.fixed) == (repair, "minor issue", ())


def test_not_affected_and_withdrawn_are_no_findings():
    advisories = MemoryAdvisories()
    advisories.add("Debian:12", "openssl", below("", "CVE-2024-0001", state=FixState.NOT_AFFECTED))
    advisories.add(
        "Debian:12",
        "openssl",
        below("", "CVE-2024-0002"),
        Advisory(id="CVE-2024-0002", source="x", withdrawn=7),
    )
    assert _ids(scan(_inventory(_deb()), advisories, HOW)) == []


def test_aliases_are_one_finding():
    component = InventoryComponent(name="Zope_Thing", version="1.0", kind="python")
    advisories = MemoryAdvisories()
    for name, aliases, fixed in (
        ("GHSA-aaaa-bbbb-cccc", ("CVE-2023-1234",), "1.2"),
        ("PYSEC-2023-9", ("GHSA-aaaa-bbbb-cccc",), "1.1"),
        ("PYSEC-2023-10", (), "1.1"),
    ):
        document = Advisory(id=name, source="x", aliases=aliases)
        advisories.add("PyPI", "zope-thing", below(fixed, name), document)
    one, other = scan(_inventory(component, release=None), advisories, HOW).findings
    assert one.id == "CVE-2023-1234"
    assert one.advisories == ("GHSA-aaaa-bbbb-cccc", "PYSEC-2023-9")
    assert one.aliases == ("GHSA-aaaa-bbbb-cccc", "PYSEC-2023-9")
    assert one.fixed == ("1.1", "1.2")
    assert other.id == "PYSEC-2023-10"


def _rpm(name="openssl-libs", version="1:3.0.7-1.el9"):
    return InventoryComponent(
        name=name, version=version, kind="rpm", source=SourcePackage("openssl", version)
    )


def test_of_several_cves_that_are_one_each_may_be_exploited():
    document = Advisory(id="GHSA-1", source="x", aliases=("CVE-2024-0001", "CVE-2024-0002"))
    advisories = MemoryAdvisories().add("Debian:12", "openssl", below("9", "GHSA-1"), document)
    advisories.tell(VulnerabilityFacts("CVE-2024-0001", likelihood=Likelihood(0.1, 0.2)))
    advisories.tell(
        VulnerabilityFacts(
            "CVE-2024-0002", exploited=Exploited("2024-05-31"), likelihood=Likelihood(0.9, 0.99)
        )
    )
    (one,) = scan(_inventory(_deb()), advisories, HOW).findings
    assert one.exploited == Exploited("2024-05-31")
    assert one.likelihood == Likelihood(0.9, 0.99)


def test_an_errata_is_a_finding_for_each_cve_and_none_when_it_is_about_no_security():
    advisories = MemoryAdvisories()
    for name, related in (
        ("ALSA-2024:1", ("CVE-2024-0001", "CVE-2024-0002")),
        ("ALSA-2024:2", ("CVE-2024-0002",)),
        ("ALSA-2024:3", ()),
        ("ALBA-2024:4", ()),
        ("ALBA-2024:5", ("CVE-2024-0005",)),
    ):
        document = Advisory(id=name, source="x", related=related)
        advisories.add("AlmaLinux:9", "openssl-libs", below("1:3.0.9-1.el9", name), document)
    release = OsRelease(id="almalinux", version_id="9.4")
    found = scan(_inventory(_rpm(), release=release), advisories, HOW)
    assert _ids(found) == ["ALSA-2024:3", "CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0005"]
    assert found.findings[2].advisories == ("ALSA-2024:1", "ALSA-2024:2")


def test_the_distributions_word_on_a_cve_counts_before_an_errata():
    advisories = MemoryAdvisories()
    advisories.add(
        "Debian:12",
        "openssl",
        below("3.0.11-1~deb12u2", "DEBIAN-CVE-2024-0001"),
        Advisory(id="DEBIAN-CVE-2024-0001", source="x", upstream=("CVE-2024-0001",)),
    )
    advisories.add(
        "Debian:12",
        "openssl",
        below("3.0.12-1", "DSA-1-1"),
        Advisory(id="DSA-1-1", source="x", upstream=("CVE-2024-0001", "CVE-2024-0002")),
    )
    assert _ids(scan(_inventory(_deb()), advisories, HOW)) == ["CVE-2024-0002"]


@pytest.mark.parametrize("has_feed", [True, False])
def test_a_part_of_a_package_follows_the_packages_advisories(has_feed):
    owner = _deb(name="python3-requests", version="2.28.1", source="requests")
    part = InventoryComponent(name="requests", version="2.28.1", kind="python")
    advisories = MemoryAdvisories().add("PyPI", "requests", below("2.31.0", "CVE-2023-32681"))
    if has_feed:
        advisories.know("Debian:12")
    relations = (Relation(owner.ref, Link.OWNS, part.ref),)
    found = scan(_inventory(owner, part, relations=relations), advisories, HOW)
    if has_feed:
        assert _ids(found) == []
        assert found.covered == ((part.ref, owner.ref),)
    else:
        (one,) = found.findings
        assert "python3-requests" in one.basis
        assert found.verdict.answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (("/usr/lib/python3/dist-packages/requests/METADATA",), ""),
        (
            (
                "/usr/lib/python3/dist-packages/requests/METADATA",
                "/app/.venv/lib/requests/METADATA",
            ),
            "in no package of the system",
        ),
        (("/opt/agent/lib/requests/METADATA",), "where the distribution has no packages"),
    ],
)
def test_a_copy_that_is_not_the_distributions_is_compared_with_upstream(places, words):
    owner = _deb(name="python3-requests", version="2.28.1", source="requests")
    part = InventoryComponent(
        name="requests", version="2.28.1", kind="python", places=tuple(map(Place, places))
    )
    files = [
        InventoryFile(
            path=path,
            kind=Kind.FILE,
            mode=0o644,
            size=1,
            layer=0,
            owners=(1,) if path.startswith("/app") else (0, 1),
            attribution=Attribution.PACKAGE,
        )
        for path in places
    ]
    advisories = MemoryAdvisories().know("Debian:12")
    advisories.add("PyPI", "requests", below("2.31.0", "CVE-2023-32681"))
    relations = (Relation(owner.ref, Link.OWNS, part.ref),)
    found = scan(_inventory(owner, part, relations=relations, files=files), advisories, HOW)
    assert [words in one.basis for one in found.findings] == [True] * bool(words)
    assert bool(found.covered) is not bool(words)


def test_what_is_linked_into_a_package_is_compared_with_upstream():
    owner = _deb(name="docker.io", version="20.10.24", source="docker.io")
    part = InventoryComponent(name="golang.org/x/net", version="v0.7.0", kind="go")
    advisories = MemoryAdvisories().know("Debian:12")
    advisories.add("Go", "golang.org/x/net", below("0.17.0", "GO-2023-2102"))
    relations = (Relation(owner.ref, Link.OWNS, part.ref),)
    found = scan(_inventory(owner, part, relations=relations), advisories, HOW)
    (one,) = found.findings
    assert "docker.io" in one.basis


@pytest.mark.parametrize(
    ("claimed", "present", "files", "expected"),
    [
        (3, 3, ("/usr/lib/a.so", "/usr/lib/b.so", "/usr/share/doc/x/copyright"), Presence.WHOLE),
        (3, 2, ("/usr/lib/a.so", "/usr/share/doc/x/copyright"), Presence.PART),
        (3, 1, ("/usr/share/doc/x/copyright",), Presence.DOCUMENTS),
        (3, 0, (), Presence.NONE),
        (0, 0, (), Presence.UNTOLD),
    ],
)
def test_how_much_of_it_is_there(claimed, present, files, expected):
    advisories = MemoryAdvisories().add("Debian:12", "openssl", below("", "CVE-2024-0001"))
    inventory = _inventory(
        _deb(claimed=claimed, present=present), files=tuple(_file(path, 0) for path in files)
    )
    (one,) = scan(inventory, advisories, HOW).findings
    assert (one.presence, one.present, one.claimed) == (expected, present, claimed)


def test_a_version_that_cannot_be_ordered_is_told_and_not_skipped():
    component = InventoryComponent(name="x", version="not a version", kind="python")
    advisories = MemoryAdvisories().add("PyPI", "x", below("2", "PYSEC-1"))
    found = scan(_inventory(component, release=None), advisories, HOW)
    assert not found.findings
    assert [one.names for one in found.unassessed] == [("x not a version",)]
    assert found.verdict.answer is Answer.PARTIAL


def test_a_version_that_is_named_is_affected_however_it_is_ordered():
    component = InventoryComponent(name="x", version="not a version", kind="python")
    entry = AffectedPackage(advisory="PYSEC-1", versions=("not a version",))
    found = scan(
        _inventory(component, release=None), MemoryAdvisories().add("PyPI", "x", entry), HOW
    )
    assert _ids(found) == ["PYSEC-1"]


def test_an_advisory_that_cannot_be_ordered_is_undetermined():
    component = InventoryComponent(name="x", version="1.0", kind="python")
    advisories = MemoryAdvisories().add("PyPI", "x", below("what?", "PYSEC-1"))
    (one,) = scan(_inventory(component, release=None), advisories, HOW).findings
    assert one.repair is Repair.UNDETERMINED


@pytest.mark.parametrize(
    ("platforms", "concerned"),
    [
        ((), True),
        (("windows",), False),
        (("linux",), True),
        (("linux", "arm64"), False),
        # As RustSec has them.
        (("x86", "x86_64"), True),
        (("aarch64",), False),
        (("linux", "redox", "solaris"), True),
        (("redox",), False),
    ],
)
def test_platforms(platforms, concerned):
    component = InventoryComponent(name="example.org/x", version="v1.0.0", kind="go")
    entry = below("2.0.0", "GO-1", platforms=platforms)
    found = scan(
        _inventory(component, release=None),
        MemoryAdvisories().add("Go", "example.org/x", entry),
        HOW,
    )
    assert bool(found.findings) is concerned


def test_the_worst_comes_first():
    advisories = MemoryAdvisories()
    for name, severity in (("CVE-2024-0001", Severity.LOW), ("CVE-2024-0002", Severity.CRITICAL)):
        entry = below("", name, rating=Rating(severity))
        advisories.add("Debian:12", "openssl", entry)
    assert _ids(scan(_inventory(_deb()), advisories, HOW)) == ["CVE-2024-0002", "CVE-2024-0001"]


def test_a_program_goes_by_the_name_that_its_feed_has():
    component = InventoryComponent(
        name="node", version="20.1.0", kind="binary", places=(Place("/usr/local/bin/node"),)
    )
    advisories = MemoryAdvisories().add("Bitnami", "node", below("20.3.1", "BIT-node-2023-30581"))
    (one,) = scan(_inventory(component, release=None), advisories, HOW).findings
    assert one.places == ("/usr/local/bin/node",)


def test_a_program_of_which_no_advisory_tells_is_told_of():
    component = InventoryComponent(name="nginx", version="1.27.0", kind="binary")
    other = InventoryComponent(name="busybox", version="1.36.1", kind="binary")
    advisories = MemoryAdvisories().add("Bitnami", "node", below("20.3.1", "BIT-node-1"))
    found = scan(_inventory(component, other, release=None), advisories, HOW)
    assert {one.names for one in found.unassessed} == {("nginx 1.27.0",), ("busybox 1.36.1",)}


def test_a_malicious_package_is_critical():
    component = InventoryComponent(name="x", version="1.0.0", kind="npm")
    advisories = MemoryAdvisories().add("npm", "x", below("", "MAL-2025-1"))
    (one,) = scan(_inventory(component, release=None), advisories, HOW).findings
    assert one.severity is Severity.CRITICAL


@pytest.mark.parametrize(("version", "count"), [("6.1.90+1", 1), ("6.1.94+1", 0)])
def test_a_signed_kernel_is_the_kernel(version, count):
    component = _deb("linux-image-6.1.0-21-amd64", version, "linux-signed-amd64")
    advisories = MemoryAdvisories().add("Debian:12", "linux", below("6.1.94-1", "CVE-2024-0001"))
    assert len(scan(_inventory(component), advisories, HOW).findings) == count


@pytest.mark.parametrize(("plain", "pro"), [("", True), ("3.0.2-2", False)])
def test_a_fix_that_only_those_have_who_pay(plain, pro):
    release = OsRelease(id="ubuntu", version_id="20.04")
    advisories = MemoryAdvisories()
    document = Advisory(id="UBUNTU-CVE-2024-1", source="x", upstream=("CVE-2024-0001",))
    for ecosystem, fixed in (("Ubuntu:20.04:LTS", plain), ("Ubuntu:Pro:20.04:LTS", "3.0.2-3+esm1")):
        entry = below(fixed, "UBUNTU-CVE-2024-1")
        advisories.add(ecosystem, "openssl", entry, document)
    inventory = _inventory(_deb(version="3.0.2-1"), release=release)
    (one,) = scan(inventory, advisories, HOW).findings
    assert ("Ubuntu Pro" in one.note) is pro
    assert one.fixed[-1] == "3.0.2-3+esm1"


@pytest.mark.parametrize(
    ("vendor", "is_told"), [("AlmaLinux", False), ("", False), ("Nodesource", True)]
)
def test_a_package_that_others_built_is_told_as_such(vendor, is_told):
    component = InventoryComponent(
        name="nodejs", version="2:18.20.4-1nodesource", kind="rpm", supplier=vendor
    )
    entry = below("2:18.20.8-1.el9", "ALSA-2025:1")
    document = Advisory(id="ALSA-2025:1", source="x", related=("CVE-2025-0001",))
    advisories = MemoryAdvisories().add("AlmaLinux:9", "nodejs", entry, document)
    inventory = _inventory(component, release=OsRelease(id="almalinux", version_id="9.4"))
    (one,) = scan(inventory, advisories, HOW).findings
    assert bool(one.basis) is is_told
    assert vendor in one.basis or not is_told
