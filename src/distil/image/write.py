"""Writing images to where the user wants them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from distil.errors import DistilError, PartlyWritten, UnsupportedDestination
from distil.image.archive import staged_archive
from distil.image.layout import staged_layout
from distil.image.naming import NamedImage, told_apart, written_as
from distil.image.staging import reporting
from distil.model.reference import Location, Transport


class Output(msgspec.Struct, frozen=True):
    """Images, and where they are to be written."""

    images: Sequence[NamedImage]
    location: Location

    @property
    def references(self) -> list[str]:
        """How each image is addressed there afterwards, in their order."""
        return written_as(self.images, self.location)


@contextlib.contextmanager
def staged(outputs: Sequence[Output]) -> Iterator[list[str]]:
    """Write `outputs`: all of them appear when the block has ended well, otherwise none does.

    Files and layouts are complete and on the disk before the block, under temporary names; what
    an engine is given is given before it. The list that the block gets, of what cannot be
    undone, it may extend: an error says so, as it does when a file system takes one output and
    then refuses the next its name (`PartlyWritten`). Raises what `write` raises.
    """
    for output in outputs:
        check_location(output.location)
    done: list[str] = []
    try:
        with contextlib.ExitStack() as stack:
            # The last to be staged is the first to get its name. All processes lock in one order.
            for output in sorted(_merged(outputs), key=_place)[::-1]:
                stack.enter_context(_noted(output, done))
            for output in outputs:
                if not output.location.transport.is_file:
                    _load(output)
                    done.append(str(output.location))
            yield done
    except DistilError as error:
        if done:
            raise PartlyWritten(error, done) from error
        raise


def write(images: Sequence[NamedImage], location: Location) -> list[str]:
    """Write `images` to `location`; how each is addressed there, in the same order.

    Nothing half-written stays: a file or directory appears whole, an existing one is as it was
    when anything goes wrong. Raises `UnsupportedDestination`, `OutputFailed`, `DiskFull`,
    `CorruptContent`, `MalformedImage`, and for engines `NoEngine` and `EngineFailed`.
    """
    output = Output(images, location)
    with staged([output]):
        pass
    return output.references


def _place(output: Output) -> str:
    return os.path.realpath(output.location.path)


def _merged(outputs: Sequence[Output]) -> list[Output]:
    """The outputs that are files, one for each layout: it can be locked only once."""
    merged: dict[object, Output] = {}
    for number, output in enumerate(outputs):
        if not output.location.transport.is_file:
            continue
        is_layout = output.location.transport is Transport.OCI
        key = _place(output) if is_layout else number
        before = merged[key].images if key in merged else ()
        images = {image.ref_name: image for image in (*before, *told_apart(output.images))}
        merged[key] = Output(tuple(images.values()), output.location) if is_layout else output
    return list(merged.values())


@contextlib.contextmanager
def _noted(output: Output, done: list[str]) -> Iterator[None]:
    """The output staged; in `done` once it has its name."""
    path = Path(output.location.path)
    with reporting(path):
        if output.location.transport is Transport.OCI:
            writing = staged_layout(path, output.images)
        else:
            docker = output.location.transport is Transport.DOCKER_ARCHIVE
            writing = staged_archive(path, output.images, docker=docker)
        with writing:
            yield
    done.append(f"{output.location.transport}:{path}")


def _load(output: Output) -> None:
    from distil.image import engine

    docker_daemon = output.location.transport is Transport.DOCKER_DAEMON
    (engine.load_docker if docker_daemon else engine.load_podman)(output.images)


def check_location(location: Location) -> None:
    """Raise `UnsupportedDestination` for a kind of place that nothing is ever written to."""
    if location.transport is Transport.REGISTRY:
        raise UnsupportedDestination(
            str(location),
            "distil does not push to registries",
            hint="write oci:DIR:TAG, then `skopeo copy oci:DIR:TAG docker://NAME`",
        )
