"""Stages on Debian packages and on images: what comes of them runs, for whoever asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.images import distil
from tests.e2e.test_compiled_projects import write
from tests.support.runners import BuiltImage, Launch, Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]

HELLO = {
    "hello.c": '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
    "distil.toml": """
[app]
entrypoint = ["/hello"]
[[stage]]
name = "builder"
packages = ["gcc", "libc6-dev"]
run = ["gcc -o /hello hello.c"]
[[copy]]
stage = "builder"
from = "/hello"
to = "/hello"
""",
}


def build(project: Path, *options: str) -> dict[str, Any]:
    """The report of a build of `project`, into a layout beside it."""
    output = ("-t", "hello:1", "-o", f"oci:{project.parent / 'layout'}", "--no-debug")
    report: dict[str, Any] = json.loads(
        distil("build", str(project), *output, "--format", "json", *options)
    )
    return report


def test_what_a_compiler_makes_runs(tmp_path: Path, runc_runner: Runner) -> None:
    project = write(tmp_path / "hello", HELLO)
    report = build(project, "--verify-reproducible")
    assert report["checks"][-1]["name"] == "reproducible"
    (stage,) = report["stages"]
    assert (stage["name"], stage["base"]) == ("builder", "debian:trixie")
    assert "libc6" in {package["name"] for package in report["packages"]}
    image = BuiltImage("hello:1", tmp_path / "layout", Path())
    done = runc_runner.run(image, Launch(tmpfs=()))
    assert (done.status, done.output) == (0, "hello\n")


def test_a_lock_holds_what_a_stage_stands_on(tmp_path: Path) -> None:
    project = write(tmp_path / "hello", HELLO)
    distil("lock", str(project), "--vendor", str(project / "vendor"))
    first = build(project)
    locked = build(project, "--locked", "--offline")
    assert locked["images"][0]["digest"] == first["images"][0]["digest"]


def test_an_image_can_be_what_a_stage_stands_on(tmp_path: Path) -> None:
    project = write(tmp_path / "hello", HELLO)
    build(project)
    text = f"""
[app]
entrypoint = ["/again"]
[[stage]]
name = "before"
base = "oci:{tmp_path / "layout"}:1"
[[copy]]
stage = "before"
from = "/hello"
to = "/again"
"""
    again = write(tmp_path / "again", {"distil.toml": text})
    report = build(again)
    assert report["stages"][0]["packages"] == 0
    assert report["programs"][0]["path"] == "/again"


def test_a_stage_runs_once_for_each_platform(tmp_path: Path) -> None:
    text = """
[app]
entrypoint = ["/usr/bin/true"]
packages = ["coreutils"]
[[stage]]
name = "builder"
run = ["echo built for $TARGETARCH > /platform"]
[[copy]]
stage = "builder"
from = "/platform"
to = "/etc/platform"
"""
    project = write(tmp_path / "hello", {"distil.toml": text})
    build(project, "--platform", "linux/amd64,linux/arm64")
    for architecture in ("amd64", "arm64"):
        layout = f"oci:{tmp_path / 'layout'}:1"
        found = distil("cat", layout, "/etc/platform", "--platform", f"linux/{architecture}")
        assert found == f"built for {architecture}\n"
