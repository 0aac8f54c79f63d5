"""`distil recommend IMAGE`: from an image and a database to what is said.

No mirror is asked: what cannot be made here is an outcome like others. `tests/e2e` makes bases.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.fetch.cache import Cache
from distil.vulns.errors import NoDatabase
from tests.pipeline.test_sbom import image_of, put
from tests.support.nodes import file
from tests.vulns.database.feeds import NOW, build, osv, write_archive

OS = (
    b'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
    b'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
)
STATUS = (
    b"Package: nginx-light\nStatus: install ok installed\nVersion: 1.26.3-3\nSource: nginx\n"
    b"Architecture: amd64\nMaintainer: People <people@example.org>\n\n"
)
SITE = "/srv/site-packages/jinja2-3.1.2.dist-info"
SYSTEM = [
    file("/etc/os-release", OS),
    file("/var/lib/dpkg/status", STATUS),
    file("/var/lib/dpkg/info/nginx-light.md5sums", b"0123456789abcdef0123456789abcdef  usr/x\n"),
    file("/usr/x", b"x" * 5000, mode=0o755),
]
OWN = [
    file(f"{SITE}/METADATA", b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n"),
    file(f"{SITE}/RECORD", b""),
]


@pytest.fixture
def database(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vulnerability of nginx, one of Jinja2 with a fix, and one that this fix brings."""
    place, path = tmp_path / "feeds", tmp_path / "advisories.db"
    nginx = osv("DEBIAN-CVE-2025-1", "Debian:13", "nginx", upstream=["CVE-2025-1"])
    write_archive(place, "Debian", [nginx])
    fixed, brought = (
        ({"introduced": "0"}, {"fixed": "3.1.5"}),
        ({"introduced": "3.1.5"}, {"fixed": "3.1.6"}),
    )
    write_archive(
        place,
        "PyPI",
        [osv("PYSEC-1", "PyPI", "jinja2", *fixed), osv("PYSEC-2", "PyPI", "jinja2", *brought)],
    )
    build(path, place)
    monkeypatch.setenv("DISTIL_DB", str(path))
    return path


@pytest.fixture
def image(cache: Cache, tmp_path: Path) -> str:
    return put(image_of(cache, SYSTEM, OWN), tmp_path / "layout")


def advice(image: str, *bases: str):
    request = pipeline.RecommendImageRequest(image=image, bases=bases, now=NOW, offline=True)
    return pipeline.recommend_image(request)


def test_runtime_and_parts(image: str, database: Path) -> None:
    found = advice(image)
    assert (found.runtime.name, found.runtime.version) == ("nginx", "1.26.3")
    assert (found.counts.total, found.counts.fixable, found.is_ours) == (2, 1, False)
    assert (found.parts.system.counts.total, found.parts.own.counts.total) == (1, 1)
    assert (found.parts.system.components, found.parts.own.components) == (1, 1)
    assert found.ends == "2030-06-30"


def test_the_upgrade_is_to_a_version_that_brings_nothing(image: str, database: Path) -> None:
    (one,) = advice(image).upgrades
    assert (one.upgrade.package, one.upgrade.target) == ("jinja2", "3.1.6")
    assert (one.upgrade.fixes, one.upgrade.brings) == (("PYSEC-1",), ())
    assert [line.text for line in one.lines] == ["jinja2>=3.1.6"]


def test_what_cannot_be_asked_is_told(image: str, database: Path) -> None:
    found = advice(image)
    assert found.rebuilt is None
    assert found.remarks[0].startswith("what debian:trixie has today is not known: ")
    assert all(one.error for one in found.bases)
    assert {one.candidate.base for one in found.bases} >= {"debian:bookworm", "debian:trixie"}
    assert (found.best, found.newer) == (None, None)


def test_an_image_as_a_base(image: str, database: Path, cache: Cache, tmp_path: Path) -> None:
    newer = [
        file("/var/lib/dpkg/status", STATUS.replace(b"1.26.3-3", b"1.26.9-1"))
        if node.path == "/var/lib/dpkg/status"
        else node
        for node in SYSTEM
    ]
    base = put(image_of(cache, [*newer[:2], file("/usr/x", b"")]), tmp_path / "base")
    found = advice(image, base, f"oci:{tmp_path}/nowhere:x")
    first, second, *_ = found.bases
    assert (first.candidate.image, first.runtime.version, first.counts.total) == (base, "1.26.9", 1)
    assert second.error
    assert found.best is first
    assert found.best.candidate.steps("x")[0].text == f"FROM {base}"


def test_what_is_said(
    image: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["recommend", image, "--offline", "--now", "2026-11-28"]) == 0
    text = capsys.readouterr().out
    assert "runtime  nginx 1.26.3: package nginx-light" in text
    assert "jinja2  3.1.2  → 3.1.6  patch  fixes 1  requirements.txt: jinja2>=3.1.6" in text
    assert "4 bases could not be made: -v tells why" in text
    assert run(["recommend", image, "--offline", "--now", "2026-11-28", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schemaVersion"] == 1
    assert told["advice"]["runtime"]["name"] == "nginx"


def test_without_a_database_there_is_nothing_to_go_by(image: str) -> None:
    with pytest.raises(NoDatabase):
        advice(image)


def test_a_directory_that_is_not_there_is_no_image(
    cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["recommend", str(tmp_path / "shop")]) == 2
    assert "no such directory" in capsys.readouterr().err.lower()
