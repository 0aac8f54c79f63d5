"""Compiled programs: size and build time, beside docker build and buildah with two stages.

All build with the same Debian packages; the Containerfiles are in peers/containerfiles.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.build_times import ContainerBuilder, buildah, docker
from bench.measure import kilobytes, middle, seconds, table, timed
from bench.peers.context import CONTAINERFILES, ROOT, Example
from bench.peers.debian import bootstrap
from bench.results import write_section

REPEATS = 5
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Compiled:
    """An example that is built in a stage: the packages, what is started, the line changed."""

    name: str
    packages: tuple[str, ...]
    program: str
    changed_file: str


COMPILED = (
    Compiled("go-api", ("golang-go", "ca-certificates", "tzdata"), "/api", "cmd/api/main.go"),
    Compiled(
        "rust-cli",
        ("cargo", "rustc", "librust-flate2-dev", "librust-lexopt-dev"),
        "/tally",
        "src/main.rs",
    ),
    Compiled("c-tool", ("gcc", "libc6-dev", "libsqlite3-dev"), "/sheet", "sheet.c"),
)


@dataclass(frozen=True)
class Built:
    """One build: seconds of the command, of the stage's commands, and what the layout holds."""

    seconds: float
    commands: float
    image: int = 0
    program: int = 0
    files: int = 0
    compressed: int = 0


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Build each program in every way, and write the tables."""
    os.environ["DOCKER_BUILDKIT"] = "1"  # for cache mounts
    times, sizes = [], []
    for one in COMPILED:
        row, built = distil_row(one, work / "distil" / one.name)
        times.append(row)
        more = built.image - built.program
        sizes.append([one.name, *map(kilobytes, (built.program, built.image, more))])
        sizes[-1] += [str(built.files), kilobytes(built.compressed)]
        print(times[-1], sizes[-1], flush=True)
    for name, opened in (("buildah", buildah(work)), ("docker build", docker())):
        with opened as builder:
            for one in COMPILED:
                row, size = container_row(name, one, builder, work)
                times.append(row)
                sizes[[line[0] for line in sizes].index(one.name)].append(kilobytes(size))
                print(row, flush=True)
    times.sort(key=lambda row: [one.name for one in COMPILED].index(row[0]))
    head = ["", "with", "cold", "nothing changed", "one line changed", "of it the commands"]
    columns = ["", "the program", "in the image", "more", "files", "compressed"]
    columns += ["buildah", "docker build"]
    text = f"{table(head, times)}\n\n{TIMES}\n\n{table(columns, sizes)}\n\n{SIZES}"
    write_section("Compiled programs", "scripts/bench compiled", text)


TIMES = f"""Seconds from the start of the command to its end; the median of {REPEATS} runs but for
*cold*, which is one run with an empty cache: distil fetches the tool chain in it, the others start
from a finished base image with the same packages. distil writes the image and its debug twin to a
layout; the others keep theirs in their own storage. The compilers' caches are kept in mounts."""

SIZES = """In kB: the program's file, all files of the image, what the image has beside the program,
the number of its files, and all layers compressed; then all files of the image that a Containerfile
with two stages makes, with the bundle of authorities and all time zones for go-api."""


def distil_row(one: Compiled, place: Path) -> tuple[list[str], Built]:
    """The times of distil, each state of the cache one after the other."""
    context, cache = place / "context", place / "cache"
    shutil.copytree(ROOT / "examples" / one.name, context)
    numbers = iter(range(100))

    def build() -> Built:
        return built(one, context, cache, place / f"out-{next(numbers)}")

    cold = build()
    warm = middle([build().seconds for _ in range(REPEATS)])
    changed = list(after_changes(one, context, build))
    line = middle([each.seconds for each in changed])
    commands = middle([each.commands for each in changed])
    return [one.name, "distil", *map(seconds, (cold.seconds, warm, line, commands))], changed[-1]


def built(one: Compiled, context: Path, cache: Path, output: Path) -> Built:
    """Build with distil, and look into the image."""
    environment = os.environ | {"DISTIL_CACHE_DIR": str(cache)}
    distil = [sys.executable, "-m", "distil"]
    command = [*distil, "build", str(context), "-o", f"oci:{output}:1", "--format", "json"]
    said: list[str] = []

    def call() -> None:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        said.append(done.stdout)

    taken = timed(call)
    summary = json.loads(said[0])
    stage = summary["stages"][0]
    listing = [*distil, "ls", f"oci:{output}:1", "-R", "--format", "json"]
    done = subprocess.run(listing, env=environment, capture_output=True, text=True, check=True)
    nodes = json.loads(done.stdout)["entries"]
    files = [node for node in nodes if node["kind"] == "file"]
    image = summary["images"][0]
    shutil.rmtree(output)
    return Built(
        taken,
        0.0 if stage["cached"] else stage["seconds"],
        sum(node["size"] for node in files),
        next(node["size"] for node in files if node["path"] == one.program),
        len(files),
        image["size"],
    )


def container_row(
    title: str, one: Compiled, builder: ContainerBuilder, work: Path
) -> tuple[list[str], int]:
    """The times of a builder of Containerfiles, and the bytes that its image's files hold."""
    context = work / title.replace(" ", "-") / one.name
    shutil.copytree(ROOT / "examples" / one.name, context)
    shutil.copy(CONTAINERFILES / f"{one.name}.Containerfile", context / "Containerfile")
    (context / ".dockerignore").write_text("Containerfile\n.dockerignore\n")
    base = work / f"{one.name}-base.tar"
    if not base.exists():
        bootstrap(base, one.packages)
    builder.forget()
    builder.load_base(base)
    name = f"localhost/{one.name}:bench"

    def build() -> float:
        return timed(lambda: builder.build(context, name))

    cold = build()
    warm = middle([build() for _ in range(REPEATS)])
    line = middle(list(after_changes(one, context, build)))
    place = work / f"{title}-{one.name}.saved".replace(" ", "-")
    builder.save(name, place)
    return [one.name, title, *map(seconds, (cold, warm, line)), ""], held(place)


def held(place: Path) -> int:
    """The bytes of the files of a layout, or of an archive of ``docker save``."""
    image = f"oci:{place}" if place.is_dir() else f"docker-archive:{place}"
    command = [sys.executable, "-m", "distil", "ls", image, "-R", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    nodes = json.loads(done.stdout)["entries"]
    return sum(node["size"] for node in nodes if node["kind"] == "file")


def after_changes(one: Compiled, context: Path, build: Callable[[], Taken]) -> Iterator[Taken]:
    """Change one line, build, and again."""
    for number in range(REPEATS):
        with (context / one.changed_file).open("a") as file:
            file.write(f"// change {number}\n")
        yield build()
