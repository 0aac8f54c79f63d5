"""Writing images to where the user wants them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distil.errors import UnsupportedDestination
from distil.image.archive import write_archive
from distil.image.layout import write_layout
from distil.image.naming import NamedImage, written_as
from distil.image.staging import reporting
from distil.model.reference import Location, Transport


def write(images: Sequence[NamedImage], location: Location) -> list[str]:
    """Write `images` to `location`; how each is addressed there, in the same order.

    Nothing half-written stays: a file or directory appears whole, an existing one is as it was
    when anything goes wrong. Raises `UnsupportedDestination`, `OutputFailed`, `DiskFull`,
    `CorruptContent`, `MalformedImage`, and for engines `NoEngine` and `EngineFailed`.
    """
    check_location(location)
    if location.transport.is_file:
        path = Path(location.path)
        with reporting(path):
            if location.transport is Transport.OCI:
                write_layout(path, images)
            else:
                docker = location.transport is Transport.DOCKER_ARCHIVE
                write_archive(path, images, docker=docker)
    else:
        from distil.image import engine

        docker_daemon = location.transport is Transport.DOCKER_DAEMON
        (engine.load_docker if docker_daemon else engine.load_podman)(images)
    return written_as(images, location)


def check_location(location: Location) -> None:
    """Raise `UnsupportedDestination` for a kind of place that nothing is ever written to."""
    if location.transport is Transport.REGISTRY:
        raise UnsupportedDestination(
            str(location),
            "distil does not push to registries",
            hint="write oci:DIR:TAG, then `skopeo copy oci:DIR:TAG docker://NAME`",
        )
