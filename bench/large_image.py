"""An image of a given size, always of the same bytes, for measurements that move or read images.

python -m bench.large_image DIRECTORY [--bytes N] [--files N] [--layers N] [--seed N]

DIRECTORY becomes an OCI layout that holds the image, called `large`. By default it comes to 1 GB
and 15,000 files in 12 layers, as an image of a large application does: source and data that
compress to a quarter, libraries that compress to a half, media that do not compress; hard and
symbolic links, files replaced and removed by higher layers. It is written with the standard
library alone (tarfile, zlib), so nothing that distil can or cannot read finds its way into it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import hashlib
import io
import json
import random
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEDIA = "application/vnd.oci.image"
REF_NAME = "org.opencontainers.image.ref.name"
NAME = "large"
CREATED = 1_750_000_000
"""Seconds since 1970: the time of every file."""

GZIP_LEVEL = 6
MEDIAN_FILE = 7_000
"""Bytes of a file before all are scaled to the size wanted; the mean is several times that."""

POOL = 4 << 20
"""Bytes of text that files are cut from: far more than the window in which gzip finds repeats."""

BIN, RANDOM = 3, 7
"""Of ten files, where those that compress to a half begin, and those that do not compress."""


@dataclass(frozen=True)
class Shape:
    """How large an image is to be: bytes of contents, files that a container sees, layers."""

    bytes: int = 1_000_000_000
    files: int = 15_000
    layers: int = 12
    seed: int = 1


@dataclass(frozen=True)
class Written:
    """A layer that was written: its digest and size, compressed, and the digest of its tar."""

    digest: str
    size: int
    diff_id: str


def write_image(directory: Path, shape: Shape = Shape()) -> str:
    """Make `directory` a layout of the image of `shape`; the digest of its manifest.

    The same shape gives the same bytes. Layers are compressed on all processors.
    """
    (directory / "blobs/sha256").mkdir(parents=True)
    sizes = _sizes(shape)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        write = functools.partial(_write_layer, directory, shape, sizes)
        layers = list(pool.map(write, range(shape.layers)))
    config = _document(
        directory,
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/layer0/d0/f0"], "Env": ["PATH=/layer0/d0"]},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created_by": f"layer {number}"} for number in range(shape.layers)],
        },
    )
    manifest = _document(
        directory,
        {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.manifest.v1+json",
            "config": {"mediaType": f"{MEDIA}.config.v1+json"} | config,
            "layers": [
                {
                    "mediaType": f"{MEDIA}.layer.v1.tar+gzip",
                    "digest": layer.digest,
                    "size": layer.size,
                }
                for layer in layers
            ],
        },
    )
    entry = {
        "mediaType": f"{MEDIA}.manifest.v1+json",
        **manifest,
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": {REF_NAME: NAME},
    }
    (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return str(manifest["digest"])


def _sizes(shape: Shape) -> list[int]:
    """The size of each file: many small ones, few large, scaled to what is wanted together."""
    source = random.Random(shape.seed)
    raw = [source.lognormvariate(0, 2) * MEDIAN_FILE for _ in range(shape.files)]
    scale = shape.bytes / sum(raw)
    return [int(size * scale) for size in raw]


def _write_layer(directory: Path, shape: Shape, sizes: list[int], number: int) -> Written:
    temporary = directory / f"layer{number}"
    encoder = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    plain, compressed, size = hashlib.sha256(), hashlib.sha256(), 0
    with temporary.open("wb") as out:

        def take(data: bytes) -> None:
            nonlocal size
            compressed.update(data)
            out.write(data)
            size += len(data)

        for piece in _tar(shape, sizes, number):
            plain.update(piece)
            take(encoder.compress(piece))
        take(encoder.flush())
    temporary.replace(directory / "blobs/sha256" / compressed.hexdigest())
    return Written(f"sha256:{compressed.hexdigest()}", size, f"sha256:{plain.hexdigest()}")


def _tar(shape: Shape, sizes: list[int], number: int) -> Iterator[bytes]:
    """A layer's tar: its own files, and what it does to those of the layer below.

    A hundredth of the files below are replaced, as many removed, as many linked to.
    """
    source = random.Random(f"{shape.seed} {number}")
    text, half = _text(source), _half_text(source)
    mine = range(number, len(sizes), shape.layers)
    yield from _entry(f"layer{number}/", tarfile.DIRTYPE)
    for place, at in enumerate(mine):
        if place % 50 == 0:
            yield from _entry(f"layer{number}/d{place // 50}/", tarfile.DIRTYPE)
        name = f"layer{number}/d{place // 50}/f{place}"
        size = sizes[at]
        kind = place % 10
        if kind >= RANDOM:
            content = source.randbytes(size)
        else:
            content = _cut(half if kind >= BIN else text, source, size)
        yield from _entry(name, tarfile.REGTYPE, content)
        if place % 100 == 10:
            yield from _entry(f"{name}.link", tarfile.SYMTYPE, link=f"f{place}")
            yield from _entry(f"{name}.same", tarfile.LNKTYPE, link=name)
        if number and place % 100 == 20:
            below = f"layer{number - 1}/d{place // 50}"
            yield from _entry(f"{below}/.wh.f{place}", tarfile.REGTYPE)
            yield from _entry(f"{below}/f{place + 1}", tarfile.REGTYPE, b"replaced\n")
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entry(name: str, kind: bytes, content: bytes = b"", link: str = "") -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    info.mtime = CREATED
    yield info.tobuf(tarfile.GNU_FORMAT)
    if content:
        yield content
        yield bytes(-len(content) % tarfile.BLOCKSIZE)


def _text(source: random.Random) -> bytes:
    """Words, which compress to a quarter or so."""
    letters = "etaoinshrdlucmfw"
    words = ["".join(source.choices(letters, k=source.randint(2, 9))) for _ in range(3000)]
    out = io.StringIO()
    while out.tell() < POOL:
        out.write(" ".join(source.choices(words, range(3000, 0, -1), k=12)) + "\n")
    return out.getvalue().encode()


def _half_text(source: random.Random) -> bytes:
    """Noise and runs of zeros in turn, as machine code and tables are: half of it remains."""
    return b"".join(source.randbytes(32) + bytes(32) for _ in range(POOL // 64))


def _cut(pool: bytes, source: random.Random, size: int) -> bytes:
    start = source.randrange(len(pool))
    copies = (start + size) // len(pool) + 1
    return (pool * copies)[start : start + size]


def _document(directory: Path, value: dict[str, object]) -> dict[str, object]:
    """Write a document; its digest and size."""
    data = json.dumps(value, sort_keys=True).encode()
    hexadecimal = hashlib.sha256(data).hexdigest()
    (directory / "blobs/sha256" / hexadecimal).write_bytes(data)
    return {"digest": f"sha256:{hexadecimal}", "size": len(data)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.large_image")
    parser.add_argument("directory", type=Path)
    for name in ("bytes", "files", "layers", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Shape, name))
    chosen = parser.parse_args()
    shape = Shape(chosen.bytes, chosen.files, chosen.layers, chosen.seed)
    print(write_image(chosen.directory, shape))


if __name__ == "__main__":
    main()
