"""Sizes of the examples: slim-like, distroless-like, distil."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Size, image_size, megabytes, run, table
from bench.peers import distroless, slim
from bench.peers.context import Example, prepare
from bench.results import write_section

LEVELS = ("packages", "reachable")


def measure(examples: Sequence[Example], work: Path) -> None:
    """Build every peer of every example below `work`, and write the table."""
    buildah = slim.Buildah(work / "buildah")
    try:
        buildah.load_base(slim.base_archive(work))
        debs = distroless.archives(work / "debs")
        rows = []
        for example in examples:
            sizes = all_sizes(example, work, buildah, debs)
            rows.append([example.name, *(cell(size) for size in sizes.values())])
            print(rows[-1])
    finally:
        buildah.close()
    head = ["MB uncompressed / compressed (files)", "slim-like", "distroless-like"]
    head += [*(f"distil, level {level}" for level in LEVELS), "its debug twin"]
    write_section("Image sizes", "scripts/bench sizes", f"{table(head, rows)}\n\n{NOTE}")


NOTE = """Every image is unpacked and its root file system written again as one tar by GNU tar,
compressed by one compressor, the one that distil uses (ISA-L, level 2). slim-like: mmdebstrap's
minbase with python3, python3-pip and ca-certificates, the application installed with pip
(`bench/peers/containerfiles`). distroless-like: the packages of distroless' python3 image for
Debian 13, whole, and what libpq5 needs for django; wheels without byte code."""


def all_sizes(
    example: Example, work: Path, buildah: slim.Buildah, debs: dict[str, Path]
) -> dict[str, Size]:
    """The sizes of one example, by the way it was built."""
    place = work / example.name
    context = prepare(example, place / "context")
    name = f"localhost/{example.name}"
    buildah.build(context, f"{name}:slim")
    distroless.root_file_system(example, context, debs, place / "root")
    distroless.commit(example, place / "root", buildah, f"{name}:distroless")
    layout = place / "layout"
    for tag in ("slim", "distroless"):
        buildah.export(f"{name}:{tag}", f"oci:{layout}:{tag}")
    distil = (sys.executable, "-m", "distil", "build", example.source)
    for tag in LEVELS:
        output = ("-t", f"{example.name}:{tag}", "-o", f"oci:{layout}")
        run([*distil, "--level", tag, *output])
    tags = ("slim", "distroless", *LEVELS, f"{LEVELS[-1]}-debug")
    return {tag: image_size(layout, tag) for tag in tags}


def cell(size: Size) -> str:
    return f"{megabytes(size.uncompressed)} / {megabytes(size.compressed)} ({size.files})"
