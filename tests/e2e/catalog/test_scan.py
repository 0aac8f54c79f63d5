"""Images of real software: the vulnerabilities of Debian's packages are those that the advisories
say, no finding hides that nothing of its package is there, and no image comes to a silent nothing.

What is in an image is read from it as other people's tools unpack it, and the advisories are read
as they are written: nothing of distil's has a part in what is expected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.model.finding import Presence, Scan
from distil.model.inventory import Answer
from distil.report.scan import Telling, render
from tests.e2e.catalog.images import RealImage
from tests.e2e.catalog.making import MadeImage, each_image, make
from tests.support.dump import documents, dump, in_dpkgs_order
from tests.support.tools import missing, run_tool
from tests.vulns.database.feeds import build
from tests.vulns.scanned import scanned

pytestmark = [pytest.mark.engine, pytest.mark.network]

DOCUMENTS = re.compile(
    r"/usr/share/(?:doc|man|info|locale|lintian|bug|doc-base|menu|applications)/.*"
)
CODENAMES = {"bullseye": "11", "bookworm": "12", "trixie": "13"}


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All advisories that this machine has."""
    place = tmp_path_factory.mktemp("database") / "advisories.db"
    build(place, dump())
    return place


@each_image
def test_what_is_found_is_so(
    image: RealImage, corpus: Path, database: Path, tmp_path: Path
) -> None:
    made = make(image, corpus)
    found = scanned(made.for_distil, database)
    assert (found.verdict.answer is Answer.COMPLETE) == (not found.verdict.reasons)
    if not found.findings:
        assert found.components or found.verdict.answer is Answer.UNKNOWN
    root = unpacked(made, tmp_path)
    assert_presence_is_told(found, root)
    if release := CODENAMES.get(image.suite, ""):
        ours = {(one.package, one.id) for one in found.findings if one.kind == "deb"}
        assert ours == expected(root, release)


def unpacked(made: MadeImage, directory: Path) -> Path:
    """The files of the image, as umoci lays them out."""
    if os.geteuid() != 0:
        missing("owners and devices need root")
    layout = f"oci:{directory / 'layout'}:1"
    run_tool("skopeo", "copy", "--quiet", made.for_distil, layout)
    where = directory / "root"
    run_tool("umoci", "raw", "unpack", "--image", layout.removeprefix("oci:"), where, timeout=300)
    return where


def installed(root: Path) -> Iterator[dict[str, str]]:
    """The fields of each package that dpkg has installed."""
    status = root / "var/lib/dpkg/status"
    for stanza in status.read_text(errors="replace").split("\n\n") if status.exists() else ():
        fields = dict(re.findall(r"(?m)^([\w-]+): (.*)$", stanza))
        if fields.get("Status", "").split(" ")[-1:] == ["installed"]:
            yield fields


def expected(root: Path, release: str) -> set[tuple[str, str]]:
    """Source package and CVE, of all that are fixed in a later version than is there."""
    sources = set()
    for fields in installed(root):
        source, _, version = fields.get("Source", fields["Package"]).partition(" ")
        sources.add((source, version.strip("()") or fields["Version"]))
    told = []
    for document in documents(dump(), "Debian"):
        (cve,) = document["upstream"]
        for affected in document["affected"]:
            package = affected["package"]
            if package["ecosystem"] == f"Debian:{release}":
                fixed = affected["ranges"][0]["events"][-1]["fixed"]
                told += [(name, v, cve, fixed) for name, v in sources if name == package["name"]]
    order = in_dpkgs_order((version, fixed) for _, version, _, fixed in told)
    return {(name, cve) for name, version, cve, fixed in told if order[version, fixed] < 0}


def assert_presence_is_told(found: Scan, root: Path) -> None:
    """A package of which nothing, or only documents, are there is not reported as if it were."""
    printed = render((found,), "text", Telling(verbose=True))
    lists = {place.name: place for place in (root / "var/lib/dpkg/info").glob("*.list")}
    for one in found.findings:
        names = (f"{one.name}.list", f"{one.name}:amd64.list", f"{one.name}:i386.list")
        place = next((lists[name] for name in names if name in lists), None)
        if one.kind != "deb" or place is None:
            continue
        paths = [path for path in place.read_text().split("\n") if path not in ("", "/.")]
        there = [path for path in paths if is_file(root, path) and not DOCUMENTS.fullmatch(path)]
        if there:
            assert one.presence in (Presence.WHOLE, Presence.PART), (one.name, there[:3])
        else:
            assert one.presence in (Presence.DOCUMENTS, Presence.NONE), one.name
            assert one.id in printed


def is_file(root: Path, path: str) -> bool:
    """Whether the image has it, and it is no directory; links lead nowhere out of the image."""
    place = root / path[1:]
    return place.is_symlink() or (os.path.lexists(place) and not place.is_dir())
