"""Images of the distributions that there are: vulnerabilities are found, or it is said that and why
nothing is known. None of them comes to nothing in silence.

Each image has the os-release of the distribution and one package, as its package manager keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from distil.catalog.formats import rpm_header as tags
from distil.cli import main
from distil.model.finding import Scan
from distil.model.inventory import Answer
from tests.support.rpm_databases import header, sqlite_database
from tests.vulns.database.feeds import build, osv, write_archive
from tests.vulns.memory import NOW
from tests.vulns.scanned import image_of, scanned

SOURCE, BINARY = "openssl", "libssl"
CVE = "CVE-2026-1001"
UNOWNED = "1 other file is owned by no package"
"""os-release: only package managers are in these images."""


class Distribution(NamedTuple):
    """What an image of it says of itself, and by which name its advisories go.

    `ecosystem` is empty where nobody publishes any; `package` is what they are about. `ended`:
    its support has.
    """

    release: str
    kind: str
    ecosystem: str
    package: str = SOURCE
    ended: bool = False


LEAP = "ID=opensuse-leap\nVERSION_ID=15.6"
RHEL = "Red Hat:enterprise_linux"
SLES = "SUSE:Linux Enterprise Server"

DISTRIBUTIONS = {
    "Debian 10": Distribution("ID=debian\nVERSION_ID=10", "deb", "Debian:10", ended=True),
    "Debian 11": Distribution("ID=debian\nVERSION_ID=11", "deb", "Debian:11", ended=True),
    "Debian 12": Distribution("ID=debian\nVERSION_ID=12", "deb", "Debian:12"),
    "Debian 13": Distribution("ID=debian\nVERSION_ID=13", "deb", "Debian:13"),
    "Debian testing": Distribution("ID=debian\nVERSION_CODENAME=forky", "deb", "Debian:14"),
    "distroless": Distribution("ID=debian\nVERSION_ID=12", "status.d", "Debian:12"),
    "Ubuntu 20.04": Distribution("ID=ubuntu\nVERSION_ID=20.04", "deb", "Ubuntu:20.04:LTS"),
    "Ubuntu 22.04": Distribution("ID=ubuntu\nVERSION_ID=22.04", "deb", "Ubuntu:22.04:LTS"),
    "Ubuntu 24.04": Distribution("ID=ubuntu\nVERSION_ID=24.04", "deb", "Ubuntu:24.04:LTS"),
    "Ubuntu 26.04": Distribution("ID=ubuntu\nVERSION_ID=26.04", "deb", "Ubuntu:26.04:LTS"),
    "Raspbian 12": Distribution("ID=raspbian\nID_LIKE=debian\nVERSION_ID=12", "deb", ""),
    "Kali": Distribution("ID=kali\nID_LIKE=debian\nVERSION_ID=2026.1", "deb", ""),
    "Linux Mint 22": Distribution("ID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID=22", "deb", ""),
    "Devuan 5": Distribution("ID=devuan\nID_LIKE=debian\nVERSION_ID=5", "deb", ""),
    "Alpine 3.18": Distribution("ID=alpine\nVERSION_ID=3.18.9", "apk", "Alpine:v3.18", ended=True),
    "Alpine 3.22": Distribution("ID=alpine\nVERSION_ID=3.22.1", "apk", "Alpine:v3.22"),
    "Alpine 3.23": Distribution("ID=alpine\nVERSION_ID=3.23.0", "apk", "Alpine:v3.23"),
    "Alpine edge": Distribution("ID=alpine\nVERSION_ID=3.24_alpha20260606", "apk", ""),
    "postmarketOS": Distribution("ID=postmarketos\nID_LIKE=alpine\nVERSION_ID=v25.06", "apk", ""),
    "Wolfi": Distribution("ID=wolfi\nVERSION_ID=20230201", "apk", "Wolfi"),
    "Chainguard": Distribution("ID=chainguard\nVERSION_ID=20230214", "apk", "Chainguard"),
    "MinimOS": Distribution("ID=minimos\nVERSION_ID=20241031", "apk", "MinimOS"),
    "OpenWrt 25": Distribution("ID=openwrt\nVERSION_ID=25.12.0", "apk", ""),
    "AlmaLinux 8": Distribution("ID=almalinux\nVERSION_ID=8.10", "rpm", "AlmaLinux:8", BINARY),
    "AlmaLinux 9": Distribution("ID=almalinux\nVERSION_ID=9.6", "rpm", "AlmaLinux:9", BINARY),
    "AlmaLinux 10": Distribution("ID=almalinux\nVERSION_ID=10.0", "rpm", "AlmaLinux:10", BINARY),
    "Rocky Linux 9": Distribution("ID=rocky\nVERSION_ID=9.6", "rpm", "Rocky Linux:9", BINARY),
    "RHEL 9": Distribution("ID=rhel\nVERSION_ID=9.6", "rpm", f"{RHEL}:9::baseos", BINARY),
    "CentOS 7": Distribution("ID=centos\nVERSION_ID=7", "rpm", ""),
    "CentOS Stream 9": Distribution("ID=centos\nVERSION_ID=9", "rpm", ""),
    "Oracle Linux 9": Distribution("ID=ol\nVERSION_ID=9.6", "rpm", ""),
    "Fedora 42": Distribution("ID=fedora\nVERSION_ID=42", "rpm", ""),
    "Amazon Linux 2": Distribution("ID=amzn\nVERSION_ID=2", "rpm", ""),
    "Amazon Linux 2023": Distribution("ID=amzn\nVERSION_ID=2023", "rpm", ""),
    "openSUSE Leap": Distribution(LEAP, "rpm", "openSUSE:Leap 15.6", ended=True),
    "openSUSE Tumbleweed": Distribution("ID=opensuse-tumbleweed", "rpm", "openSUSE:Tumbleweed"),
    "SLES 15 SP6": Distribution("ID=sles\nVERSION_ID=15.6", "rpm", f"{SLES} 15 SP6"),
    "Photon 5": Distribution("ID=photon\nVERSION_ID=5.0", "rpm", "Photon OS:5.0"),
    "Azure Linux 3": Distribution("ID=azurelinux\nVERSION_ID=3.0", "rpm", "Azure Linux:3"),
    "Mariner 2": Distribution("ID=mariner\nVERSION_ID=2.0", "rpm", "Azure Linux:2", ended=True),
    "Mageia 9": Distribution("ID=mageia\nVERSION_ID=9", "rpm", "Mageia:9"),
    "openEuler 24.03": Distribution("ID=openEuler\nVERSION_ID=24.03", "rpm", "openEuler:24.03-LTS"),
    "Arch": Distribution("ID=arch\nBUILD_ID=rolling", "alpm", ""),
    "no release": Distribution("", "deb", ""),
}  # fmt: skip

INSTALLED = dict.fromkeys(("deb", "status.d", "rpm", "alpm"), "3.0.1-1") | {"apk": "3.0.1-r0"}
FIXED = {kind: version.replace("3.0.1", "3.0.2") for kind, version in INSTALLED.items()}


def _deb() -> bytes:
    return (
        f"Package: {BINARY}\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Source: {SOURCE}\nVersion: {INSTALLED['deb']}\n"
        "Maintainer: A <a@example.org>\nDescription: one\n"
    ).encode()


def _package(kind: str) -> tuple[str, bytes]:
    """Where the package manager keeps what it knows, and what."""
    if kind == "deb":
        return "/var/lib/dpkg/status", _deb()
    if kind == "status.d":
        return f"/var/lib/dpkg/status.d/{BINARY}", _deb()
    if kind == "apk":
        named = f"P:{BINARY}\nV:{INSTALLED['apk']}\nA:x86_64\no:{SOURCE}\n\n"
        return "/lib/apk/db/installed", f"C:Q1Fg+4SSmeSjCB5d8pHKX3DSBZ0TM=\n{named}".encode()
    if kind == "alpm":
        version = INSTALLED["alpm"]
        text = f"%NAME%\n{BINARY}\n\n%VERSION%\n{version}\n\n%BASE%\n{SOURCE}\n\n"
        return f"/var/lib/pacman/local/{BINARY}-{version}/desc", text.encode()
    version, _, revision = INSTALLED["rpm"].partition("-")
    values = {
        tags.NAME: BINARY,
        tags.VERSION: version,
        tags.RELEASE: revision,
        tags.ARCH: "x86_64",
        tags.SOURCE_RPM: f"{SOURCE}-{INSTALLED['rpm']}.src.rpm",
    }
    return "/var/lib/rpm/rpmdb.sqlite", sqlite_database([header(values)])


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """One with an advisory of each distribution, and one with none of any."""
    place = tmp_path_factory.mktemp("feeds")
    by_directory: dict[str, list] = {}
    for number, one in enumerate(DISTRIBUTIONS.values(), 1000):
        if one.ecosystem:
            fixed = {"fixed": FIXED[one.kind]}
            document = osv(
                f"TEST-2026-{number}",
                one.ecosystem,
                one.package,
                {"introduced": "0"},
                fixed,
                upstream=[CVE],
                modified="2026-11-20T00:00:00Z",
            )
            by_directory.setdefault(one.ecosystem.partition(":")[0], []).append(document)
    for directory, documents in by_directory.items():
        write_archive(place / "all", directory, documents)
    write_archive(place / "other", "npm", [osv("TEST-1", "npm", "left-pad")])
    for name in ("all", "other"):
        build(place / f"{name}.db", place / name, NOW)
    return {name: place / f"{name}.db" for name in ("all", "other")}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    made = {}
    for name, one in DISTRIBUTIONS.items():
        path, content = _package(one.kind)
        files = {path: content}
        if one.release:
            files["/etc/os-release"] = f"{one.release}\n".encode()
        made[name] = image_of(files, tmp_path_factory.mktemp("image"))
    return made


@pytest.mark.xdist_group("distributions")
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_result_or_why_there_is_none(
    name: str, databases: Mapping[str, Path], images: Mapping[str, str]
) -> None:
    """With advisories of everybody."""
    one = DISTRIBUTIONS[name]
    found = scanned(images[name], databases["all"])
    if not one.ecosystem:
        assert_unknown(found)
        return
    (finding,) = found.findings
    assert (finding.id, finding.ecosystem, finding.package) == (CVE, one.ecosystem, one.package)
    assert (finding.installed, finding.fixed) == (INSTALLED[one.kind], (FIXED[one.kind],))
    reasons = [why for why in found.verdict.reasons if why != UNOWNED]
    assert len(reasons) == one.ended, reasons
    assert all("no support since" in why for why in reasons)
    assert found.verdict.answer is not Answer.UNKNOWN


@pytest.mark.xdist_group("distributions")
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_without_its_advisories_nothing_is_known(
    name: str, databases: Mapping[str, Path], images: Mapping[str, str]
) -> None:
    found = scanned(images[name], databases["other"])
    assert_unknown(found)
    if ecosystem := DISTRIBUTIONS[name].ecosystem:
        assert f"no advisories for {ecosystem}," in " ".join(found.verdict.reasons)


def assert_unknown(found: Scan) -> None:
    """It is said that nothing is known, and which components that is about."""
    assert found.findings == ()
    assert found.verdict.answer is Answer.UNKNOWN
    assert found.verdict.reasons[0].startswith(
        ("there are no advisories here about", "the image does not say which release")
    )
    (name,) = (name for each in found.unassessed for name in each.names)
    assert name.startswith(f"{BINARY} 3.0.1-")


def test_exit_codes(
    databases: Mapping[str, Path], images: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(name: str, *options: str) -> int:
        command = ("scan", images[name], "--db", str(databases["all"]), "--now", "2026-11-28")
        with pytest.raises(SystemExit) as end:
            main([*command, *options])
        return int(end.value.code or 0)

    assert ended("Debian 12") == 1
    assert ended("Arch") == 3
    assert "verdict   UNKNOWN: there are no advisories here" in capsys.readouterr().out
    assert ended("no release") == 3
    assert ended("no release", "--exit-zero") == 0


def test_there_are_enough() -> None:
    assert len(DISTRIBUTIONS) >= 40
    assert sum(1 for one in DISTRIBUTIONS.values() if one.ecosystem) >= 25
