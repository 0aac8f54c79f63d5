"""Images that a container engine holds, asked for by name and read as the archive it saves."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import msgspec

from distil.errors import NotSaved, UnreadablePlace
from distil.image.docker_socket import answer_over_socket
from distil.image.engine import last_line, probe
from distil.image.staging import reporting
from distil.model.digest import Digest
from distil.model.reference import Location, Transport

_VERSION: Final = {"docker": "{{.Server.Version}}", "podman": "{{.Client.Version}}"}
_ENGINES: Final = {Transport.DOCKER_DAEMON: "docker", Transport.CONTAINERS_STORAGE: "podman"}


class _Inspected(msgspec.Struct, rename="pascal"):
    """What Docker's API says of an image, as far as it matters here."""

    id: str


@contextlib.contextmanager
def on_disk(location: Location) -> Iterator[Location]:
    """`location`, or while the block lasts a docker-archive of the image that an engine has there.

    Raises `NoEngine`, `NotSaved` when the engine does not give the image out, `UnreadablePlace`
    for a registry, and `DiskFull`.
    """
    if location.transport.is_file:
        yield location
        return
    engine = _engine_of(location)
    with tempfile.TemporaryDirectory(prefix="distil-image-") as directory:
        path = Path(directory, "image.tar")
        with reporting(path), path.open("wb") as archive:
            _save(engine, str(location.name), archive)
        yield Location(Transport.DOCKER_ARCHIVE, str(path))


def image_id(location: Location) -> Digest:
    """The ID that the engine knows its image by: the digest of a configuration or a manifest.

    Raises `NoEngine`, `NotSaved`, `UnreadablePlace`.
    """
    engine, name = _engine_of(location), str(location.name)
    program = shutil.which(engine)
    if program is None and engine == "docker":
        data = b"".join(answer_over_socket(f"/images/{quote(name, safe='')}/json", name))
        text = msgspec.json.decode(data, type=_Inspected).id
    else:
        done = _run(engine, ["image", "inspect", "--format", "{{.Id}}", name], name)
        text = done.decode("ascii", "replace").strip()
    return Digest.from_hex(text.removeprefix("sha256:"))


def _engine_of(location: Location) -> str:
    if location.transport not in _ENGINES:
        raise UnreadablePlace(
            str(location),
            "distil does not read from registries",
            hint=f"`skopeo copy {location} oci:DIR:TAG`, then read oci:DIR:TAG",
        )
    return _ENGINES[location.transport]


def _save(engine: str, name: str, archive: BinaryIO) -> None:
    if engine == "docker" and shutil.which(engine) is None:
        archive.writelines(answer_over_socket(f"/images/{quote(name, safe='')}/get", name))
    else:
        _run(engine, ["save", name], name, archive)


def _run(engine: str, arguments: list[str], name: str, out: BinaryIO | None = None) -> bytes:
    """What a command of the engine prints, or b"" when that goes to the file `out`."""
    program = shutil.which(engine) or engine
    probe(engine, [program, "version", "--format", _VERSION[engine]])
    done = subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=out or subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise NotSaved(engine, name, last_line(done.stderr))
    return done.stdout or b""
