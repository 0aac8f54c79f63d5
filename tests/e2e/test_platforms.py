"""The examples for two platforms at once: each image right by content, read by others, and run.

The image for the other architecture is run by QEMU's user emulation, which is mounted into the
container and started in place of the entrypoint: no change to the host's kernel is needed.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.images import PLATFORMS, IndexBuild, build_for_all
from tests.e2e.test_examples import EXAMPLES
from tests.e2e.workloads import IN_PYTHON, WORKLOADS, Surroundings
from tests.support.browser import Browser, await_answer
from tests.support.engines import Engine
from tests.support.layouts import blob, config, document, files
from tests.support.registry import registry
from tests.support.runners import Launch, Mount, Runner
from tests.support.tools import ROOT, run_tool, tool

pytestmark = [pytest.mark.engine, pytest.mark.network]

ARCHITECTURES = tuple(platform.partition("/")[2] for platform in PLATFORMS)
ELF_MACHINES = {"amd64": 62, "arm64": 183}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
EMULATOR = "/run/qemu"
"""Where the container has it."""
PROCESSOR = ("-cpu", "cortex-a72")
"""The oldest kind that arm64 images are for; emulating the pointer authentication of newer ones
makes Debian's programs, which use it, eight times slower."""

Built = Callable[[str], IndexBuild]


@pytest.fixture(scope="session")
def built_for_all(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build an example for both platforms by its name; the second call finds it built."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    return lambda example: build_for_all(example, base / "platforms")


# --- contents ------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tag", ["1.0", "1.0-debug"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_everything_is_for_the_platform(
    example: str, tag: str, architecture: str, built_for_all: Built
) -> None:
    layout = built_for_all(example).layout
    assert config(layout, tag, architecture)["architecture"] == architecture
    contents = files(layout, tag, architecture)
    elf = {path: data for path, data in contents.items() if data.startswith(b"\x7fELF")}
    assert len(elf) > (20 if example in IN_PYTHON else 0)
    wrong = [
        path
        for path, data in elf.items()
        if struct.unpack_from("<H", data, 18)[0] != ELF_MACHINES[architecture]
    ]
    assert wrong == []
    if example in IN_PYTHON:
        assert foreign_wheels(contents, MACHINES[architecture]) == []
    assert foreign_packages(contents, architecture) == []


def foreign_wheels(contents: dict[str, bytes], machine: str) -> list[str]:
    """Distributions of which no tag fits `machine`."""
    tags = {
        path: re.findall(r"(?m)^Tag: (.*)$", data.decode())
        for path, data in contents.items()
        if path.endswith(".dist-info/WHEEL")
    }
    assert tags
    ends = ("-any", f"_{machine}")
    return [path for path, found in tags.items() if not any(t.endswith(ends) for t in found)]


def foreign_packages(contents: dict[str, bytes], architecture: str) -> list[str]:
    """Debian packages that are neither for `architecture` nor for all."""
    stated = {
        path: re.findall(r"(?m)^Architecture: (.*)$", data.decode())
        for path, data in contents.items()
        if "/status.d/" in path and not path.endswith(".md5sums")
    }
    assert stated
    return [path for path, found in stated.items() if found not in (["all"], [architecture])]


# --- other people's tools ------------------------------------------------------------------


def test_skopeo_copies_all_of_it_or_one_platform(built_for_all: Built, tmp_path: Path) -> None:
    build = built_for_all("flask-hello")
    digest = build.report["images"][0]["digest"]
    raw = json.loads(run_tool("skopeo", "inspect", "--raw", build.name))
    assert [entry["platform"]["architecture"] for entry in raw["manifests"]] == [*ARCHITECTURES]
    for source in (build.name, f"oci-archive:{build.archive}:1.0"):
        assert json.loads(run_tool("skopeo", "inspect", source))["Digest"] == digest
        target = tmp_path / source.partition(":")[0]
        run_tool("skopeo", "copy", "--all", "--quiet", source, f"oci:{target}:1.0")
        assert document(target, "1.0") == raw
        for entry in raw["manifests"]:
            assert json.loads(blob(target, entry["digest"]))["layers"]
    for architecture in ARCHITECTURES:
        options = ("--override-arch", architecture)
        seen = json.loads(run_tool("skopeo", *options, "inspect", "--config", build.name))
        assert seen["architecture"] == architecture


@pytest.mark.parametrize("example", EXAMPLES)
def test_crane_validates_each_platform(example: str, built_for_all: Built, tmp_path: Path) -> None:
    build = built_for_all(example)
    index = tmp_path / "index"
    run_tool("skopeo", "copy", "--all", "--quiet", build.name, f"oci:{index}:1.0")
    with registry() as address:
        name = f"{address}/{example}:1.0"
        pushed = run_tool("crane", "push", "--index", index, name)
        assert f"{address}/{example}@sha256:" in pushed
        digests = [entry["digest"] for entry in build.report["images"][0]["manifests"]]
        for digest in digests:
            assert "PASS" in run_tool(
                "crane", "validate", "--remote", f"{address}/{example}@{digest}"
            )


def test_podman_loads_this_machines_image(
    built_for_all: Built, podman: Engine, tmp_path: Path
) -> None:
    build = built_for_all("flask-hello")
    archive = tmp_path / "production.tar"
    run_tool("skopeo", "copy", "--all", "--quiet", build.name, f"oci-archive:{archive}:shop:1.0")
    said = podman.output("load", "--input", archive)
    name = said.strip().rpartition(" ")[2]
    code = "import platform; print(platform.machine())"
    shown = podman.run(name, "-c", code, options=("--entrypoint", "/usr/bin/python3"))
    assert shown.strip() == os.uname().machine


def test_docker_gets_this_machines_image(built_for_all: Built, docker: Engine) -> None:
    built_for_all("flask-hello")  # so that the cache has everything
    source = str(ROOT / "examples" / "flask-hello")
    command = [sys.executable, "-m", "distil", "build", source]
    command += ["-t", "both:1.0", "--load", "--platform", ",".join(PLATFORMS)]
    environment = os.environ | docker.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "into docker: linux/" in done.stderr
    code = "import platform; print(platform.machine())"
    for tag in ("1.0", "1.0-debug"):
        shown = docker.run(f"both:{tag}", "-c", code, options=("--entrypoint", "/usr/bin/python3"))
        assert shown.strip() == os.uname().machine


# --- the other architecture at work --------------------------------------------------------


@pytest.mark.parametrize("example", ["flask-hello", "fastapi", "go-api"])
def test_the_arm64_image_works_under_emulation(
    example: str, built_for_all: Built, runc_runner: Runner, around: Surroundings, tmp_path: Path
) -> None:
    """The whole workload: pages, TLS to another service, time zones, errors, native code.

    Not the exit status: uvicorn ends by the signal it was sent, which QEMU as process 1 of a
    container waits for in vain.
    """
    build = built_for_all(example)
    image = build.alone("arm64", tmp_path)
    workload = WORKLOADS[example]
    launch = emulated(build, workload.launch(around))
    running = runc_runner.start(image, launch)
    try:
        await_answer(running.url)
        workload.exercise(Browser(running.url), around)
        assert "Traceback" not in running.logs()
    except BaseException:
        print(running.logs())
        raise
    finally:
        running.stop()


def test_the_arm64_image_has_an_arm64_python(
    built_for_all: Built, runc_runner: Runner, tmp_path: Path
) -> None:
    build = built_for_all("flask-hello")
    code = "import platform, ssl; print(platform.machine(), ssl.OPENSSL_VERSION)"
    launch = emulated(build, Launch(), "/usr/bin/python3", "-c", code)
    done = runc_runner.run(build.alone("arm64", tmp_path), launch)
    assert done.status == 0, done.errors
    assert done.output.startswith("aarch64 OpenSSL 3")


def emulated(build: IndexBuild, launch: Launch, *command: str) -> Launch:
    """`launch` with the emulator before the command, the image's own by default."""
    plan = build.report["platforms"][ARCHITECTURES.index("arm64")]["plan"]
    words = [*(command or (*plan["entrypoint"], *plan["command"]))]
    script = files(build.layout, "1.0", "arm64").get(words[0].lstrip("/"), b"")
    if script.startswith(b"#!"):
        words[:0] = script.partition(b"\n")[0].decode().removeprefix("#!").split()
    emulator = Mount(Path(tool("qemu-aarch64-static")), EMULATOR)
    return replace(
        launch, entrypoint=(EMULATOR, *PROCESSOR, *words), mounts=(*launch.mounts, emulator)
    )
