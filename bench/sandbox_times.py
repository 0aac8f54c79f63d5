"""What it costs to run a program that does nothing: the sandbox beside bubblewrap and runc."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import middle, table, timed
from bench.peers.context import Example
from bench.results import write_section
from distil.fetch.cache import Cache
from distil.run.layers import layer
from distil.run.sandbox import run
from distil.run.task import Limits, Root, Task
from tests.support.small_root import SmallRoot
from tests.support.tools import tool

REPEATS = 31
PROGRAM = "/bin/true"


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Start `PROGRAM` in each way, in turn, and write the table."""
    small = SmallRoot(work)
    for name in ("proc", "dev"):
        (small.lower / name).mkdir()
    bundle = runc_bundle(work / "bundle", small.lower)
    limits = Limits(seconds=3600, memory=4 << 30, processes=4096, disk=8 << 30)
    with layer(Cache(work / "cache")) as upper:
        in_memory = Task(Root(small.lower), (PROGRAM,), limits=limits)
        in_layer = Task(Root(small.lower, upper), (PROGRAM,), limits=limits)
        ways: dict[str, Callable[[], object]] = {
            "distil, in memory": lambda: run(in_memory, print),
            "distil, with a layer": lambda: run(in_layer, print),
            "the interpreter alone (`python -I -S -c pass`)": lambda: subprocess.run(
                [sys.executable, "-I", "-S", "-c", "pass"], check=True
            ),
            "bubblewrap": lambda: subprocess.run(bubblewrap(small.lower), check=True),
            "runc": lambda: subprocess.run(
                [tool("runc"), "run", "--bundle", bundle, "distil-bench"], check=True
            ),
        }
        walls: dict[str, list[float]] = {name: [] for name in ways}
        processor = dict.fromkeys(ways, 0.0)
        for _ in range(REPEATS):
            for name, way in ways.items():
                before = used()
                walls[name].append(timed(way))
                processor[name] += used() - before
    rows = [
        [
            name,
            *(f"{value * 1000:.0f}" for value in (middle(taken), min(taken))),
            f"{processor[name] / REPEATS * 1000:.0f}",
        ]
        for name, taken in walls.items()
    ]
    text = table(["", "median, ms", "least, ms", "processor, ms"], rows)
    write_section("The sandbox", "scripts/bench sandbox", f"{text}\n\n{NOTE}")
    print(text)


NOTE = f"""From the call to the end of `{PROGRAM}` (busybox) in a root that is there; the median of
{REPEATS} runs of each, in turn. distil has its limits and its filter on; bubblewrap has the same
namespaces and neither, and a root that it cannot write to; runc has its default configuration, as
root. Processor time is that of the processes that were waited for."""


def used() -> float:
    """Seconds of processor that children have taken."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def bubblewrap(root: Path) -> list[str | Path]:
    """The command that runs `PROGRAM` in namespaces of the same kinds."""
    options = ("--unshare-all", "--die-with-parent", "--dev", "/dev", "--proc", "/proc")
    return [tool("bwrap"), "--ro-bind", root, "/", *options, PROGRAM]


def runc_bundle(bundle: Path, root: Path) -> Path:
    """A bundle of runc's own defaults that runs `PROGRAM` without a terminal."""
    bundle.mkdir()
    subprocess.run([tool("runc"), "spec"], cwd=bundle, check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": [PROGRAM]}
    config["root"] = {"path": str(root), "readonly": True}
    for name in ("sys", "dev/mqueue", "dev/shm", "dev/pts"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (bundle / "config.json").write_text(json.dumps(config))
    return bundle
