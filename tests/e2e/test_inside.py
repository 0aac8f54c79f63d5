"""What a process finds inside an image, and what it must not find there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.images import Build
from tests.e2e.test_examples import EXAMPLES, FOREIGN_USER
from tests.e2e.workloads import IN_PYTHON
from tests.support.runners import BuiltImage, Launch, Runner
from tests.support.tools import run_tool

pytestmark = [pytest.mark.engine, pytest.mark.network]

PROBE = (Path(__file__).parent / "probe.py").read_text()

NOT_ON_DEBIAN = {"_msi", "_overlapped", "_scproxy", "_winapi", "_wmi", "msvcrt", "nt", "winreg"}
NOT_ON_DEBIAN |= {"_winreg", "_ios_support", "_android_support", "winsound", "nturl2path"}
GRAPHICAL = {"_tkinter", "idlelib", "tkinter", "turtle", "turtledemo"}
"""Debian has these in packages of their own: python3-tk, idle."""
INSTALLERS = {"ensurepip", "venv", "lib2to3", "_dbm", "_gdbm", "dbm"}

SHELLS = {"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "zsh"}
PACKAGE_MANAGERS = {"apt", "apt-get", "aptitude", "dpkg", "dpkg-deb", "pip", "pip3", "easy_install"}
PACKAGE_MANAGERS |= {"pip3.13", "uv", "conda", "apk", "dnf", "rpm", "yum"}
INSTALLED = ("/usr/lib/python3/dist-packages/pip", "/usr/share/python-wheels", "/usr/lib/apt")


def probe(runner: Runner, image: BuiltImage, launch: Launch) -> dict[str, Any]:
    done = runner.run(image, launch)
    assert done.status == 0, done.errors
    return json.loads(done.output)


@pytest.mark.parametrize("example", IN_PYTHON)
def test_process_finds_what_it_needs(
    example: str, runc_runner: Runner, built: Callable[[str], Build]
) -> None:
    found = probe(runc_runner, built(example).production, Launch(entrypoint=python()))
    assert (found["uid"], found["gid"]) == (65532, 65532)
    assert found["user"] == "nonroot"
    assert found["home_exists"]
    assert found["directory"] == "/app"
    assert found["temporary"] == "/tmp"
    assert found["authorities"] > 100
    assert found["own_locale"] == found["locale"] == "C.UTF-8"
    assert found["encoding"] == "utf-8"
    assert found["zones"] > 400
    assert found["kolkata"] == 5.5
    assert found["local_zone"] == "UTC"
    assert found["localhost"] == "127.0.0.1"
    assert found["services"] == 443
    missing = set(found["unimportable"]) - NOT_ON_DEBIAN - GRAPHICAL - INSTALLERS
    assert not missing, {name: found["unimportable"][name] for name in missing}


def test_process_of_a_foreign_user(runc_runner: Runner, built: Callable[[str], Build]) -> None:
    launch = Launch(entrypoint=python(), user=FOREIGN_USER)
    found = probe(runc_runner, built("flask-hello").production, launch)
    assert f"{found['uid']}:{found['gid']}" == FOREIGN_USER
    assert found["authorities"] > 100
    assert found["directory"] == "/app"
    assert found["local_zone"] == "UTC"


def test_time_zone_of_the_environment(runc_runner: Runner, built: Callable[[str], Build]) -> None:
    launch = Launch(entrypoint=python(), environment={"TZ": "Asia/Kolkata"})
    assert probe(runc_runner, built("flask-hello").production, launch)["local_zone"] == "IST"


def test_libraries_are_found_by_name_where_the_application_asks(
    runc_runner: Runner, built: Callable[[str], Build]
) -> None:
    found = probe(runc_runner, built("django").production, Launch(entrypoint=python()))
    assert found["libc"] == "libc.so.6"


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_shell_and_no_package_manager(
    example: str, built: Callable[[str], Build], tmp_path: Path
) -> None:
    image = built(example).production
    run_tool("umoci", "raw", "unpack", "--image", f"{image.layout}:{image.tag}", tmp_path / "root")
    root = tmp_path / "root"
    names = {path.name for path in root.rglob("*") if is_program(path)}
    assert not names & SHELLS
    assert not names & PACKAGE_MANAGERS
    assert not [path for path in INSTALLED if (root / path[1:]).exists()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_script_has_its_interpreter(
    example: str, built: Callable[[str], Build], tmp_path: Path
) -> None:
    image = built(example).production
    run_tool("umoci", "raw", "unpack", "--image", f"{image.layout}:{image.tag}", tmp_path / "root")
    for path in programs(tmp_path / "root"):
        first = path.read_bytes()[:256].partition(b"\n")[0]
        if first.startswith(b"#!"):
            interpreter = first[2:].split()[0].decode()
            inside = tmp_path / "root" / interpreter.lstrip("/")
            assert inside.is_symlink() or inside.exists(), f"{path}: {interpreter}"


def test_debug_twin_has_a_shell(runner: Runner, built: Callable[[str], Build]) -> None:
    script = "id -u; echo $PATH; ls /app; wget 2>&1 | head -n 1"
    launch = Launch(entrypoint=("/busybox/sh", "-c", script))
    done = runner.run(built("flask-hello").debug, launch)
    assert done.status == 0, done.errors
    uid, path, *rest = done.output.splitlines()
    assert uid == "65532"
    assert path.endswith(":/busybox")
    assert "app.py" in rest
    assert "BusyBox" in rest[-1]


def test_production_image_has_no_debug_shell(
    runc_runner: Runner, built: Callable[[str], Build]
) -> None:
    launch = Launch(entrypoint=("/busybox/sh", "-c", "true"))
    assert runc_runner.run(built("flask-hello").production, launch).status != 0


def python() -> tuple[str, ...]:
    return ("/usr/bin/python3", "-c", PROBE)


def programs(root: Path) -> list[Path]:
    """What PATH finds: elsewhere, distributions have scripts for other places than an image."""
    directories = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin")
    found = [path for name in directories for path in (root / name).glob("*")]
    return [path for path in found if is_program(path) and not path.is_symlink()]


def is_program(path: Path) -> bool:
    return path.is_symlink() or (path.is_file() and bool(path.stat().st_mode & 0o111))
