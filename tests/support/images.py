"""Small images for tests."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from distil.fetch.cache import Cache
from distil.image.assemble import Image, assemble
from distil.image.layer import Layer, write_layer
from distil.image.naming import NamedImage, name_image
from distil.image.read import StoredImage, read_image
from distil.image.stores.table import store_to_read
from distil.model.blob import FileBlob
from distil.model.image import Compression, ContainerConfig, Healthcheck, string_set
from distil.model.node import Kind, Node
from distil.model.platform import AMD64, Platform
from distil.model.reference import Location, parse_image_name, parse_location
from tests.support.nodes import file, sample_tree, special
from tests.support.tools import tool

EPOCH = 1_750_000_000

CONFIG = ContainerConfig(
    user="65532",
    exposed_ports=string_set(["8000/tcp"]),
    env=("PATH=/bin", "GREETING=h\u00e9llo"),
    entrypoint=("/bin/busybox", "echo"),
    cmd=("hello", "world"),
    working_dir="/tmp",
    labels={"org.opencontainers.image.title": "sample"},
    stop_signal="SIGTERM",
    healthcheck=Healthcheck(test=("CMD", "/bin/busybox", "true"), interval=5 * 10**9, retries=3),
)


def layer(
    cache: Cache, nodes: Iterable[Node], compression: Compression = Compression.GZIP
) -> Layer:
    return write_layer(
        nodes, compression=compression, mtime=EPOCH, cache=cache, created_by="distil test"
    )


def sample_image(
    cache: Cache,
    *more: Layer,
    compression: Compression = Compression.GZIP,
    platform: Platform = AMD64,
) -> Image:
    """An image of two small layers, and `more` on top."""
    layers = [
        layer(cache, sample_tree(), compression),
        layer(cache, [special("/app", Kind.DIRECTORY), file("/app/main", b"1")], compression),
        *more,
    ]
    return assemble(layers, CONFIG, platform=platform, created=EPOCH)


def busybox_layer(cache: Cache) -> Layer:
    """A layer that makes the image something that runs."""
    program = FileBlob.of_file(Path(os.path.realpath(tool("busybox"))))
    return layer(
        cache, [special("/bin", Kind.DIRECTORY), file("/bin/busybox", mode=0o755, blob=program)]
    )


def twins(cache: Cache, location: Location, *more: Layer) -> list[NamedImage]:
    """A production image and its debug twin, named for `location`."""
    names = [parse_image_name("sample:1.0")]
    production = sample_image(cache, *more)
    debug = sample_image(cache, *more, layer(cache, [file("/debug", b"tools")]))
    return name_image(production, names, location) + name_image(debug, names, location, "debug")


def as_image(named: NamedImage) -> Image:
    """What has the name, which is an image of one platform."""
    assert isinstance(named.image, Image)
    return named.image


def file_of(written: Layer) -> Path:
    """Where the cache has a layer."""
    assert isinstance(written.blob, FileBlob)
    return Path(written.blob.path)


def oci(path: Path, reference: str = "") -> Location:
    return parse_location(f"oci:{path}" + (f":{reference}" if reference else ""))


def open_image(location: Location, platform: Platform | None = None) -> StoredImage:
    """The image at `location`, which is in files."""
    with store_to_read(location).opened() as source:
        return read_image(source, platform)
