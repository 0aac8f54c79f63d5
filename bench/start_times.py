"""From the start of a container to its first answer, with and without byte code in the image."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.measure import image_size, megabytes, middle, run, seconds, table
from bench.peers.context import Example
from bench.results import write_section
from tests.e2e.workloads import WORKLOADS, Surroundings
from tests.support.authority import make_authority, serve
from tests.support.browser import Browser, await_answer
from tests.support.postgres import postgres
from tests.support.runners import BuiltImage, RuncRunner, Runner

REPEATS = 5
BYTE_CODE = ("none", "compiled")


def measure(examples: Sequence[Example], work: Path) -> None:
    """Build each of `examples`, start it again and again, and write the table."""
    with ExitStack() as stack:
        authority = make_authority(work / "authority")
        service = stack.enter_context(serve(authority))
        around = Surroundings(authority, service, stack.enter_context(postgres(authority)))
        runner = RuncRunner()
        stack.callback(runner.close)
        rows = []
        for example in examples:
            layout = built(example, work)
            for choice in BYTE_CODE:
                image = BuiltImage(f"{example.name}:{choice}", layout, Path())
                size = image_size(layout, choice)
                sizes = [megabytes(size.uncompressed), megabytes(size.compressed)]
                rows.append(
                    [example.name, choice, *sizes, *measured(image, example, runner, around)]
                )
                print(rows[-1])
    head = ["", "byte code", "MB", "MB compressed", "first answer, s", "processor, s", "memory, MB"]
    write_section("Start times", "scripts/bench starts", f"{table(head, rows)}\n\n{NOTE}")


NOTE = f"""The images are distil's at level reachable, with `[python] bytecode` as the second column
says. Under runc, from `runc run` to the first answer of `/health` with status 200, which for
django asks the database; read-only root; the median of {REPEATS} starts with the files in the page
cache. *processor* is the time that the container's processes had spent by then, which other work
on the machine hardly changes. Memory is the sum of the proportional set sizes (PSS) of the
container's processes after the requests of the end-to-end tests."""


def built(example: Example, work: Path) -> Path:
    """An OCI layout with the image as it is without byte code, and with it."""
    layout = work / f"{example.name}-starts"
    distil = (sys.executable, "-m", "distil", "build", example.source, "-o", f"oci:{layout}")
    for choice in BYTE_CODE:
        run([*distil, "-t", f"{example.name}:{choice}", "--bytecode", choice])
    return layout


def measured(
    image: BuiltImage, example: Example, runner: Runner, around: Surroundings
) -> tuple[str, str, str]:
    """Medians of the start times and of the processor times; memory at the end of the last run."""
    workload = WORKLOADS[example.name]
    launch = workload.launch(around)
    workload.prepare(lambda once: runner.run(image, once), launch)
    times, work = [], []
    for number in range(REPEATS):
        start = time.perf_counter()
        running = runner.start(image, launch)
        await_answer(running.url)
        times.append(time.perf_counter() - start)
        work.append(processor_time(running.pid))
        if number == REPEATS - 1:
            workload.exercise(Browser(running.url), around)
            memory = proportional_memory(running.pid)
        running.stop()
    return seconds(middle(times)), seconds(middle(work)), megabytes(memory)


def processor_time(pid: int) -> float:
    """What process `pid` and all its descendants have spent so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_time(child) for child in children_of(pid))


def proportional_memory(pid: int) -> int:
    """The PSS of process `pid` and all its descendants, in bytes."""
    process = Path(f"/proc/{pid}")
    lines = (process / "smaps_rollup").read_text().splitlines()
    own = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return own + sum(proportional_memory(child) for child in children_of(pid))


def children_of(pid: int) -> list[int]:
    """The processes that `pid` started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
