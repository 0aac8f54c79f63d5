"""Whole commands: exit code, what is data (stdout) and what is talk (stderr)."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.command import DISTIL, World
from tests.support.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).with_name("snapshots")
TO_OUT = "-t shop:1.0 -o oci:out"
TWO_PLATFORMS = "--platform linux/amd64,linux/arm64"
BROKEN = {**FLASK, "distil.toml": '[app]\npackages = ["libqp5"]\n'}

COMMANDS = {
    "help": "--help",
    "version": "--version",
    "init-help": "init --help",
    "init": "init shop",
    "init-stdout": "init shop --stdout",
    "schema-help": "schema --help",
    "build-help": "build --help",
    "lock-help": "lock --help",
    "lock": "lock shop",
    "lock-json": "lock shop --format json --vendor shop/vendor",
    "locked-without-lock": f"build shop {TO_OUT} --locked",
    "run-help": "run --help",
    "recommend-help": "recommend --help",
    "cache-help": "cache --help",
    "cache-gc-help": "cache gc --help",
    "no-such-verb": "bild",
    "no-such-option": "build shop --outptu oci:out",
    "no-such-format": "build shop --format yaml",
    "no-such-size": "cache gc --limit many",
    "no-such-directory": f"build shopp {TO_OUT}",
    "no-such-platform": f"build shop --platform linux/sparc {TO_OUT}",
    "no-such-base": f"build shop --base ubuntu:noble {TO_OUT}",
    "no-such-suite": f"build shop --base debian:trixy {TO_OUT}",
    "no-such-place": "build shop -o s3://bucket",
    "no-such-name": "build shop -t Shop:1.0 -o oci:out",
    "no-such-label": "build shop --label version -o oci:out",
    "no-output": "build shop",
    "build": f"build shop {TO_OUT}",
    "build-verbose": f"build shop {TO_OUT} -v",
    "build-json": f"build shop {TO_OUT} --format json",
    "build-without-twin": f"build shop {TO_OUT} --no-debug",
    "build-to-three-places": (
        f"build shop {TO_OUT} -o oci-archive:shop.oci.tar -o docker-archive:shop.tar"
    ),
    "build-two-platforms": f"build shop {TO_OUT} {TWO_PLATFORMS}",
    "build-two-platforms-verbose": f"build shop {TO_OUT} {TWO_PLATFORMS} -v",
    "build-two-platforms-json": f"build shop {TO_OUT} {TWO_PLATFORMS} --no-debug --format json",
    "two-platforms-in-a-docker-archive": f"build shop -o docker-archive:a.tar {TWO_PLATFORMS}",
    "a-package-on-no-platform": f"build broken {TO_OUT} {TWO_PLATFORMS}",
    "dry-run-two-platforms": f"build shop --dry-run {TWO_PLATFORMS}",
    "dry-run": "build shop --dry-run",
    "dry-run-json": "build shop --dry-run --format json",
    "cache-info": "cache info",
    "cache-info-json": "cache info --format json",
    "cache-gc": "cache gc",
    "cache-gc-everything": "cache gc --limit 0",
    "cache-gc-verify": "cache gc --verify",
    "cache-gc-json": "cache gc --verify --limit 50MB --format json",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(warm: World, name: str) -> None:
    warm.app()
    warm.app(BROKEN, "broken")
    done = warm.distil(*COMMANDS[name].split(" "))
    check_snapshot(SNAPSHOTS / f"{name}.txt", f"distil {COMMANDS[name]}", done, warm)


def test_every_snapshot_is_of_a_command() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(COMMANDS)


def test_stdout_is_for_other_commands(warm: World) -> None:
    """The names are all there is on stdout, one a line, so that commands nest."""
    done = warm.distil("build", warm.app(), "-t", "shop:1.0", "-o", "oci:out", "-o", "oci:more")
    assert done.stdout == "oci:out:1.0\noci:more:1.0\n"
    assert done.stderr != ""


def test_the_version_is_the_tag_without_one(warm: World) -> None:
    project = '[project]\nname = "till"\nversion = "4.2"\ndependencies = ["flask", "gunicorn"]\n'
    app = warm.app({"app.py": FLASK["app.py"], "pyproject.toml": project})
    assert warm.distil("build", app, "-o", "oci:out").stdout == "oci:out:4.2\n"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "xterm-256color"}])
def test_no_colour_where_it_is_not_wanted(warm: World, variables: dict[str, str]) -> None:
    """NO_COLOR, and what is not a terminal."""
    for arguments in (["build", "."], ["build", warm.app(), "-t", "shop:1.0", "-o", "oci:out"]):
        done = warm.with_variables(**variables).distil(*arguments)
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal(warm: World, no_color: str) -> None:
    """Stages are shown while it works; NO_COLOR is heeded there as well."""
    app = warm.app()
    terminal, end = pty.openpty()
    variables = {"TERM": "xterm-256color", **({"NO_COLOR": no_color} if no_color else {})}
    process = _on_terminal(warm.with_variables(**variables), end, app)
    os.close(end)
    shown = _all_of(terminal)
    assert process.wait() == 0
    assert b"reading package indexes" in shown
    assert b"fetching Debian packages" in shown
    colours = re.search(rb"\x1b\[[\d;]*3\dm", shown)
    assert (colours is None) == (no_color != "")


def _on_terminal(world: World, end: int, app: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [DISTIL, "build", app, "-t", "shop:1.0", "-o", f"oci:{world.out}"],
        env=world.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=end,
    )


def _all_of(terminal: int) -> bytes:
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # EIO: the other end was closed.
            return shown
        shown += piece


def test_an_unexpected_error_is_no_traceback(warm: World) -> None:
    """Even a defect ends in one message, and DISTIL_DEBUG=1 shows where it is."""
    (warm.root / "broken").mkdir()
    (warm.root / "broken" / "sitecustomize.py").write_text(
        "import distil.distros.debian.cuts\n\n"
        "def broken():\n    raise RuntimeError('oops')\n\n"
        "distil.distros.debian.cuts.default_cuts = broken\n"
    )
    world = warm.with_variables(PYTHONPATH=str(warm.root / "broken"))
    done = world.build(warm.app())
    assert done.code == 2
    assert done.error == "error: distil has a defect: RuntimeError: oops"
    assert "DISTIL_DEBUG=1" in done.stderr
    assert "Traceback" in world.with_variables(DISTIL_DEBUG="1").build(warm.app()).stderr


def test_a_reader_that_goes_away(warm: World) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [DISTIL, "cache", "info"],
        env=warm.environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
