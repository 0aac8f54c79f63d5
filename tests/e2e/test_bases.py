"""Applications on images as they are found: run by every engine, seen once by a scanner."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.images import distil
from tests.e2e.workloads import WORKLOADS, Surroundings
from tests.support.base_images import write_base
from tests.support.browser import Browser, await_answer
from tests.support.image_shapes import TAG, layout
from tests.support.nodes import file
from tests.support.runners import BuiltImage, Launch, Runner
from tests.support.scanners import all_seen_by_syft
from tests.support.tools import ROOT, run_tool, tool

pytestmark = [pytest.mark.engine, pytest.mark.network]

FLASK = ROOT / "examples" / "flask-hello"
SPECIFICATION = """\
[app]
entrypoint = ["/busybox", "echo", "hello"]
[[copy]]
from = "busybox"
to = "/busybox"
mode = "0755"
"""


def made(directory: Path, source: Path, base: str) -> tuple[BuiltImage, dict[str, Any]]:
    """`source` built on `base`, and the report of that."""
    place, archive = directory / "layout", directory / "image.tar"
    outputs = ("-o", f"oci:{place}", "-o", f"docker-archive:{archive}")
    options = ("-t", "based:1.0", "--base", base, "--format", "json", *outputs)
    report = json.loads(distil("build", str(source), *options))
    return BuiltImage("based:1.0", place, archive), report


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The smallest Debian with apt, as mmdebstrap makes it."""
    work = tmp_path_factory.mktemp("debian")
    options = ("--quiet", "--variant=minbase", "--format=tar")
    run_tool("mmdebstrap", *options, "trixie", work / "root.tar", timeout=900)
    place, _ = layout(work, work / "root.tar")
    return f"oci:{place}:{TAG}"


@pytest.fixture(scope="session")
def on_debian(
    debian: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[BuiltImage, dict[str, Any]]:
    """flask-hello on it."""
    return made(tmp_path_factory.mktemp("on-debian"), FLASK, debian)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application that is a static program."""
    directory = tmp_path_factory.mktemp("program")
    shutil.copyfile(Path(tool("busybox")).resolve(), directory / "busybox")
    (directory / "distil.toml").write_text(SPECIFICATION)
    return directory


def test_python_on_debian_works(
    on_debian: tuple[BuiltImage, dict[str, Any]], runner: Runner, around: Surroundings
) -> None:
    image, _ = on_debian
    workload = WORKLOADS["flask-hello"]
    running = runner.start(image, workload.launch(around))
    try:
        await_answer(running.url)
        workload.exercise(Browser(running.url), around)
        assert "Traceback" not in running.logs()
    finally:
        status = running.stop()
    assert status == 0


def test_a_scanner_sees_the_packages_of_both_once(
    debian: str, on_debian: tuple[BuiltImage, dict[str, Any]], tmp_path: Path
) -> None:
    image, report = on_debian
    distil("copy", f"oci:{image.layout}:1.0", f"oci:{tmp_path / 'alone'}:1.0")
    before = all_seen_by_syft(f"oci-dir:{debian.removeprefix('oci:').rpartition(':')[0]}")
    after = all_seen_by_syft(f"oci-dir:{tmp_path / 'alone'}")
    packages = [one for one in after if one[0] == "deb"]
    assert [one for one, times in Counter(packages).items() if times > 1] == []
    added = {tuple(text.split(" ")) for text in report["plan"]["packages"]}
    expected = {one[1:] for one in before if one[0] == "deb"} | added
    assert {one[1:] for one in packages} == expected


def test_dpkg_takes_the_database_for_its_own(
    on_debian: tuple[BuiltImage, dict[str, Any]], runc_runner: Runner
) -> None:
    image, _ = on_debian
    for words in (("--audit",), ("--verify", "python3.13-minimal"), ("--list", "netbase")):
        done = runc_runner.run(image, Launch(entrypoint=("/usr/bin/dpkg", *words)))
        assert done.status == 0, done
        assert ("netbase" in done.output) == ("netbase" in words), done


@pytest.mark.parametrize("kind", ["scratch", "busybox", "debian"])
def test_a_static_program_works_on_anything(
    kind: str, program: Path, runner: Runner, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    base = kind
    if kind == "busybox":
        base = f"oci:{tmp_path / 'busybox'}:1"
        data = Path(tool("busybox")).resolve().read_bytes()
        write_base(base, [[file("/bin/busybox", data, mode=0o755)]], tmp_path / "cache")
    elif kind == "debian":
        base = request.getfixturevalue("debian")
    image, _ = made(tmp_path, program, base)
    done = runner.run(image, Launch())
    assert (done.status, done.output.splitlines()[-1:]) == (0, ["hello"]), done
