"""`distil scan`: from an image or a document, and a database, to what is said and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from distil import pipeline
from distil.cli import run
from distil.cli.scan import FORMATS
from distil.fetch.cache import Cache
from distil.image.assemble import assemble_index
from distil.image.errors import PlatformNotFound
from distil.model.advisory import Severity
from distil.model.finding import Presence
from distil.model.inventory import Answer, Verdict
from distil.model.platform import ARM64
from distil.report.scan import FORMS
from distil.vulns.errors import DatabaseTooOld, NoDatabase
from tests.pipeline.test_sbom import DEBIAN, image_of, put
from tests.support.nodes import file
from tests.vulns.database.feeds import NOW, build, osv, write_archive, write_exploited

DAY = 86_400
BAD = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MILD = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


def _told(number: int, *events: dict[str, str], **more):
    cve = f"CVE-2024-{number}"
    return osv(f"DEBIAN-{cve}", "Debian:13", "tool", *events, upstream=[cve], **more)


@pytest.fixture
def database(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two vulnerabilities of the package ``tool``: a bad one with a fix, a mild one without."""
    place, path = tmp_path / "feeds", tmp_path / "advisories.db"
    bad = [{"type": "CVSS_V3", "score": BAD}]
    mild = [{"type": "CVSS_V3", "score": MILD}]
    write_archive(
        place,
        "Debian",
        [
            _told(1001, {"introduced": "0"}, {"fixed": "1.2-4"}, severity=bad),
            _told(1002, severity=mild),
            _told(1003, {"introduced": "0"}, {"fixed": "1.2-3"}),
        ],
    )
    write_exploited(place, "CVE-2024-1002")
    build(path, place)
    monkeypatch.setenv("DISTIL_DB", str(path))
    return path


@pytest.fixture
def image(cache: Cache, tmp_path: Path) -> str:
    return put(image_of(cache, DEBIAN), tmp_path / "layout")


def _scan(image: str, **asked):
    (found,) = pipeline.scan(pipeline.ScanRequest(image=image, now=NOW, **asked)).scans
    return found


def test_an_image(image: str, database: Path) -> None:
    found = _scan(image)
    assert [one.id for one in found.findings] == ["CVE-2024-1001", "CVE-2024-1002"]
    bad, mild = found.findings
    assert (bad.severity, bad.fixed, bad.presence) == (
        Severity.CRITICAL,
        ("1.2-4",),
        Presence.WHOLE,
    )
    assert mild.exploited is not None
    assert found.database.path == str(database)


def test_a_document_of_the_image(image: str, database: Path, tmp_path: Path) -> None:
    place = tmp_path / "sbom.json"
    inventory = pipeline.sbom(pipeline.SbomRequest(image=image)).inventory
    for form in ("spdx", "spdx3", "cyclonedx", "syft"):
        pipeline.write_sbom(pipeline.sbom_document(inventory, form), place)
        found = _scan(f"sbom:{place}")
        assert [one.id for one in found.findings] == ["CVE-2024-1001", "CVE-2024-1002"], form


def test_an_index_of_which_a_platform_is_not_there(
    cache: Cache, database: Path, tmp_path: Path
) -> None:
    images = [image_of(cache, DEBIAN), image_of(cache, DEBIAN, platform=ARM64)]
    place = put(assemble_index(images), tmp_path / "index")
    asked = pipeline.ScanRequest(image=place, now=NOW)
    whole = pipeline.scan(asked)
    digest = whole.scans[1].subject.digest.removeprefix("sha256:")
    (tmp_path / "index/blobs/sha256" / digest).unlink()
    part = pipeline.scan(asked)
    assert [one.subject.platform for one in part.scans] == ["linux/amd64"]
    for found, missing in ((whole, ()), (part, ("linux/arm64",))):
        assert found.missing == missing
        assert _as_if_complete(found).is_complete is not bool(missing)


def _as_if_complete(found: pipeline.ScanReport) -> pipeline.ScanReport:
    replace = msgspec.structs.replace
    scanned = [
        replace(one, scan=replace(one.scan, verdict=Verdict(Answer.COMPLETE)))
        for one in found.scanned
    ]
    return replace(found, scanned=tuple(scanned))


def test_the_same_twice(image: str, database: Path) -> None:
    assert msgspec.json.encode(_scan(image)) == msgspec.json.encode(_scan(image))


def test_without_a_database(image: str, cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(NoDatabase):
        _scan(image)
    with pytest.raises(NoDatabase):
        _scan(image, database=str(tmp_path / "none"))


def test_an_old_database(image: str, database: Path) -> None:
    assert _scan(image, max_age=0).verdict.answer is _scan(image).verdict.answer
    later = pipeline.ScanRequest(image=image, now=NOW + 9 * DAY)
    assert "9 days old" in " ".join(pipeline.scan(later).scans[0].verdict.reasons)
    with pytest.raises(DatabaseTooOld, match="9 days old, of 8"):
        pipeline.scan(msgspec.structs.replace(later, max_age=8))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--fail-on", "critical"], 1),
        (["--fail-on", "kev+fixable"], 0),
        (["--fail-on", "kev+fixable", "--fail-on", "high+fixable"], 1),
        (["--fail-on", "kev", "--severity", "high"], 0),
        (["--fail-on", "kev+fixable", "--require-complete"], 3),
        (["--fail-on", "kev+fixable", "--require-complete", "--exit-zero"], 0),
        (["--fail-on", "sever"], 2),
        (["--max-db-age", "3", "--now", "2027-01-01"], 2),
        (["--now", "yesterday"], 2),
        (["--db", "nowhere"], 2),
    ],
)
def test_exit_codes(image: str, database: Path, options: list[str], code: int) -> None:
    now = [] if "--now" in options else ["--now", "2026-11-19"]
    assert run(["scan", image, *now, *options]) == code


def test_an_image_without_a_release_is_never_a_silent_nothing(
    cache: Cache, database: Path, tmp_path: Path
) -> None:
    nodes = [one for one in DEBIAN if one.path != "/etc/os-release"]
    place = put(image_of(cache, nodes), tmp_path / "other")
    found = _scan(place)
    assert (found.verdict.answer, found.findings) == (Answer.UNKNOWN, ())
    assert run(["scan", place]) == 3


def test_forms(image: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(FORMATS) == set(FORMS)
    for form in FORMS:
        run(["scan", image, "--format", form, "--now", "2026-11-19"])
        assert "CVE-2024-1001" in capsys.readouterr().out


def test_what_is_less_bad_is_counted(
    image: str, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["scan", image, "--severity", "high", "--format", "json"])
    shown = capsys.readouterr()
    (scan,) = json.loads(shown.out)["scans"]
    assert [one["id"] for one in scan["findings"]] == ["CVE-2024-1001"]
    assert "1 finding is less than high" in shown.err


def test_what_nobody_has_rated_is_shown_however_bad_it_has_to_be(
    image: str, database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pipeline.scan

    def unrated(request: pipeline.ScanRequest) -> pipeline.ScanReport:
        found = real(request)
        (one,) = found.scanned
        first = msgspec.structs.replace(one.scan.findings[0], severity=Severity.UNKNOWN)
        scan = msgspec.structs.replace(one.scan, findings=(first,))
        return msgspec.structs.replace(found, scanned=(msgspec.structs.replace(one, scan=scan),))

    monkeypatch.setattr(pipeline, "scan", unrated)
    for options, code in (([], 1), (["--severity", "low"], 0)):
        assert run(["scan", image, *options]) == code
        assert "CVE-2024-1001" in capsys.readouterr().out


def test_to_a_file(image: str, database: Path, tmp_path: Path) -> None:
    place = tmp_path / "scan.json"
    assert run(["scan", image, "--format", "json", "-o", str(place), "--exit-zero"]) == 0
    assert json.loads(place.read_text())


def test_a_package_of_which_only_the_copyright_is_left(
    cache: Cache, database: Path, tmp_path: Path
) -> None:
    gone = ("/usr/bin/tool", "/usr/share/tool")
    nodes = [one for one in DEBIAN if one.path not in gone]
    nodes.append(file("/usr/share/doc/tool/copyright", b"License: MIT\n"))
    place = put(image_of(cache, nodes), tmp_path / "slim")
    found = _scan(place)
    assert not found.open
    settled = found.findings[0].settled
    assert settled is not None
    assert settled.evidence is not None
    assert settled.evidence.absent == gone


def test_a_document_about_another_platform(image: str, database: Path, tmp_path: Path) -> None:
    place = tmp_path / "sbom.json"
    inventory = pipeline.sbom(pipeline.SbomRequest(image=image)).inventory
    pipeline.write_sbom(pipeline.sbom_document(inventory, "cyclonedx"), place)
    assert _scan(f"sbom:{place}", platform="linux/amd64").findings
    with pytest.raises(PlatformNotFound):
        _scan(f"sbom:{place}", platform="linux/arm64")
