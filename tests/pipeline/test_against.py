"""`distil scan --against`: an image, a database, and what another scanner says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.image.assemble import assemble_index
from distil.model.other_report import Reason, Side
from distil.model.platform import ARM64
from distil.vulns.others.errors import MalformedReport, ReportOfAnother
from tests.pipeline.test_sbom import DEBIAN, image_of, put
from tests.support.nodes import file as node
from tests.vulns.database.feeds import NOW, build, osv, write_archive


@pytest.fixture
def image(cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image with the package ``tool`` 1.2-3, and a database with two advisories about it."""
    place, path = tmp_path / "feeds", tmp_path / "advisories.db"
    told = [
        osv(
            "DEBIAN-CVE-2024-1001",
            "Debian:13",
            "tool",
            {"introduced": "0"},
            upstream=["CVE-2024-1001"],
        ),
        osv("DEBIAN-CVE-2024-1003", "Debian:13", "tool", {"introduced": "0"}, {"fixed": "1.2-3"}),
    ]
    write_archive(place, "Debian", told)
    build(path, place)
    monkeypatch.setenv("DISTIL_DB", str(path))
    return put(image_of(cache, DEBIAN), tmp_path / "layout")


def report(tmp_path: Path, *names: str) -> Path:
    found = [
        {"VulnerabilityID": name, "PkgName": "tool", "InstalledVersion": "1.2-3"} for name in names
    ]
    file = tmp_path / "trivy.json"
    results = [{"Class": "os-pkgs", "Type": "debian", "Vulnerabilities": found}]
    document = {"SchemaVersion": 2, "ArtifactName": "x", "Results": results}
    file.write_text(json.dumps(document))
    return file


def test_each_difference_has_its_reason(image, tmp_path):
    file = report(tmp_path, "CVE-2024-1003", "CVE-2024-9999")
    request = pipeline.ScanRequest(image=image, now=NOW)
    found = pipeline.against(request, file).disagreement
    told = {one.id: (one.side, one.reason) for one in found.held}
    ours = [one for one in told if told[one][0] is Side.OURS]
    assert ours == ["CVE-2024-1001"]
    assert told["CVE-2024-1003"] == (Side.THEIRS, Reason.HAS_FIX)
    assert told["CVE-2024-9999"] == (Side.THEIRS, Reason.NO_ADVISORY)


def test_on_the_command_line(image, tmp_path, capsys):
    file = report(tmp_path, "DEBIAN-CVE-2024-1003")
    arguments = ["scan", image, "--now", "2026-11-28", "--against", str(file)]
    assert run(arguments) == 1
    out = capsys.readouterr().out
    assert "counted  0 by both, 1 by Trivy alone, 1 by distil alone" in out
    assert "the installed version has the fix (1)" in out
    assert run([*arguments, "--format", "json", "--exit-zero"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["reason"] for one in document["held"]] == ["has-fix", "untold"]


@pytest.mark.parametrize("more", [["--format", "sarif"], ["--severity", "high"]])
def test_what_does_not_go_with_it(image, tmp_path, capsys, more):
    file = report(tmp_path)
    assert run(["scan", image, "--against", str(file), *more]) == 2
    assert "--against" in capsys.readouterr().err


def test_a_file_that_is_no_report(image, tmp_path, capsys):
    file = tmp_path / "sbom.json"
    file.write_text('{"bomFormat": "CycloneDX"}')
    with pytest.raises(MalformedReport):
        pipeline.against(pipeline.ScanRequest(image=image, now=NOW), file)
    assert run(["scan", image, "--against", str(file)]) == 2
    assert "no report of Trivy or Grype" in capsys.readouterr().err
    assert run(["scan", image, "--against", str(tmp_path / "none.json")]) == 2


def test_of_several_platforms_the_one_counts_that_it_is_a_report_of(image, cache, tmp_path):
    arm_alone = [*DEBIAN, node("/only-arm", b"x")]
    images = [image_of(cache, DEBIAN), image_of(cache, arm_alone, platform=ARM64)]
    index = put(assemble_index(images), tmp_path / "index")
    request = pipeline.ScanRequest(image=index, now=NOW)
    file = report(tmp_path)
    with pytest.raises(ReportOfAnother, match="which of linux/amd64, linux/arm64"):
        pipeline.against(request, file)
    arm = next(
        one
        for one in pipeline.scan(request).scans
        if one.subject.platform.startswith("linux/arm64")
    )
    document = json.loads(file.read_text()) | {"Metadata": {"ImageID": arm.subject.config_digest}}
    file.write_text(json.dumps(document))
    assert pipeline.against(request, file).scan.subject == arm.subject
