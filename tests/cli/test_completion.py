"""`distil completion`: real shells load the scripts, and a Tab completes what it should."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import DISTIL, World
from tests.support.tools import tool

SECONDS = 30
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Z]?|[\r\x07\x08]")


@pytest.fixture
def place(cold: World) -> World:
    """A world with a layout that has two tags, an archive, and `distil` on PATH."""
    layout = cold.root / "out" / "hello"
    layout.mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    named = '{"annotations": {"org.opencontainers.image.ref.name": "%s"}}'
    index = f'{{"manifests": [{named % "1.0"}, {named % "1.0-debug"}, {{}}]}}'
    (layout / "index.json").write_text(index)
    (cold.root / "out" / "hello.tar").write_bytes(b"")
    (cold.root / "home").mkdir(exist_ok=True)
    return cold.with_variables(PATH=f"{Path(DISTIL).parent}:{os.environ['PATH']}")


def offered(world: World, line: str) -> list[str]:
    """What may stand in place of the last word of `line`."""
    asked = world.with_variables(_DISTIL_COMPLETE="bash_complete", DISTIL_LINE=line)
    done = asked.distil()
    assert (done.code, done.stderr) == (0, "")
    return [text.partition(",")[2] for text in done.stdout.splitlines() if text]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("distil bu", ["build"]),
        ("distil build --lev", ["--level"]),
        ("distil build --level ", ["packages", "reachable"]),
        ("distil build --format j", ["json"]),
        ("distil build --format=j", ["json"]),
        ("distil build --base debian:b", ["debian:bullseye", "debian:bookworm"]),
        ("distil build --platform linux/ar", ["linux/arm64"]),
        ("distil build --platform linux/amd64,linux/ar", ["linux/amd64,linux/arm64"]),
        ("distil build -o ", ["oci:", "oci-archive:", "docker-archive:"]),
        ("distil build -o oci:out/", ["oci:out/hello"]),
        ("distil why oci:o", ["oci:out/"]),
        ("distil why oci:out/he", ["oci:out/hello:1.0", "oci:out/hello:1.0-debug"]),
        ("distil why oci:out/hello:1.0-", ["oci:out/hello:1.0-debug"]),
        (
            "distil check docker-archive:out/",
            ["docker-archive:out/hello/", "docker-archive:out/hello.tar"],
        ),
        ("distil check oci:nowhere/", []),
        ("distil completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_what_is_offered(place: World, line: str, words: list[str]) -> None:
    assert sorted(offered(place, line)) == sorted(words)


def test_every_verb_is_offered(place: World) -> None:
    shown = place.distil("--help").stdout.partition("Commands:\n")[2]
    assert offered(place, "distil ") == re.findall(r"(?m)^  (\w+) ", shown)


@pytest.mark.parametrize(
    "index", ["", "[]", '{"manifests": 1}', '{"manifests": [{"annotations": 1}]}']
)
def test_a_broken_layout_offers_nothing(place: World, index: str) -> None:
    (place.root / "out/hello/index.json").write_text(index)
    assert offered(place, "distil why oci:out/he") == []


def test_completing_loads_nothing_heavy() -> None:
    heavy = ("distil.pipeline", "msgspec", "urllib3", "rich", "pysequoia", "packaging", "uv")
    script = (
        "import os, sys\nfrom distil.cli import run\n"
        "for line in ['distil ', 'distil bu', 'distil build --lev', 'distil why oci:', "
        "'distil build --base deb']:\n    os.environ['DISTIL_LINE'] = line\n    run([])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "_DISTIL_COMPLETE": "bash_complete"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout
    assert done.stderr == "[]\n"


# --- shells --------------------------------------------------------------------------------


class Terminal:
    """A shell on a terminal, typed to and read from."""

    def __init__(self, command: list[str], world: World) -> None:
        self._end, inner = pty.openpty()
        environment = {**world.environment(), "TERM": "dumb", "PS1": "> ", "HISTFILE": ""}
        self._process = subprocess.Popen(
            command,
            cwd=world.root,
            env=environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self._shown = ""

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def await_text(self, wanted: str) -> None:
        """Read until `wanted` was shown since the last time; fails after a while."""
        deadline = time.monotonic() + SECONDS
        while wanted not in self._shown:
            ready, _, _ = select.select([self._end], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                pytest.fail(f"{wanted!r} was not shown, but {self._shown!r}")
            self._shown += _CONTROL.sub("", os.read(self._end, 4096).decode(errors="replace"))
        self._shown = self._shown.rpartition(wanted)[2]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)


SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "bind 'set enable-bracketed-paste off'"),
    "zsh": (["-f", "-i"], "unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("distil bu", "distil build end"),
        ("distil build --le", "distil build --level end"),
        ("distil why oci:o", "distil why oci:out/end"),
        ("distil why oci:out/hello:1.0-", "distil why oci:out/hello:1.0-debug end"),
        ("distil check docker-archive:out/hello.", "distil check docker-archive:out/hello.tar end"),
    ],
)
def test_a_tab_on_a_terminal(place: World, shell: str, typed: str, completed: str) -> None:
    """What follows the Tab shows where the cursor was left: no space behind a directory."""
    options, prepare = SHELLS[shell]
    script = place.root / "script"
    script.write_text(place.distil("completion", shell).stdout)
    terminal = Terminal([tool(shell), *options], place)
    try:
        terminal.type(f"{prepare}; source {script}; echo rea''dy\n")
        terminal.await_text("ready")
        # Instead of running the line, go to its start (^A) and end (^E) to have it shown.
        terminal.type(f"{typed}\tend\x01echo '<\x05>'\n")
        terminal.await_text(f"<{completed}>")
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("distil bu", ["build"]),
        ("distil build --level ", ["packages", "reachable"]),
        ("distil why oci:out/hello:1.0-", ["oci:out/hello:1.0-debug"]),
    ],
)
def test_fish(place: World, line: str, words: list[str]) -> None:
    script = place.root / "script"
    script.write_text(place.distil("completion", "fish").stdout)
    done = subprocess.run(
        [tool("fish"), "--no-config", "-c", f"source {script}; complete --do-complete '{line}'"],
        cwd=place.root,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [row.split("\t")[0] for row in done.stdout.splitlines()] == words


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_has_no_mistake_that_the_shell_sees(place: World, shell: str) -> None:
    script = place.distil("completion", shell).stdout
    done = subprocess.run(
        [tool(shell), "-n"], input=script, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
