"""Signals at chosen moments: before the n-th change that a process makes below a directory.

A process that starts with `variables` in its environment counts the files it opens for writing,
the directories it makes and what it renames and removes, and sends itself a signal before one of
them. So every moment can be had, and had again, whatever the speed of the machine.
"""

from __future__ import annotations

import signal
from pathlib import Path

_SITE = """\
import atexit
import os
import pathlib
import sys

below = os.environ["MOMENTS_BELOW"]
moment = int(os.environ["MOMENTS_AT"])
number = int(os.environ["MOMENTS_SIGNAL"])
changes = 0
CHANGING = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.link", "os.symlink"}


def watch(event, arguments):
    global changes
    if event == "open":
        path, _, flags = arguments
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
    elif event in CHANGING:
        path = arguments[0]
    else:
        return
    if not str(path).startswith(below):
        return
    changes += 1
    if changes == moment:
        os.kill(os.getpid(), number)


if sys.argv[0].endswith("distil") or "MOMENTS_ALL" in os.environ:
    sys.addaudithook(watch)
    if moment == 0:
        counted = os.environ["MOMENTS_COUNT"]
        atexit.register(lambda: pathlib.Path(counted).write_text(str(changes)))
"""


class Moments:
    """Files that a process is started with; `count` is where one that ends says how many."""

    def __init__(self, directory: Path, below: Path) -> None:
        directory.mkdir()
        (directory / "sitecustomize.py").write_text(_SITE)
        self._directory = directory
        self._below = below
        self._count = directory / "count"

    def variables(self, moment: int = 0, number: int = signal.SIGKILL) -> dict[str, str]:
        """For a process that is to get signal `number` before its change `moment`; 0: never."""
        return {
            "PYTHONPATH": str(self._directory),
            "MOMENTS_BELOW": str(self._below),
            "MOMENTS_AT": str(moment),
            "MOMENTS_SIGNAL": str(int(number)),
            "MOMENTS_COUNT": str(self._count),
        }

    @property
    def count(self) -> int:
        """How many moments the process had that was started for moment 0."""
        return int(self._count.read_text())
