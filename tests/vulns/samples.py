"""Scans as values: a Debian image with everything that can be said of a finding, and others."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from distil.model.advisory import (
    DatabaseStatus,
    Exploited,
    FeedStatus,
    Likelihood,
    Rating,
    Severity,
)
from distil.model.finding import (
    Evidence,
    Finding,
    Justification,
    Presence,
    Repair,
    Scan,
    Standing,
    Statement,
    Unassessed,
    Upgrade,
)
from distil.model.inventory import Answer, OsRelease, Subject, Verdict

NOW = 1_795_867_200
"""2026-11-28, 12:00 UTC."""
DAY = 86_400

DATABASE = DatabaseStatus(
    path="/home/me/.cache/distil/advisories.db",
    size=104_000_000,
    digest="sha256:" + "5c" * 32,
    built=NOW - 2 * DAY,
    feeds=(
        FeedStatus(
            name="Debian",
            url="https://feeds.example/Debian/all.zip",
            fetched=NOW - 2 * DAY,
            newest=NOW - 3 * DAY,
            documents=41_230,
        ),
        FeedStatus(name="KEV", fetched=NOW - 2 * DAY, newest=NOW - 9 * DAY, documents=1_662),
    ),
    ecosystems=(("Debian:12", 3_120), ("PyPI", 2_204)),
)

RELEASE = OsRelease(
    id="debian", version_id="12", pretty_name="Debian GNU/Linux 12 (bookworm)", codename="bookworm"
)

IMAGE = Subject(
    name="oci:out/shop:1.4",
    digest="sha256:" + "a1" * 32,
    config_digest="sha256:" + "b2" * 32,
    platform="linux/amd64",
    size=28_400_000,
)


def _ref(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def finding(id: str, name: str, **more: Any) -> Finding:  # noqa: A002 - as the field is called
    """A finding of the Debian package `name`, of which all files are there."""
    said: dict[str, Any] = {
        "component": _ref(name),
        "kind": "deb",
        "installed": "3.0.11-1~deb12u2",
        "purl": f"pkg:deb/debian/{name}@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
        "package": "openssl",
        "ecosystem": "Debian:12",
        "advisories": (f"DEBIAN-{id}",),
        "presence": Presence.WHOLE,
        "present": 4,
        "claimed": 4,
        "layer": 0,
        "places": (f"/var/lib/dpkg/status.d/{name}",),
    }
    return Finding(**({"id": id, "name": name} | said | more))


def rated(score: float, severity: Severity) -> dict[str, Any]:
    """The fields of a finding that say how bad it is."""
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    return {"severity": severity, "rating": Rating(severity, score, vector, "PyPI")}


_OPENSSL = {
    "repair": Repair.FIXED,
    "fixed": ("3.0.15-1~deb12u1",),
    "summary": "Possible use-after-free when X.509 certificates are compared",
    "references": ("https://www.example.org/news/secadv/20240903.txt",),
    "is_base": True,
    "published": NOW - 90 * DAY,
}

FINDINGS = (
    finding(
        "CVE-2024-5535",
        "libssl3",
        **rated(9.1, Severity.CRITICAL),
        **_OPENSSL,
        exploited=Exploited("2026-11-01", "2026-11-22", ransomware=True, name="OpenSSL overread"),
        likelihood=Likelihood(0.9412, 0.9987),
        reached="/usr/bin/python3.11 → /usr/lib/x86_64-linux-gnu/libssl.so.3",
        aliases=("GHSA-aaaa-bbbb-cccc",),
    ),
    finding(
        "CVE-2024-5535",
        "openssl",
        **rated(9.1, Severity.CRITICAL),
        **_OPENSSL,
        exploited=Exploited("2026-11-01", "2026-11-22", ransomware=True, name="OpenSSL overread"),
        likelihood=Likelihood(0.9412, 0.9987),
        presence=Presence.PART,
        present=3,
        claimed=61,
    ),
    finding(
        "CVE-2024-6119",
        "libssl3",
        **rated(7.5, Severity.HIGH),
        **_OPENSSL,
        likelihood=Likelihood(0.0043, 0.61),
    ),
    finding(
        "CVE-2026-0001",
        "flask",
        kind="python",
        installed="3.0.0",
        purl="pkg:pypi/flask@3.0.0",
        package="flask",
        ecosystem="PyPI",
        **rated(7.5, Severity.HIGH),
        repair=Repair.FIXED,
        fixed=("3.0.4", "3.1.1"),
        likelihood=Likelihood(0.0121, 0.78),
        advisories=("PYSEC-2026-1", "GHSA-1111-2222-3333"),
        aliases=("PYSEC-2026-1", "GHSA-1111-2222-3333"),
        summary="Session cookies are accepted after they were signed with an old key",
        present=24,
        claimed=31,
        presence=Presence.PART,
        layer=2,
        places=("/app/lib/flask-3.0.0.dist-info/METADATA",),
    ),
    finding(
        "CVE-2023-4039",
        "libgcc-s1",
        installed="12.2.0-14",
        purl="pkg:deb/debian/libgcc-s1@12.2.0-14?arch=amd64&distro=debian-12",
        package="gcc-12",
        **rated(4.8, Severity.MEDIUM),
        repair=Repair.IGNORED,
        note="Minor issue; only on arm64",
        is_base=True,
    ),
    finding(
        "CVE-2019-1010022",
        "libc6",
        installed="2.36-9+deb12u4",
        purl="pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12",
        package="glibc",
        severity=Severity.NEGLIGIBLE,
        repair=Repair.NONE,
        is_base=True,
    ),
    finding(
        "CVE-2011-3374",
        "apt",
        installed="2.6.1",
        purl="pkg:deb/debian/apt@2.6.1?arch=amd64&distro=debian-12",
        package="apt",
        severity=Severity.LOW,
        presence=Presence.NONE,
        present=0,
        claimed=140,
        statements=(
            Statement(
                standing=Standing.NOT_AFFECTED,
                by="distil",
                justification=Justification.COMPONENT_NOT_PRESENT,
                reason="none of the 140 files of apt is in the image",
                evidence=Evidence(
                    rule="no-file",
                    detail="none of the 140 files of apt is in the image",
                    absent=("/usr/bin/apt-get", "/usr/lib/x86_64-linux-gnu/libapt-pkg.so.6.0"),
                ),
            ),
        ),
    ),
    finding(
        "CVE-2024-0000",
        "zlib1g",
        installed="1:1.2.13.dfsg-1",
        purl="pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12",
        package="zlib",
        **rated(9.8, Severity.CRITICAL),
        repair=Repair.IGNORED,
        note="MiniZip is not built",
        statements=(
            Statement(
                standing=Standing.ACCEPTED,
                by="ignore.toml",
                reason="we do not use MiniZip",
                until="2027-01-31",
            ),
        ),
    ),
)

UPGRADES = (
    Upgrade(
        kind="deb",
        ecosystem="Debian:12",
        package="openssl",
        names=("libssl3", "openssl"),
        components=(_ref("libssl3"), _ref("openssl")),
        installed="3.0.11-1~deb12u2",
        target="3.0.15-1~deb12u1",
        step="update",
        fixes=("CVE-2024-5535", "CVE-2024-6119"),
        is_base=True,
    ),
    Upgrade(
        kind="python",
        ecosystem="PyPI",
        package="flask",
        names=("flask",),
        components=(_ref("flask"),),
        installed="3.0.0",
        target="3.0.4",
        step="patch",
        fixes=("CVE-2026-0001",),
    ),
)

FULL = Scan(
    subject=IMAGE,
    release=RELEASE,
    components=31,
    findings=FINDINGS,
    unassessed=(
        Unassessed(
            why="no feed tells of programs that no package owns",
            components=("0123456789abcdef", "0123456789abcdee"),
            names=("myd 1.4", "tini 0.19.0"),
        ),
    ),
    covered=(("00000000000000aa", "00000000000000bb"),),
    upgrades=UPGRADES,
    verdict=Verdict(Answer.PARTIAL, ("2 programs are in no feed: myd 1.4, tini 0.19.0",)),
    database=DATABASE,
    now=NOW,
)
"""An image with findings of each kind."""

CLEAN = msgspec.structs.replace(
    FULL, findings=(), unassessed=(), upgrades=(), verdict=Verdict(Answer.COMPLETE)
)
"""An image of which all was assessed, and nothing found."""

UNKNOWN = msgspec.structs.replace(
    CLEAN,
    release=None,
    components=1,
    verdict=Verdict(Answer.UNKNOWN, ("no os-release says which distribution it is",)),
)
"""An image about which nothing can be told: no finding, and that is no good news."""

HOSTILE = msgspec.structs.replace(
    CLEAN,
    subject=Subject(name="oci:x\x1b[31m]]><&\u202e", platform="linux/amd64"),
    findings=(
        finding(
            "CVE-2026-1|<b>",
            "a|b`<script>\x00",
            installed="1\n2",
            package="a|b",
            severity=Severity.HIGH,
            rating=Rating(Severity.HIGH),
            summary="[x](javascript:alert(1)) @everyone \udc80 ]]> --> | \x07",
            references=("javascript:alert(1)", "https://e.example/a b|c)"),
            places=("/x\udcff/../y z",),
        ),
    ),
)
"""Every text of it says more than it should."""
