"""The examples that are compiled come out the same, wherever and however often they are built."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.images import Build, distil
from tests.support.tools import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.network]

EXAMPLES = ("go-api", "rust-cli", "c-tool")


@pytest.mark.parametrize("example", EXAMPLES)
def test_compiled_twice_from_another_directory(
    example: str, built: Callable[[str], Build], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / example
    shutil.copytree(ROOT / "examples" / example, elsewhere)
    for file in elsewhere.rglob("*"):
        file.touch()
    place = f"oci:{tmp_path / 'layout'}"
    again = ("--level", "packages", "--verify-reproducible", "--format", "json")
    report = distil("build", str(elsewhere), "-t", f"{example}:1.0", "-o", place, *again)
    digests = [image["digest"] for image in json.loads(report)["images"]]
    assert digests == [image["digest"] for image in built(example).report["images"]]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_init_writes_builds_the_same(
    example: str, built: Callable[[str], Build], tmp_path: Path
) -> None:
    project = tmp_path / example
    shutil.copytree(ROOT / "examples" / example, project)
    if not (project / "distil.toml").exists():
        distil("init", str(project))
    before = built(example).report["images"]
    place = f"oci:{tmp_path / 'layout'}"
    options = ("--level", "packages", "--format", "json")
    report = json.loads(
        distil("build", str(project), "-t", f"{example}:1.0", "-o", place, *options)
    )
    digests = [image["digest"] for image in report["images"]]
    assert digests == [image["digest"] for image in before]
    # It is the stage that was run before, word for word.
    assert all(stage["cached"] for stage in report["stages"])


NEEDED = {
    "go-api": {"base-files", "ca-certificates", "tzdata"},
    "rust-cli": set(),
    # Of SQLite's functions of time, and of glibc's.
    "c-tool": {"base-files", "tzdata"},
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_but_the_program_and_what_it_needs(
    example: str, built: Callable[[str], Build]
) -> None:
    report = built(example).report
    assert {package["name"] for package in report["packages"]} == NEEDED[example]
    (program,) = report["programs"]
    assert "static" in program["what"]
