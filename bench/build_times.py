"""Build times: distil, and docker build, buildah and mmdebstrap with their caches."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from bench.measure import megabytes, middle, run, seconds, table, timed
from bench.peers import slim
from bench.peers.context import Example, change_one_line, prepare
from bench.peers.debian import bootstrap
from bench.results import write_section
from tests.support.engines import docker_engine

REPEATS = 5
DERIVED = ("packs", "layers", "analysis")
"""Areas of distil's cache that are made from the archives."""


class ContainerBuilder(Protocol):
    """buildah or docker build."""

    def load_base(self, archive: Path) -> None: ...

    def build(self, context: Path, name: str) -> None: ...

    def save(self, name: str, place: Path) -> None: ...

    def forget(self) -> None: ...


def measure(examples: Sequence[Example], work: Path) -> None:
    """Time every way to build each of `examples`, and write the tables."""
    rows = []
    for example in examples:
        rows.append(distil_row(example, work / "distil" / example.name))
        print(rows[-1])
    base = slim.base_archive(work)
    for name, opened in (("buildah", buildah(work)), ("docker build", docker())):
        with opened as builder:
            for example in examples:
                place = work / name.replace(" ", "-") / example.name
                rows += container_rows(name, example, builder, base, place)
                print(rows[-2], rows[-1])
    bootstrapped = timed(lambda: bootstrap(work / "timed.tar", slim.PACKAGES))
    rows.sort(key=lambda row: [example.name for example in examples].index(row[0]))
    head = ["", "with", "cold", "archives cached", "nothing changed", "one line changed", "memory"]
    text = f"{table(head, rows)}\n\n{NOTE.format(bootstrap=seconds(bootstrapped))}"
    write_section("Build times", "scripts/bench builds", text)


NOTE = f"""Seconds from the start of the command to its end; the median of {REPEATS} runs but for
the first two columns, which are one run each. Memory is the largest process', in MB. distil builds
the image and its debug twin and writes both to an OCI layout, compressed; *saved* is with writing
the image to a file too: buildah to a compressed OCI layout, Docker to an archive that is not
compressed. *cold* starts with an empty cache;
*archives cached* has the archives, indexes and resolved versions of an earlier build and nothing
made from them. docker build and buildah start from a finished base image, and *cold* means that
only the base is there: making the base with mmdebstrap took {{bootstrap}} s more. They have no
state that *archives cached* would compare with. The network's share is in every cold build; all
use the same mirror and index."""


def distil_row(example: Example, place: Path) -> list[str]:
    """The times of distil, each state of the cache one after the other."""
    context = prepare(example, place / "context")
    cache = place / "cache"
    numbers = iter(range(100))

    def build() -> tuple[float, int]:
        output = place / f"out-{next(numbers)}"
        command = (sys.executable, "-m", "distil", "build", context, "-t", f"{example.name}:1.0")
        usage = run([*command, "-o", f"oci:{output}"], {"DISTIL_CACHE_DIR": str(cache)})
        shutil.rmtree(output)
        return usage.seconds, usage.memory

    cold, memory = build()
    for area in DERIVED:
        shutil.rmtree(cache / area, ignore_errors=True)
    cached, _ = build()
    warm = middle([build()[0] for _ in range(REPEATS)])
    changed = middle(list(after_changes(example, context, lambda: build()[0])))
    times = (seconds(value) for value in (cold, cached, warm, changed))
    return [example.name, "distil", *times, megabytes(memory)]


def container_rows(
    title: str, example: Example, builder: ContainerBuilder, base: Path, place: Path
) -> list[list[str]]:
    """The times of a builder of Containerfiles: of building alone, and with writing a file."""
    context = prepare(example, place / "context")
    builder.forget()
    builder.load_base(base)
    name = f"localhost/{example.name}:bench"
    numbers = iter(range(100))

    def build() -> float:
        return timed(lambda: builder.build(context, name))

    def build_and_save() -> float:
        output = place / f"out-{next(numbers)}"
        taken = build() + timed(lambda: builder.save(name, output))
        shutil.rmtree(output) if output.is_dir() else output.unlink()
        return taken

    rows = []
    for way, suffix in ((build, ""), (build_and_save, ", saved")):
        cold = build() if way is build else None
        warm = middle([way() for _ in range(REPEATS)])
        changed = middle(list(after_changes(example, context, way)))
        times = ["" if cold is None else seconds(cold), "", seconds(warm), seconds(changed)]
        rows.append([example.name, title + suffix, *times, ""])
    return rows


def after_changes(example: Example, context: Path, build: Callable[[], float]) -> Iterator[float]:
    """Change one line, build, and again."""
    for number in range(REPEATS):
        change_one_line(example, context, number)
        yield build()


@contextmanager
def buildah(work: Path) -> Iterator[ContainerBuilder]:
    builder = slim.Buildah(work / "buildah-times")
    try:
        yield builder
    finally:
        builder.close()


@contextmanager
def docker() -> Iterator[ContainerBuilder]:
    with docker_engine() as engine:
        yield slim.Docker(engine.command)
