"""Debian's packages have the vulnerabilities that the advisories say, computed once more from them.

Here the advisories are read as they are written, and versions are compared by dpkg's own library:
nothing of distil's way from the dump to a finding has a part in it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.dump import documents, dump, in_dpkgs_order
from tests.vulns.database.feeds import build
from tests.vulns.scanned import image_of, scanned

RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie"}

Fixed = Mapping[str, Mapping[str, str]]
"""By source package, the version that each CVE is fixed in."""


class Told(NamedTuple):
    """The advisories about Debian: their database, and what they say of each release."""

    database: Path
    fixed: Mapping[str, Fixed]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    place = tmp_path_factory.mktemp("debian")
    (place / "feeds").mkdir()
    (place / "feeds/Debian").symlink_to(dump() / "Debian")
    build(place / "advisories.db", place / "feeds")
    fixed: dict[str, dict[str, dict[str, str]]] = {
        release: defaultdict(dict) for release in RELEASES
    }
    for document in documents(place / "feeds", "Debian"):
        assert "withdrawn" not in document
        (cve,) = document["upstream"]
        for affected in document["affected"]:
            (events,) = (one["events"] for one in affected["ranges"])
            introduced, end = events
            assert introduced == {"introduced": "0"}
            release = affected["package"]["ecosystem"].removeprefix("Debian:")
            fixed[release][affected["package"]["name"]][cve] = end["fixed"]
    return Told(place / "advisories.db", fixed)


def versions(fixed: Fixed, seed: str) -> dict[str, str]:
    """A version of each source package, most of them one with which something was fixed."""
    chosen = random.Random(seed)
    installed = {}
    for source, cves in sorted(fixed.items()):
        there = chosen.choice(sorted(cves.values()))
        installed[source] = chosen.choice((there, there, there, f"{there}~1", f"{there}+b1", "0~"))
    return installed


def status(installed: Mapping[str, str]) -> bytes:
    """dpkg's, with binary packages of all kinds: named as their source is, or versioned apart."""
    stanzas = []
    for number, (source, version) in enumerate(installed.items()):
        named = ("", f"Source: {source}\n", f"Source: {source} ({version})\n")[number % 3]
        name = source if number % 3 == 0 else f"{source}-tools"
        own = "9:2026.1-1+b3" if number % 3 == 2 else version
        stanzas.append(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
            f"{named}Version: {own}\nMaintainer: Somebody <a@example.org>\nDescription: one\n"
        )
    return "\n".join(stanzas).encode()


def affected(installed: Mapping[str, str], fixed: Fixed) -> set[tuple[str, str, str]]:
    """Source package, CVE, and where it is fixed: of all that are fixed later than `installed`."""
    asked = [
        (source, cve, end)
        for source, version in installed.items()
        for cve, end in fixed.get(source, {}).items()
    ]
    order = in_dpkgs_order((installed[source], end) for source, _, end in asked)
    return {one for one in asked if order[installed[one[0]], one[2]] < 0}


@pytest.mark.xdist_group("dump")
@pytest.mark.parametrize("release", RELEASES)
def test_the_same_vulnerabilities(release: str, told: Told, tmp_path: Path) -> None:
    fixed = told.fixed[release]
    installed = versions(fixed, release)
    files = {
        "/etc/os-release": f'ID=debian\nVERSION_ID="{release}"\n'.encode(),
        "/var/lib/dpkg/status": status(installed),
    }
    found = scanned(image_of(files, tmp_path), told.database)
    ours = {(one.package, one.id, one.fixed[0]) for one in found.findings}
    theirs = affected(installed, fixed)
    assert ours == theirs
    assert len(found.findings) == len(theirs)
    # Many, and many that are not.
    assert 0.1 < len(theirs) / sum(map(len, fixed.values())) < 0.9
    assert len(installed) > 200
