"""A scan and a report of others, finding by finding, and why they differ."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    Event,
    EventKind,
    FixState,
    Rating,
    Severity,
    VulnerabilityFacts,
)
from distil.model.finding import Justification, Standing, Statement
from distil.model.inventory import (
    Answer,
    Attribution,
    Inventory,
    InventoryComponent,
    InventoryFile,
    Link,
    OsRelease,
    Relation,
    SourcePackage,
    Subject,
    Verdict,
)
from distil.model.node import Kind
from distil.model.other_report import (
    Disagreement,
    Held,
    OtherFinding,
    OtherPackage,
    OtherReport,
    Reason,
    Side,
)
from distil.vulns.matching.scan import Matching, scan
from distil.vulns.others.comparing import compared
from tests.vulns.memory import NOW, MemoryAdvisories, below

DAY = 86_400
BOOKWORM = OsRelease(id="debian", version_id="12", codename="bookworm")
SSL = InventoryComponent(
    name="libssl3",
    version="3.0.11-1~deb12u2",
    kind="deb",
    purl="pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
    source=SourcePackage("openssl"),
)
LODASH = InventoryComponent(
    name="lodash", version="4.17.4", kind="npm", purl="pkg:npm/lodash@4.17.4"
)
FLASK = InventoryComponent(
    name="Flask", version="3.0.0", kind="python", purl="pkg:pypi/flask@3.0.0"
)
SYSTEM_FLASK = InventoryComponent(
    name="python3-flask",
    version="2.2.2-3",
    kind="deb",
    purl="pkg:deb/debian/python3-flask@2.2.2-3",
    source=SourcePackage("flask"),
)
R_PACKAGE = InventoryComponent(name="jpeg", version="0.1", kind="r", purl="pkg:cran/jpeg@0.1")


def inventory(*components: InventoryComponent, **more: Any) -> Inventory:
    said: dict[str, Any] = {
        "subject": Subject(name="oci:x", digest="sha256:" + "a1" * 32, platform="linux/amd64"),
        "release": BOOKWORM,
        "components": components,
        "verdict": Verdict(Answer.COMPLETE),
    }
    return Inventory(**(said | more))


def advisories() -> MemoryAdvisories:
    return MemoryAdvisories().know("Debian:12").know("npm").know("PyPI")


def theirs(
    name: str, package: InventoryComponent | OtherPackage = SSL, **more: Any
) -> OtherFinding:
    if isinstance(package, InventoryComponent):
        package = OtherPackage(name=package.name, version=package.version, purl=package.purl)
    return OtherFinding(id=name, package=package, **more)


def report(*findings: OtherFinding, **more: Any) -> OtherReport:
    return OtherReport(tool="Trivy", findings=findings, **more)


def held(
    found: Inventory, known: MemoryAdvisories, other: OtherReport, *statements: Statement
) -> Disagreement:
    told = scan(found, known, Matching(now=NOW))
    if statements:
        findings = (msgspec.structs.replace(one, statements=statements) for one in told.findings)
        told = msgspec.structs.replace(told, findings=tuple(findings))
    return compared(told, found, known, other)


def only(disagreement: Disagreement) -> Held:
    (row,) = disagreement.held
    return row


def openssl(entry: AffectedPackage, **more: Any) -> MemoryAdvisories:
    document = Advisory(
        id=entry.advisory, source="test", **({"upstream": ("CVE-2026-0001",)} | more)
    )
    return advisories().add("Debian:12", "openssl", entry, document)


SETTLED = Statement(
    standing=Standing.NOT_AFFECTED,
    by="vex.json",
    justification=Justification.MITIGATED,
    reason="a filter in front",
)


def test_what_both_count_is_paired_by_any_name_and_by_package():
    known = advisories().add(
        "npm",
        "lodash",
        below("4.17.12", "GHSA-jf85"),
        Advisory(id="GHSA-jf85", source="test", aliases=("CVE-2019-10744",)),
    )
    other = theirs("GHSA-jf85", LODASH, fixed=("4.17.12",))
    row = only(held(inventory(LODASH), known, report(other)))
    assert (row.side, row.id, row.differs) == (Side.BOTH, "CVE-2019-10744", ())
    assert (row.others, len(row.findings)) == ((other,), 1)


def test_the_same_vulnerability_of_two_packages_is_two():
    found = inventory(SSL, msgspec.structs.replace(SSL, name="openssl", purl=""))
    known = openssl(below("3.0.15-1~deb12u1", "DEBIAN-CVE-2026-0001"))
    rows = held(found, known, report(theirs("CVE-2026-0001"))).held
    assert [(one.side, one.name) for one in rows] == [
        (Side.OURS, "openssl"),
        (Side.BOTH, "libssl3"),
    ]


def test_severity_and_fix_that_differ_are_told():
    rated = below(
        "3.0.15-1", "DEBIAN-CVE-2026-0001", rating=Rating(Severity.HIGH, 7.5, by="Debian")
    )
    other = theirs("CVE-2026-0001", severity=Severity.LOW, fixed=("3.0.14-1",))
    row = only(held(inventory(SSL), openssl(rated), report(other)))
    assert row.differs == ("severity", "fix")
    assert row.why == "high by Debian here, low there; fix: 3.0.15-1 here, 3.0.14-1 there"


def not_affected() -> AffectedPackage:
    return AffectedPackage(
        "DEBIAN-CVE-2026-0001", state=FixState.NOT_AFFECTED, note="vulnerable code not built"
    )


def last_affected() -> AffectedPackage:
    events = (Event(EventKind.INTRODUCED, "0"), Event(EventKind.LAST_AFFECTED, "3.0.1-1"))
    return AffectedPackage("DEBIAN-CVE-2026-0001", (events,))


@pytest.mark.parametrize(
    ("known", "reason", "why"),
    [
        (
            openssl(below("3.0.11-1~deb12u1", "DEBIAN-CVE-2026-0001")),
            Reason.HAS_FIX,
            ("fixed in 3.0.11-1~deb12u1, and 3.0.11-1~deb12u2 is installed "
            "(Debian:12, DEBIAN-CVE-2026-0001)"),
        ),
        (
            openssl(below("3.2.1-1", "DEBIAN-CVE-2026-0001", introduced="3.2.0-1")),
            Reason.OLDER,
            ("it begins with 3.2.0-1, and 3.0.11-1~deb12u2 is installed "
            "(Debian:12, DEBIAN-CVE-2026-0001)"),
        ),
        (
            openssl(last_affected()),
            Reason.OUT_OF_RANGE,
            ("3.0.1-1 was the last affected, and 3.0.11-1~deb12u2 is installed "
            "(Debian:12, DEBIAN-CVE-2026-0001)"),
        ),
        (
            openssl(not_affected()),
            Reason.NOT_AFFECTED,
            "Debian:12, DEBIAN-CVE-2026-0001: openssl is not affected: vulnerable code not built",
        ),
        (
            openssl(below("9", "DEBIAN-CVE-2026-0001"), withdrawn=NOW - DAY),
            Reason.WITHDRAWN,
            "DEBIAN-CVE-2026-0001 is withdrawn since 2026-11-27",
        ),
        (
            openssl(below("9", "DEBIAN-CVE-2026-0001", platforms=("windows",))),
            Reason.PLATFORM,
            "Debian:12, DEBIAN-CVE-2026-0001: only on windows",
        ),
        (
            openssl(AffectedPackage("DEBIAN-CVE-2026-0001", versions=("1.0",))),
            Reason.OUT_OF_RANGE,
            ("other versions are affected, and 3.0.11-1~deb12u2 is installed "
            "(Debian:12, DEBIAN-CVE-2026-0001)"),
        ),
        (
            advisories(),
            Reason.NO_ADVISORY,
            "the database has no advisory of that name",
        ),
        (
            advisories().tell(
                VulnerabilityFacts("CVE-2026-0001", ratings=(Rating(Severity.HIGH),))
            ),
            Reason.OTHER_PACKAGE,
            "advisories name it, but none about openssl (Debian:12)",
        ),
        (
            advisories().add(
                "npm",
                "ssl",
                below("2", "CVE-2026-0001"),
                Advisory(id="CVE-2026-0001", source="test", packages=(("npm", "ssl"),)),
            ),
            Reason.OTHER_PACKAGE,
            "it is about ssl (npm), not about openssl (Debian:12)",
        ),
    ],
)  # fmt: skip
def test_why_they_alone_count_it(known, reason, why):
    row = only(held(inventory(SSL), known, report(theirs("CVE-2026-0001"))))
    assert (row.side, row.reason, row.why) == (Side.THEIRS, reason, why)


def test_a_version_that_cannot_be_ordered_is_told():
    known = advisories().add("PyPI", "flask", below("weird one", "PYSEC-1"))
    found = inventory(FLASK)
    # Ours is undetermined, and a finding; what they say of another name has the same trouble.
    rows = held(found, known, report(theirs("PYSEC-1", FLASK))).held
    assert [one.side for one in rows] == [Side.BOTH]


def test_a_report_without_package_urls_is_paired_by_the_name_alone():
    known = openssl(below("3.0.12-1", "DEBIAN-CVE-2026-0001"))
    bare = OtherPackage(name=SSL.name, version=SSL.version, kind="debian")
    row = only(held(inventory(SSL), known, report(theirs("CVE-2026-0001", bare))))
    assert row.side is Side.BOTH
    typed = OtherPackage(name=SSL.name, version=SSL.version, purl=f"pkg:npm/libssl3@{SSL.version}")
    rows = held(inventory(SSL), known, report(theirs("CVE-2026-0001", typed))).held
    assert {one.side for one in rows} == {Side.OURS, Side.THEIRS}


def test_a_package_that_is_not_there():
    ghost = OtherPackage(name="left-pad", version="1.0", purl="pkg:npm/left-pad@1.0")
    other = theirs("CVE-2026-0001", ghost, paths=("app/node_modules/left-pad/package.json",))
    row = only(held(inventory(SSL), advisories(), report(other)))
    assert (row.reason, row.why) == (Reason.NOT_HERE, "nothing in it tells of such a package")
    files = (InventoryFile("/etc/hosts", Kind.FILE, 0o644, 1, 0, Attribution.UNOWNED),)
    row = only(held(inventory(SSL, files=files), advisories(), report(other)))
    assert row.why == "nor is app/node_modules/left-pad/package.json, which they name"
    files = (
        InventoryFile(
            "/app/node_modules/left-pad/package.json",
            Kind.FILE,
            0o644,
            1,
            0,
            Attribution.UNOWNED,
        ),
    )
    row = only(held(inventory(SSL, files=files), advisories(), report(other)))
    assert row.why.endswith("which they name, is there, and tells us of no such package")


def test_a_package_that_a_layer_removes():
    removed = msgspec.structs.replace(SSL, removed_by=2)
    row = only(held(inventory(removed), advisories(), report(theirs("CVE-2026-0001"))))
    assert (row.reason, row.why) == (Reason.REMOVED, "layer 3 removes it")


def test_another_version_of_the_package():
    other = OtherPackage(name="libssl3", version="3.0.9-1", purl="pkg:deb/debian/libssl3@3.0.9-1")
    known = openssl(below("3.0.10-1", "DEBIAN-CVE-2026-0001"))
    row = only(held(inventory(SSL), known, report(theirs("CVE-2026-0001", other))))
    assert row.reason is Reason.OTHER_VERSION
    assert row.why.startswith(
        "they saw 3.0.9-1, and 3.0.11-1~deb12u2 is there; fixed in 3.0.10-1, and"
    )


def test_a_part_of_a_package_of_the_system_follows_its_advisories():
    flask = msgspec.structs.replace(FLASK, version="2.2.2", purl="pkg:pypi/flask@2.2.2")
    found = inventory(
        flask,
        SYSTEM_FLASK,
        relations=(Relation(SYSTEM_FLASK.ref, Link.OWNS, flask.ref),),
    )
    known = advisories().add(
        "Debian:12",
        "flask",
        below("2.2.2-2", "DSA-1"),
        Advisory(id="DSA-1", source="test", upstream=("CVE-2023-30861",)),
    )
    row = only(held(found, known, report(theirs("CVE-2023-30861", flask))))
    assert row.reason is Reason.OWNED
    assert row.why == (
        "it is part of the package python3-flask, whose own advisories count: fixed in 2.2.2-2, "
        "and 2.2.2-3 is installed (Debian:12, DSA-1)"
    )
    row = only(held(found, known, report(theirs("CVE-2026-0009", flask))))
    assert row.why.endswith("whose own advisories count: they do not tell of it")


def test_what_nobody_could_assess_here():
    row = only(held(inventory(R_PACKAGE), advisories(), report(theirs("CVE-2026-0001", R_PACKAGE))))
    assert row.reason is Reason.NOT_ASSESSED
    assert row.why == "R package: the database has no advisories for CRAN"


def test_that_they_compared_a_cpe_is_told():
    row = only(held(inventory(SSL), advisories(), report(theirs("CVE-2026-0001", is_by_cpe=True))))
    assert row.why == "the database has no advisory of that name; they compared a CPE"


def test_what_is_settled_here_is_theirs_alone():
    known = openssl(below("9", "DEBIAN-CVE-2026-0001"))
    row = only(held(inventory(SSL), known, report(theirs("CVE-2026-0001")), SETTLED))
    assert (row.side, row.reason) == (Side.THEIRS, Reason.SETTLED)
    assert row.why == "inline_mitigations_already_exist: a filter in front (vex.json)"


def test_what_they_leave_out_is_ours_alone():
    known = openssl(below("9", "DEBIAN-CVE-2026-0001"))
    other = report(theirs("CVE-2026-0001", left_out="ignored, .trivyignore"))
    row = only(held(inventory(SSL), known, other))
    assert (row.side, row.reason) == (Side.OURS, Reason.LEFT_OUT)
    assert row.why == "ignored, .trivyignore"


def test_what_neither_counts_is_counted_alone():
    known = openssl(below("9", "DEBIAN-CVE-2026-0001"))
    left_out = report(theirs("CVE-2026-0001", left_out="x"), theirs("CVE-2026-0002", left_out="x"))
    found = held(inventory(SSL), known, left_out, SETTLED)
    assert (found.held, found.quiet) == ((), 2)
    assert held(inventory(SSL), known, report(), SETTLED).quiet == 1


SEEN_SSL = OtherPackage(name="libssl3", version=SSL.version, purl=SSL.purl)
OLD_SSL = OtherPackage(name="libssl3", version="3.0.9-1", purl="pkg:deb/debian/libssl3@3.0.9-1")
MANY = tuple(
    theirs(f"CVE-2025-{number}", fixed=("9",), severity=Severity.HIGH) for number in range(10)
)


@pytest.mark.parametrize(
    ("other", "reason", "why"),
    [
        (
            report(),
            Reason.UNTOLD,
            "Debian:12, DEBIAN-CVE-2026-0001: openssl 3.0.11-1~deb12u2, not fixed",
        ),
        (
            report(packages=(OtherPackage(name="bash"),)),
            Reason.UNSEEN,
            "the packages that they list have none of that name",
        ),
        (
            report(packages=(OLD_SSL,)),
            Reason.SEEN_OTHERWISE,
            "they saw 3.0.9-1, not 3.0.11-1~deb12u2",
        ),
        (
            report(packages=(SEEN_SSL,), made=NOW - 9 * DAY),
            Reason.NEWER,
            "published on 2026-11-25; what they know is of 2026-11-19",
        ),
        (
            report(packages=(SEEN_SSL,), made=NOW, database=NOW - 9 * DAY),
            Reason.NEWER,
            "published on 2026-11-25; what they know is of 2026-11-19",
        ),
        (
            report(fixed_only=True),
            Reason.FILTERED,
            "they were asked for what has a fix alone",
        ),
        (
            report(*MANY),
            Reason.FILTERED,
            "of their 10 findings, none is without a fix, as this is",
        ),
        (
            report(*MANY, theirs("CVE-2024-1", severity=Severity.HIGH)),
            Reason.FILTERED,
            "of their 11 findings, none is of severity medium, as this is",
        ),
    ],
)  # fmt: skip
def test_why_distil_alone_counts_it(other, reason, why):
    entry = below("", "DEBIAN-CVE-2026-0001", rating=Rating(Severity.MEDIUM, 5.0))
    known = openssl(entry, published=NOW - 3 * DAY)
    (row,) = held(inventory(SSL), known, other).of(Side.OURS)
    assert (row.reason, row.why) == (reason, why)


def test_what_they_count_once_they_do_not_leave_out():
    entry = below("", "DEBIAN-CVE-2026-0001", rating=Rating(Severity.MEDIUM, 5.0))
    known = openssl(entry)
    known.add(
        "Debian:12",
        "openssl",
        msgspec.structs.replace(entry, advisory="DEBIAN-CVE-2026-0002"),
        Advisory(id="DEBIAN-CVE-2026-0002", source="test", upstream=("CVE-2026-0002",)),
    )
    # They rate it high, and say that it has a fix; yet it is one of those that we mean.
    shared = theirs("CVE-2026-0002", fixed=("9",), severity=Severity.HIGH)
    (row,) = held(inventory(SSL), known, report(*MANY, shared)).of(Side.OURS)
    assert (row.id, row.reason) == ("CVE-2026-0001", Reason.UNTOLD)


def test_what_is_undetermined_is_shown_here_and_left_out_elsewhere():
    known = advisories().add("PyPI", "flask", below("weird one", "PYSEC-1"))
    row = only(held(inventory(FLASK), known, report()))
    assert (row.side, row.reason) == (Side.OURS, Reason.UNDETERMINED)


def test_two_versions_of_a_package_are_paired_each_with_its_own():
    old, new = (
        LODASH,
        msgspec.structs.replace(LODASH, version="4.17.11", purl="pkg:npm/lodash@4.17.11"),
    )
    known = advisories().add("npm", "lodash", below("4.17.12", "GHSA-1"))
    other = report(theirs("GHSA-1", new), theirs("GHSA-1", old))
    rows = held(inventory(old, new), known, other).held
    assert [(one.side, one.version) for one in rows] == [
        (Side.BOTH, "4.17.11"),
        (Side.BOTH, "4.17.4"),
    ]
    assert all(one.others[0].package.version == one.version for one in rows)


def test_a_package_in_two_places_is_one():
    other = report(theirs("GHSA-1", LODASH, paths=("a",)), theirs("GHSA-1", LODASH, paths=("b",)))
    row = only(held(inventory(), advisories(), other))
    assert len(row.others) == 2


def test_two_images_two_systems_two_ages_are_remarked():
    other = report(
        digests=frozenset({"sha256:" + "ff" * 32}), system="debian 11.9", made=NOW - 5 * DAY
    )
    remarks = held(inventory(SSL), advisories(), other).remarks
    assert [one.split(" ")[0] for one in remarks] == ["they", "they", "advisories"]
    assert "another image: sha256:ffff" in remarks[0]
    assert remarks[1] == "they take it for debian 11.9, which is debian 12"
    assert remarks[2] == "advisories here are of 2026-11-28, theirs of 2026-11-23"


@pytest.mark.parametrize(
    ("system", "release"),
    [
        ("debian 12.5", BOOKWORM),
        ("alma 9.4", OsRelease(id="almalinux", version_id="9.4")),
        ("redhat 9", OsRelease(id="rhel", version_id="9.4")),
        ("wolfi 20230201", OsRelease(id="wolfi")),
        ("", BOOKWORM),
    ],
)
def test_systems_are_the_same_whatever_they_are_called(system, release):
    other = report(system=system, digests=frozenset({"sha256:" + "a1" * 32}), made=NOW)
    assert held(inventory(release=release), advisories(), other).remarks == ()
