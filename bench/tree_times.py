"""How long the tree of a large image takes, beside inflating and hashing its layers.

Each is a process of its own, so that its memory is its own as well:
``python -m bench.tree_times WHAT LAYOUT``.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from isal import isal_zlib

from bench.large_image import NAME, Shape, write_image
from bench.measure import Usage, megabytes, run, seconds, table
from bench.peers.context import Example
from bench.results import write_section
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_listing, read_tree
from distil.image.stores.table import store_to_read
from distil.model.reference import parse_location

REPEATS = 5
CHUNK = 1 << 18
AIM: Final = 1.5

BY_ITSELF = "isal and sha256 of the tars"
"""What the others are compared with."""


def inflated(image: Path, decompress: Callable[[], object], *, both: bool) -> None:
    """Inflate every layer and hash its tar; with `both` its compressed bytes as well."""
    for blob in _layers(image):
        decoder, tar, packed = decompress(), hashlib.sha256(), hashlib.sha256()
        with blob.open("rb") as stream:
            while piece := stream.read(CHUNK):
                if both:
                    packed.update(piece)
                tar.update(decoder.decompress(piece))  # type: ignore[attr-defined]


def _layers(image: Path) -> list[Path]:
    blobs = (image / "blobs/sha256").iterdir()
    return sorted(path for path in blobs if path.open("rb").read(2) == b"\x1f\x8b")


def by_zlib(image: Path) -> None:
    inflated(image, lambda: zlib.decompressobj(31), both=False)


def by_isal(image: Path) -> None:
    inflated(image, lambda: isal_zlib.decompressobj(31), both=False)


def by_isal_both(image: Path) -> None:
    inflated(image, lambda: isal_zlib.decompressobj(31), both=True)


def listing(image: Path) -> None:
    _distil(image, times=1, kept=False)


def tree(image: Path) -> None:
    _distil(image, times=1, kept=True)


def tree_twice(image: Path) -> None:
    _distil(image, times=2, kept=True)


def _distil(image: Path, *, times: int, kept: bool) -> None:
    read = read_tree if kept else read_listing
    with (
        tempfile.TemporaryDirectory(prefix="distil-bench-cache-", dir=image.parent) as cache,
        store_to_read(parse_location(f"oci:{image}:{NAME}")).opened() as source,
    ):
        stored = read_image(source)
        for _ in range(times):
            started = time.perf_counter()
            found = read(stored.layers, Cache(Path(cache)))
            print(len(found), time.perf_counter() - started)


WAYS: Final[dict[str, Callable[[Path], None]]] = {
    "zlib and sha256 of the tars": by_zlib,
    BY_ITSELF: by_isal,
    "isal, sha256 of the tars and of the layers": by_isal_both,
    "distil, listing: names and digests of all files": listing,
    "distil, tree: contents kept in the cache": tree,
    "distil, tree: made, and read from the cache": tree_twice,
}


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Write an image of 1 GB and time each way of reading it."""
    image = work / "image"
    write_image(image, Shape())
    usages: dict[str, list[Usage]] = {way: [] for way in WAYS}
    for _ in range(REPEATS):
        for way in WAYS:
            usages[way].append(run([sys.executable, "-m", "bench.tree_times", way, image]))
    base = min(usage.seconds for usage in usages[BY_ITSELF])
    rows = []
    for way, runs in usages.items():
        took = min(usage.seconds for usage in runs)
        processor = min(usage.processor for usage in runs)
        memory = max(usage.memory for usage in runs)
        times = f"{took / base:.2f}"
        rows.append([way, seconds(took), times, seconds(processor), megabytes(memory)])
    text = table(["", "seconds", "times", "processor seconds", "memory, MB"], rows)
    text += f"""

An image of 1 GB, 15,000 files and 12 layers (`bench/large_image.py`), in the page cache; whole
processes, so the interpreter's start is in each; the least of {REPEATS} rounds, as other work ran
on the machine, of memory the most. *times*: of {BY_ITSELF}, in one thread; the aim is {AIM}.
distil hashes the layers, their tars and every file, in as many threads as there are processors, two
here."""
    write_section("Trees of images", "scripts/bench trees", text)


if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]))
