"""Tasks with the streams, the signals and the terminal of whoever started them."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.small_root import SmallRoot

PROGRAM = """
import fcntl, sys, termios
from pathlib import Path
from distil.run.sandbox import run_attached
from distil.run.task import Limits, Root, Task
if sys.stdin.isatty():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
started = []
task = Task(Root(Path(sys.argv[1])), ("/bin/sh", "-c", sys.argv[2]), limits=Limits(seconds=100))
ended = run_attached(task, started.append)
assert len(started) == 1
print("ended", ended.status, flush=True)
"""
PATIENCE = 60


@pytest.fixture
def small(tmp_path: Path) -> SmallRoot:
    return SmallRoot(tmp_path)


def command(small: SmallRoot, script: str) -> list[str | Path]:
    return [sys.executable, "-c", PROGRAM, small.lower, script]


def test_the_streams_are_the_callers(small: SmallRoot) -> None:
    done = subprocess.run(
        command(small, "cat; echo out; echo err >&2; exit 3"),
        input=b"in\n",
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"in\nout\nended 3\n", b"err\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_go_to_the_task(number: signal.Signals, small: SmallRoot) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(command(small, script), stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert rest == f"got {name}\nended 7\n".encode()


def test_a_task_that_takes_no_notice_of_a_signal_is_killed_by_it(small: SmallRoot) -> None:
    """It is not the first process of its namespace, which signals would not reach."""
    script = "echo ready; exec sleep 1000"
    with subprocess.Popen(command(small, script), stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        rest, _ = process.communicate(timeout=PATIENCE)
    assert rest == b"ended 143\n"


# --- terminals -------------------------------------------------------------------------------


class Terminal:
    """A terminal with a program on it."""

    def __init__(self, words: list[str | Path]) -> None:
        self.handle, other = os.openpty()
        termios.tcsetwinsize(self.handle, (33, 77))
        self.before = termios.tcgetattr(self.handle)
        self.said = b""
        self.process = subprocess.Popen(
            words, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)

    def until(self, pattern: str) -> str:
        """What is on the terminal up to and with `pattern`."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern.encode(), self.said)):
            assert time.monotonic() < deadline, self.said
            if select.select([self.handle], [], [], 1)[0]:
                self.said += os.read(self.handle, 1 << 16)
        seen, self.said = self.said[: found.end()], self.said[found.end() :]
        return seen.decode()

    def type(self, text: str) -> None:
        os.write(self.handle, text.encode())


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.handle)


def test_a_terminal(small: SmallRoot, terminals: list[Terminal]) -> None:
    (small.lower / "bin" / "stty").symlink_to("busybox")
    script = 'test -t 0 && echo yes; stty size; read x; echo "<$x>"; stty -echo raw; exit 5'
    terminal = Terminal(command(small, script))
    terminals.append(terminal)
    assert "yes" in terminal.until("33 77")
    terminal.type("word\n")
    terminal.until("<word>")
    terminal.until("ended 5")
    assert terminal.process.wait(PATIENCE) == 0
    # The task has left it raw.
    assert termios.tcgetattr(terminal.handle) == terminal.before


def test_an_interrupt_from_the_keyboard_is_the_tasks(
    small: SmallRoot, terminals: list[Terminal]
) -> None:
    script = "trap 'echo got; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    terminal = Terminal(command(small, script))
    terminals.append(terminal)
    terminal.until("ready")
    terminal.type("\x03")
    terminal.until("got")
    terminal.until("ended 9")
    assert terminal.process.wait(PATIENCE) == 0
