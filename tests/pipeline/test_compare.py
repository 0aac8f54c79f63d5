"""`distil compare`: two images, an image and a document, an image and what it was made on."""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.fetch.cache import Cache
from distil.model.advisory import Rating, Severity
from distil.model.comparison import Comparison
from distil.model.condition import parse_condition
from distil.survey.errors import NoBase
from distil.vulns.errors import NoDatabase
from tests.pipeline.test_sbom import OS, image_of, put
from tests.support.nodes import file
from tests.vulns.memory import NOW, MemoryAdvisories, below


def packages(**versions: str) -> list:
    """A Debian of these packages, each with one file."""
    stanzas = [
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
        for name, version in versions.items()
    ]
    return [
        file("/etc/os-release", OS),
        file("/var/lib/dpkg/status", "\n".join(stanzas).encode()),
        *(file(f"/usr/bin/{name}", name.encode()) for name in versions),
        *(
            file(f"/var/lib/dpkg/info/{name}.list", f"/.\n/usr/bin/{name}\n".encode())
            for name in versions
        ),
    ]


HIGH = Rating(Severity.HIGH)
ADVISORIES = (
    MemoryAdvisories()
    .add("Debian:13", "tool", below("2", "CVE-2026-1", rating=HIGH))
    .add("Debian:13", "other", below("", "CVE-2026-2"))
)
OLD = packages(tool="1")
NEW = packages(tool="2", other="5")


def compared(image: str, to: str = "", **asked) -> Comparison:
    request = pipeline.CompareRequest(image=image, to=to, now=NOW, **asked)
    return pipeline.compare(request, ADVISORIES)


def test_two_images(cache: Cache, tmp_path: Path) -> None:
    old, new = put(image_of(cache, OLD), tmp_path / "a"), put(image_of(cache, NEW), tmp_path / "b")
    found = compared(new, old)
    assert [(one.id, one.why) for one in found.gone] == [("CVE-2026-1", "tool is 2 now")]
    assert [(one.id, one.why) for one in found.new] == [("CVE-2026-2", "other is new")]
    assert [(one.name, one.before, one.after) for one in found.packages] == [
        ("other", (), ("5 amd64",)),
        ("tool", ("1 amd64",), ("2 amd64",)),
    ]
    assert found.worse
    assert not compared(new, old, conditions=(parse_condition("high"),)).worse
    assert compared(old, new, conditions=(parse_condition("high"),)).worse


def test_an_image_and_what_it_was_made_on(cache: Cache, tmp_path: Path) -> None:
    put(image_of(cache, OLD), tmp_path / "base")
    pipeline.sbom(pipeline.SbomRequest(image=f"oci:{tmp_path}/base:x"))  # Now it is known here.
    image = put(image_of(cache, OLD, NEW), tmp_path / "image")
    found = compared(image)
    assert found.before.inventory.subject.name == f"oci:{tmp_path}/base:x"
    assert [one.id for one in found.gone] == ["CVE-2026-1"]
    assert [one.id for one in found.new] == ["CVE-2026-2"]
    assert "is the lowest of this image" in found.relation or "are the lowest" in found.relation
    assert 0 < found.before.download < found.after.download


def test_no_base(cache: Cache, tmp_path: Path) -> None:
    image = put(image_of(cache, OLD), tmp_path / "image")
    with pytest.raises(NoBase, match="--to IMAGE"):
        compared(image)


def test_a_document(cache: Cache, tmp_path: Path) -> None:
    old, new = put(image_of(cache, OLD), tmp_path / "a"), put(image_of(cache, NEW), tmp_path / "b")
    sbom = tmp_path / "old.spdx.json"
    inventory = pipeline.sbom(pipeline.SbomRequest(image=old)).inventory
    pipeline.write_sbom(pipeline.sbom_document(inventory, "spdx"), sbom)
    found = compared(new, f"sbom:{sbom}")
    assert [one.id for one in found.gone] == ["CVE-2026-1"]
    assert [one.id for one in found.new] == ["CVE-2026-2"]


def test_an_image_without_a_release_is_no_better(cache: Cache, tmp_path: Path) -> None:
    old = put(image_of(cache, OLD), tmp_path / "a")
    bare = put(image_of(cache, [file("/bin/x", b"\x7fELF")]), tmp_path / "b")
    found = compared(bare, old)
    assert not found.worse
    assert not found.is_told


def test_without_a_database(cache: Cache, tmp_path: Path) -> None:
    image = put(image_of(cache, OLD), tmp_path / "a")
    with pytest.raises(NoDatabase):
        pipeline.compare(pipeline.CompareRequest(image=image, to=image))


# --- the command ---------------------------------------------------------------------------


@pytest.fixture
def advised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is `ADVISORIES`."""
    module = importlib.import_module("distil.pipeline.compare")
    monkeypatch.setattr(module, "open_database", lambda _: contextlib.nullcontext(ADVISORIES))


@pytest.mark.parametrize(
    ("before", "after", "options", "code"),
    [
        (OLD, OLD, (), 0),
        (OLD, NEW, (), 1),
        (OLD, NEW, ("--exit-zero",), 0),
        (OLD, NEW, ("--fail-on", "high"), 0),
        (NEW, OLD, ("--fail-on", "high"), 1),
        (OLD, [file("/bin/x", b"\x7fELF")], (), 3),
        (OLD, OLD, ("--fail-on", "hihg"), 2),
    ],
)
@pytest.mark.usefixtures("advised")
def test_exit_codes(
    cache: Cache, tmp_path: Path, before: list, after: list, options: tuple[str, ...], code: int
) -> None:
    old, new = (
        put(image_of(cache, before), tmp_path / "a"),
        put(image_of(cache, after), tmp_path / "b"),
    )
    assert run(["compare", new, "--to", old, "--now", "2026-11-28", *options]) == code


@pytest.mark.usefixtures("advised")
def test_json(cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = put(image_of(cache, OLD), tmp_path / "a"), put(image_of(cache, NEW), tmp_path / "b")
    assert run(["compare", new, "--to", old, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in told["vulnerabilities"]["new"]] == ["CVE-2026-2"]
    assert told["after"]["name"] == new
