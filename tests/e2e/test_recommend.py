"""What `distil recommend IMAGE` says of bases is what building and scanning them by hand says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.images import distil
from tests.support.tools import run_tool
from tests.vulns.database.feeds import build, osv, write_archive

pytestmark = pytest.mark.network


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vulnerability that nginx has in every version of Debian 12, and none in Debian 13."""
    place = tmp_path / "feeds"
    told = osv("DEBIAN-CVE-2025-1", "Debian:12", "nginx", upstream=["CVE-2025-1"])
    other = osv("DEBIAN-CVE-2025-2", "Debian:13", "unheard-of", upstream=["CVE-2025-2"])
    write_archive(place, "Debian", [told, other])
    build(tmp_path / "advisories.db", place)
    monkeypatch.setenv("DISTIL_DB", str(tmp_path / "advisories.db"))


def test_bases_are_made_and_measured(tmp_path: Path, database: None) -> None:
    source, place = tmp_path / "site", tmp_path / "layout"
    source.mkdir()
    spec = '[app]\npackages = ["nginx-light"]\n[base]\nfrom = "debian:bookworm"\n'
    (source / "distil.toml").write_text(spec + '[reach]\nlevel = "packages"\n')
    distil("build", str(source), "-t", "site:1", "-o", f"oci:{place}", "--no-debug")
    (tmp_path / "root/srv").mkdir(parents=True)
    (tmp_path / "root/srv/page.html").write_text("hello")
    run_tool("tar", "-C", tmp_path / "root", "-cf", tmp_path / "more.tar", ".")
    run_tool("umoci", "raw", "add-layer", "--image", f"{place}:1", tmp_path / "more.tar")

    found = json.loads(distil("recommend", f"oci:{place}:1", "--format", "json"))["advice"]
    assert (found["runtime"]["name"], found["isOurs"]) == ("nginx", False)
    assert found["rebuilt"]["changes"] == []
    made = [one for one in found["bases"] if not one["error"]]
    assert {one["candidate"]["level"] for one in made} == {"packages", "reachable"}
    counts = {one["candidate"]["base"]: one["counts"]["unrated"] for one in made}
    assert (counts["debian:bookworm"], counts["debian:trixie"]) == (1, 0)
    best = found["best"]
    assert (best["candidate"]["base"], best["candidate"]["level"]) == ("debian:trixie", "reachable")

    again = tmp_path / "again"
    again.mkdir()
    lines = "\n".join(_lines(distil("recommend", f"oci:{place}:1")))
    (again / "distil.toml").write_text(lines)
    distil("build", str(again), "-t", "base:1", "-o", f"oci:{tmp_path}/base", "--no-debug")
    told = json.loads(distil("sbom", f"oci:{tmp_path}/base:1", "--format", "json"))
    assert told["subject"]["size"] == best["size"]


def _lines(text: str) -> list[str]:
    """The distil.toml of the best base, as it is printed to be copied."""
    after = text.partition("best: ")[2].partition("base/distil.toml\n")[2]
    return [line.strip() for line in after.partition("  $ ")[0].splitlines()]
