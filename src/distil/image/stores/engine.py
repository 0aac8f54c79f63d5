"""Container engines: what is loaded into them, and what they save.

An engine gets the same archive that ``docker-archive:`` writes, streamed: to ``docker load`` or
``podman load``, or, where only Docker's socket is there, to its API (``POST /images/load``).
What it has is read as the docker-archive that it saves.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final
from urllib.parse import quote

import msgspec

from distil.image.errors import EngineFailed, NoEngine, NotSaved
from distil.image.naming import NamedImage
from distil.image.staging import reporting
from distil.image.stores import Source, Store
from distil.image.stores.docker_archive import DockerArchive, docker_documents
from distil.image.stores.layout import layout_documents
from distil.image.stores.oci_archive import archive_stream
from distil.model.digest import Digest
from distil.model.reference import Location, Transport

if TYPE_CHECKING:
    from distil.image.stores.docker_socket import EngineInformation

_PROBE_SECONDS: Final = 20
_ANSWER_LIMIT: Final = 1 << 20


class _Inspected(msgspec.Struct, rename="pascal"):
    """What Docker's API says of an image, as far as it matters here."""

    id: str


class _Engine(Store):
    """What engines have in common that are spoken to by a command of their name."""

    is_oci = False
    is_engine = True
    program: ClassVar[str]
    version: ClassVar[str]
    """What its command is asked, so that it shows whether the engine is there."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        with tempfile.TemporaryDirectory(prefix="distil-image-") as directory:
            path = Path(directory, "image.tar")
            with reporting(path), path.open("wb") as archive:
                self._save(archive)
            with DockerArchive(Location(Transport.DOCKER_ARCHIVE, str(path))).opened() as source:
                yield source

    def image_id(self) -> Digest:
        return Digest.from_hex(self._inspected().strip().removeprefix("sha256:"))

    def address(self, image: NamedImage) -> Location:
        return Location(self.location.transport, name=image.name)

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        self.load(images)
        yield

    def load(self, images: Sequence[NamedImage]) -> None:
        """Load `images`. Raises `NoEngine`, `EngineFailed`, `UnsupportedDestination`."""
        pieces = archive_stream(images, self._documents(images))
        self._probe()
        _pipe(self.program, [self._command, "load", "--quiet"], pieces)

    @property
    def _command(self) -> str:
        return shutil.which(self.program) or self.program

    def _documents(self, images: Sequence[NamedImage]) -> dict[str, bytes]:
        """What the engine gets beside the blobs."""
        return docker_documents(images)

    def _inspected(self) -> str:
        """The ID of the image, as the engine writes it."""
        arguments = ["image", "inspect", "--format", "{{.Id}}", str(self.location.name)]
        return self._said(arguments).decode("ascii", "replace")

    def _save(self, archive: BinaryIO) -> None:
        self._said(["save", str(self.location.name)], archive)

    def _said(self, arguments: list[str], out: BinaryIO | None = None) -> bytes:
        """What the command prints, or b"" when that goes to the file `out`."""
        self._probe()
        done = subprocess.run(
            [self._command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise NotSaved(self.program, str(self.location.name), _last_line(done.stderr))
        return done.stdout or b""

    def _probe(self) -> None:
        _answer(self.program, ["version", "--format", self.version], _PROBE_SECONDS)


class Docker(_Engine):
    """The Docker engine of DOCKER_HOST, the docker context, or the socket."""

    program = "docker"
    version = "{{.Server.Version}}"

    def load(self, images: Sequence[NamedImage]) -> None:
        if shutil.which(self.program):
            super().load(images)
            return
        from distil.image.stores.docker_socket import load_over_socket

        load_over_socket(archive_stream(images, self._documents(images)))

    def _documents(self, images: Sequence[NamedImage]) -> dict[str, bytes]:
        return {**layout_documents(images), **docker_documents(images)}

    def _inspected(self) -> str:
        if shutil.which(self.program):
            return super()._inspected()
        return msgspec.json.decode(b"".join(self._told("json")), type=_Inspected).id

    def _save(self, archive: BinaryIO) -> None:
        if shutil.which(self.program):
            super()._save(archive)
        else:
            archive.writelines(self._told("get"))

    def _told(self, what: str) -> Iterator[bytes]:
        """What the API says of the image."""
        from distil.image.stores.docker_socket import answer_over_socket

        name = str(self.location.name)
        return answer_over_socket(f"/images/{quote(name, safe='')}/{what}", name)


class Podman(_Engine):
    """Podman's storage.

    Podman takes a hybrid with one image for an oci-archive and names it otherwise than one with
    several (docker.io/library/… and localhost/…), so it gets the one form only.
    """

    program = "podman"
    version = "{{.Client.Version}}"

    def load(self, images: Sequence[NamedImage]) -> None:
        if shutil.which(self.program) is None:
            raise NoEngine(["podman is not installed"])
        super().load(images)


ENGINES: Final = (
    Docker(Location(Transport.DOCKER_DAEMON)),
    Podman(Location(Transport.CONTAINERS_STORAGE)),
)
"""Those that an image can be loaded into under any name, in the order in which they are tried."""


def load(images: Sequence[NamedImage]) -> str:
    """Load `images` into Docker if it answers, otherwise into podman; the engine's name.

    Raises `NoEngine` when neither is there, `EngineFailed` when the one found refuses,
    `UnsupportedDestination` for what no engine could load.
    """
    tried: list[str] = []
    for engine in ENGINES:
        try:
            engine.load(images)
        except NoEngine as error:
            tried += error.tried
        else:
            return engine.program
    raise NoEngine(tried)


def docker_information(seconds: float) -> EngineInformation:
    """What the Docker engine says of itself within `seconds`. Raises `NoEngine`."""
    from distil.image.stores.docker_socket import EngineInformation, engine_information

    if shutil.which("docker") is None:
        return engine_information(seconds)
    said = _answer("docker", ["info", "--format", "{{json .}}"], seconds)
    try:
        return msgspec.json.decode(said, type=EngineInformation)
    except msgspec.MsgspecError as error:
        raise NoEngine(["docker: its answer makes no sense"]) from error


def _answer(engine: str, arguments: Sequence[str], seconds: float) -> bytes:
    """What the command of `engine` prints within `seconds`. Raises `NoEngine` when it fails."""
    try:
        done = subprocess.run(
            [shutil.which(engine) or engine, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoEngine([f"{engine} does not answer within {seconds} s"]) from None
    except OSError as error:
        raise NoEngine([f"{engine}: {error.strerror}"]) from error
    if done.returncode:
        raise NoEngine([f"{engine}: {_last_line(done.stderr)}"])
    return done.stdout


def _pipe(engine: str, command: Sequence[str], pieces: Iterator[bytes]) -> None:
    """Stream the archive to a command; any error of ours ends the command unfinished."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        ) as process,
    ):
        stdin = process.stdin
        assert stdin is not None  # noqa: S101 - PIPE was asked for
        try:
            # A command that ends early says why; the pipe it leaves broken is not the news.
            with contextlib.suppress(BrokenPipeError):
                for piece in pieces:
                    stdin.write(piece)
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
        status = process.wait()
        errors.seek(0)
        if status:
            raise EngineFailed(engine, _last_line(errors.read(_ANSWER_LIMIT)))


def _last_line(output: bytes) -> str:
    """What a command said last, which is where it says why it failed."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
