"""How long the command line takes to say something."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measure import megabytes, middle, run, table
from bench.peers.context import Example
from bench.results import write_section

REPEATS = 21
COMMANDS = (("--version",), ("--help",), ("build", "--help"))


def measure(_examples: Sequence[Example], _work: Path) -> None:
    """Time the commands that do nothing but answer."""
    distil = Path(sys.executable).parent / "distil"
    rows = []
    for arguments in COMMANDS:
        usages = [run([distil, *arguments]) for _ in range(REPEATS)]
        milliseconds = middle([usage.seconds for usage in usages]) * 1000
        memory = megabytes(max(usage.memory for usage in usages))
        rows.append([f"distil {' '.join(arguments)}", f"{milliseconds:.0f}", memory])
        print(rows[-1])
    text = table(["", "median of 21 runs, ms", "memory, MB"], rows)
    write_section("Command line", "scripts/bench commands", text)
