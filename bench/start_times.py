"""From the start of a container to its first answer, with and without byte code in the image."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.measure import megabytes, middle, run, seconds, table
from bench.peers.context import LEVEL, Example
from bench.results import write_section
from tests.e2e.workloads import WORKLOADS, Surroundings
from tests.support.authority import make_authority, serve
from tests.support.browser import Browser, await_answer
from tests.support.postgres import postgres
from tests.support.runners import BuiltImage, RuncRunner, Runner

REPEATS = 5
WITH_BYTE_CODE = "byte-code"


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
            for tag in ("1.0", WITH_BYTE_CODE):
                image = BuiltImage(f"{example.name}:{tag}", layout, Path())
                title = "as built" if tag == "1.0" else "with byte code added"
                rows.append([example.name, title, *measured(image, example, runner, around)])
                print(rows[-1])
    head = ["", "image", "first answer, s", "memory after the workload, MB"]
    write_section("Start times", "scripts/bench starts", f"{table(head, rows)}\n\n{NOTE}")


NOTE = f"""Under runc, from `runc run` to the first answer of `/health` with status 200, which for
django asks the database; read-only root; the median of {REPEATS} starts with the files in the page
cache. Memory is the sum of the proportional set sizes (PSS) of the container's processes after the
requests of the end-to-end tests."""


def built(example: Example, work: Path) -> Path:
    """An OCI layout with the image as distil builds it, and once more with byte code."""
    layout = work / f"{example.name}-starts"
    distil = [sys.executable, "-m", "distil", "build", example.source, "-t", f"{example.name}:1.0"]
    run([*distil, "--level", LEVEL, "-o", f"oci:{layout}"])
    bundle = work / f"{example.name}-bundle"
    run(["umoci", "unpack", "--image", f"{layout}:1.0", bundle])
    compile_ = ["/usr/bin/python3", "-m", "compileall", "-q", "/usr/lib", "/usr/local/lib", "/app"]
    # Some files of the standard library's tests are no valid Python; the rest is compiled.
    subprocess.run(["chroot", bundle / "rootfs", *compile_], check=False, capture_output=True)
    run(["umoci", "repack", "--image", f"{layout}:{WITH_BYTE_CODE}", bundle])
    return layout


def measured(
    image: BuiltImage, example: Example, runner: Runner, around: Surroundings
) -> tuple[str, str]:
    """Median of the start times, memory at the end of the last run."""
    workload = WORKLOADS[example.name]
    launch = workload.launch(around)
    workload.prepare(lambda once: runner.run(image, once), launch)
    times = []
    for number in range(REPEATS):
        start = time.perf_counter()
        running = runner.start(image, launch)
        await_answer(running.url)
        times.append(time.perf_counter() - start)
        if number == REPEATS - 1:
            workload.exercise(Browser(running.url), around)
            memory = proportional_memory(running.pid)
        running.stop()
    return seconds(middle(times)), megabytes(memory)


def proportional_memory(pid: int) -> int:
    """The PSS of process `pid` and all its descendants, in bytes."""
    process = Path(f"/proc/{pid}")
    lines = (process / "smaps_rollup").read_text().splitlines()
    own = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    children = [
        int(child)
        for task in (process / "task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return own + sum(proportional_memory(child) for child in children)
