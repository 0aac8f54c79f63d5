"""Projects that are compiled another way than the examples: with C, with modules from a proxy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.images import distil
from tests.support.go_proxy import Module, go_proxy
from tests.support.runners import BuiltImage, Launch, Runner
from tests.support.tools import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.network]

WITH_C = {
    "go.mod": "module example.org/twice\n\ngo 1.22\n",
    "main.go": """package main

// static int twice(int number) { return 2 * number; }
import "C"

import "fmt"

func main() { fmt.Println(C.twice(21)) }
""",
}
GREETING = Module(
    "example.org/greeting",
    "v1.2.0",
    {
        "go.mod": "module example.org/greeting\n",
        "greeting.go": 'package greeting\n\nconst Text = "Hello"\n',
    },
)
FETCHING = {
    "go.mod": "module example.org/hello\n\nrequire example.org/greeting v1.2.0\n",
    "go.sum": GREETING.sums,
    "main.go": """package main

import "example.org/greeting"

func main() { println(greeting.Text) }
""",
}


def build(project: Path, *options: str) -> tuple[BuiltImage, dict[str, Any]]:
    """The image of `project`, and the report."""
    layout = project.parent / "layout"
    output = ("-t", "project:1", "-o", f"oci:{layout}", "--no-debug", "--format", "json")
    report = json.loads(distil("build", str(project), *output, *options))
    return BuiltImage("project:1", layout, Path()), report


def write(project: Path, files: Mapping[str, str]) -> Path:
    """Write `files` to the directory `project`."""
    project.mkdir()
    for name, text in files.items():
        (project / name).write_text(text)
    return project


def libraries(report: dict[str, Any]) -> set[str]:
    """The packages, but for those of the files that the C library reads."""
    read = {"base-files", "tzdata", "libc-bin", "netbase"}
    return {package["name"] for package in report["packages"]} - read


def test_go_with_c(tmp_path: Path, runc_runner: Runner) -> None:
    image, report = build(write(tmp_path / "twice", WITH_C))
    assert libraries(report) == {"libc6"}
    (program,) = report["programs"]
    assert "main calls C" in program["remarks"][0]
    # The C library comes file by file: nothing converts character sets here.
    (closure,) = [check for check in report["checks"] if check["name"] == "closure"]
    assert int(closure["detail"].split()[0]) < 12
    done = runc_runner.run(image, Launch(tmpfs=()))
    assert (done.status, done.output) == (0, "42\n")


def test_modules_of_a_proxy(
    tmp_path: Path, runc_runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    GREETING.write(tmp_path / "proxy")
    with go_proxy(tmp_path / "proxy") as address:
        monkeypatch.setenv("GOPROXY", address)
        monkeypatch.setenv("GONOSUMDB", "example.org/*")
        image, report = build(write(tmp_path / "hello", FETCHING))
    (program,) = report["programs"]
    assert ("example.org/greeting", "v1.2.0") in {
        (component["name"], component["version"]) for component in program["components"]
    }
    done = runc_runner.run(image, Launch(tmpfs=()))
    assert (done.status, done.errors) == (0, "Hello\n")


def test_c_with_shared_libraries(tmp_path: Path, runc_runner: Runner) -> None:
    project = tmp_path / "sheet"
    shutil.copytree(ROOT / "examples" / "c-tool", project)
    spec = project / "distil.toml"
    spec.write_text(spec.read_text().replace(" -static", "").replace(" -lm", ""))
    image, report = build(project)
    assert libraries(report) == {"libc6", "libsqlite3-0"}
    done = runc_runner.run(image, Launch(arguments=("--version",), tmpfs=()))
    assert done.status == 0
    assert done.output.startswith("sheet 1.0, SQLite 3.")
