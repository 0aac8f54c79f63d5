"""How fast a layer is written, found again, and what tarfile with gzip or isal makes of it.

python bench/layer_writer.py [DIRECTORY]      (default: this Python's standard library)
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from isal import igzip

from distil.fetch.cache import Cache
from distil.image.compress import codec_of
from distil.image.layer import arranged, content_key, write_layer
from distil.model.blob import FileBlob
from distil.model.image import Compression
from distil.model.node import Kind, Node

RUNS = 5


def nodes_of(root: Path) -> list[Node]:
    """Every regular file and directory below `root`, tests left out, digested."""
    nodes = []
    for place, directories, files in os.walk(root):
        directories[:] = [name for name in directories if name not in ("site-packages", "test")]
        nodes.append(Node(place, Kind.DIRECTORY, 0o755))
        for name in files:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                blob = FileBlob.of_file(path)
                nodes.append(Node(str(path), Kind.FILE, 0o644, mtime=1, blob=blob))
    return nodes


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """The median of some runs: seconds by the clock, and seconds of all processors."""
    taken = []
    for _ in range(RUNS):
        start, busy = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - start, time.process_time() - busy))
    clock, processor = zip(*taken, strict=True)
    return statistics.median(clock), statistics.median(processor)


def with_tarfile(nodes: list[Node], compress: Callable[[io.BytesIO], object]) -> None:
    """The same layer with the standard library: tar, diff id, compression, blob digest."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for node in nodes:
            info = tarfile.TarInfo(node.path[1:])
            info.mode, info.mtime, info.size = node.mode, node.mtime, node.size
            if node.kind is Kind.DIRECTORY:
                info.type = tarfile.DIRTYPE
            data = io.BytesIO(node.blob.read()) if node.blob is not None else None
            archive.addfile(info, data)
    hashlib.sha256(plain.getbuffer()).hexdigest()
    out = io.BytesIO()
    with compress(out) as stream:  # type: ignore[attr-defined]
        stream.write(plain.getbuffer())
    hashlib.sha256(out.getbuffer()).hexdigest()


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else os.__file__).resolve()
    nodes = nodes_of(root if root.is_dir() else root.parent)
    size = sum(node.size for node in nodes)
    print(f"{len(nodes)} nodes, {size / 1e6:.1f} MB")

    def report(what: str, taken: tuple[float, float]) -> None:
        clock, processor = (each * 1000 for each in taken)
        rate = size / 1e3 / clock
        print(f"{what:24} {clock:8.1f} ms {processor:8.1f} ms processor {rate:7.0f} MB/s")

    members = arranged(nodes)
    identity = codec_of(Compression.GZIP).identity
    report("content key", seconds(lambda: content_key(arranged(nodes), identity, 1)))
    for compression in Compression:
        with tempfile.TemporaryDirectory() as directory:
            cache = Cache(Path(directory))

            def write(compression: Compression = compression, cache: Cache = cache) -> object:
                return write_layer(
                    members, compression=compression, mtime=1, cache=cache, created_by=""
                )

            def write_anew(cache: Cache = cache) -> None:
                cache.collect(0)
                write(cache=cache)

            report(f"distil {compression}", seconds(write_anew))
            report(f"distil {compression}, unchanged", seconds(write))
    report(
        "tarfile + isal 2",
        seconds(lambda: with_tarfile(nodes, lambda out: igzip.open(out, "wb", 2))),
    )
    report(
        "tarfile + gzip 6",
        seconds(lambda: with_tarfile(nodes, lambda out: gzip.GzipFile("", "wb", 6, out))),
    )


if __name__ == "__main__":
    main()
