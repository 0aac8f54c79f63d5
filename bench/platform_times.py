"""Two platforms in one build against a build for each: what is done once when both are made."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.build_times import DERIVED
from bench.measure import Usage, megabytes, run, seconds, table
from bench.peers.context import Example, prepare
from bench.results import write_section

AMD64, ARM64 = "linux/amd64", "linux/arm64"
REPEATS = 5

NOTE = f"""Seconds of processor time (user and system, uv and a build back end included), and in
brackets seconds from the start of the command to its end. *both* is one command for both platforms;
*one by one* is the sum of two commands with the same cache, the second of which finds what the
first has fetched and made. *cold* starts with an empty cache, *archives cached* with nothing made
from the archives, and *nothing changed* is the median of {REPEATS} runs. distil builds the image
and its debug twin at the default level and writes them to an OCI layout."""


def measure(examples: Sequence[Example], work: Path) -> None:
    """Time each of `examples`, one platform after the other and both at once; write the table."""
    rows = []
    for example in examples:
        rows += example_rows(example, work / example.name)
        print(*rows[-2:], sep="\n")
    head = ["", "platforms", "cold", "archives cached", "nothing changed", "memory, MB"]
    write_section("Two platforms", "scripts/bench platforms", f"{table(head, rows)}\n\n{NOTE}")


def example_rows(example: Example, place: Path) -> list[list[str]]:
    """One row for builds one by one, one for both at once."""
    context = prepare(example, place / "context")
    ways: dict[str, list[tuple[str, ...]]] = {
        "one by one": [(AMD64,), (ARM64,)],
        "both": [(AMD64, ARM64)],
    }
    rows = []
    for name, commands in ways.items():
        cache = place / name.replace(" ", "-")
        cold = together([build(example, context, cache, way) for way in commands])
        for area in DERIVED:
            shutil.rmtree(cache / area, ignore_errors=True)
        cached = together([build(example, context, cache, way) for way in commands])
        again = [
            together([build(example, context, cache, way) for way in commands])
            for _ in range(REPEATS)
        ]
        warm = Usage(
            statistics.median(usage.seconds for usage in again),
            max(usage.memory for usage in again),
            statistics.median(usage.processor for usage in again),
        )
        times = [f"{seconds(u.processor)} ({seconds(u.seconds)})" for u in (cold, cached, warm)]
        rows.append([example.name, name, *times, megabytes(cold.memory)])
    return rows


def together(usages: Sequence[Usage]) -> Usage:
    """Several commands, one after the other."""
    return Usage(
        sum(usage.seconds for usage in usages),
        max(usage.memory for usage in usages),
        sum(usage.processor for usage in usages),
    )


def build(example: Example, context: Path, cache: Path, platforms: Sequence[str]) -> Usage:
    """One build with `cache`, of distil's and of uv's."""
    output = cache.with_name("out")
    command = (sys.executable, "-m", "distil", "build", context, "-t", f"{example.name}:1.0")
    options = ["--platform", ",".join(platforms), "-o", f"oci:{output}"]
    environment = {"DISTIL_CACHE_DIR": str(cache), "UV_CACHE_DIR": str(cache.with_suffix(".uv"))}
    usage = run([*command, *options], environment)
    shutil.rmtree(output)
    return usage
