"""Loading images into the container engine that is there.

An engine gets the same archive that ``docker-archive:`` writes, streamed: to ``docker load`` or
``podman load``, or, where only Docker's socket is there, to its API (``POST /images/load``).
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import Final

from distil.errors import EngineFailed, NoEngine
from distil.image.archive import archive_stream
from distil.image.naming import NamedImage

_PROBE_SECONDS: Final = 20
_ANSWER_LIMIT: Final = 1 << 20


def load(images: Sequence[NamedImage]) -> str:
    """Load `images` into Docker if it answers, otherwise into podman; the engine's name.

    Raises `NoEngine` when neither is there, `EngineFailed` when the one found refuses,
    `UnsupportedDestination` for what no engine could load.
    """
    tried: list[str] = []
    for name, attempt in (("docker", load_docker), ("podman", load_podman)):
        try:
            attempt(images)
        except NoEngine as error:
            tried += error.tried
        else:
            return name
    raise NoEngine(tried)


def load_docker(images: Sequence[NamedImage]) -> None:
    """Load `images` into the Docker engine of DOCKER_HOST, the docker context, or the socket.

    Raises `NoEngine`, `EngineFailed`, `UnsupportedDestination`.
    """
    pieces = archive_stream(images, docker=True)
    program = shutil.which("docker")
    if program is None:
        from distil.image.docker_socket import load_over_socket

        load_over_socket(pieces)
        return
    probe("docker", [program, "version", "--format", "{{.Server.Version}}"])
    _pipe("docker", [program, "load", "--quiet"], pieces)


def load_podman(images: Sequence[NamedImage]) -> None:
    """Load `images` into podman's storage.

    Raises `NoEngine`, `EngineFailed`, `UnsupportedDestination`.
    """
    # Podman takes a hybrid with one image for an oci-archive and names it otherwise than one
    # with several (docker.io/library/… and localhost/…), so it gets the one form only.
    pieces = archive_stream(images, docker=True, layout=False)
    program = shutil.which("podman")
    if program is None:
        raise NoEngine(["podman is not installed"])
    probe("podman", [program, "version", "--format", "{{.Client.Version}}"])
    _pipe("podman", [program, "load", "--quiet"], pieces)


def probe(engine: str, command: Sequence[str]) -> None:
    """Raise `NoEngine` unless `command`, which asks for the engine's version, is answered."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoEngine([f"{engine} does not answer within {_PROBE_SECONDS} s"]) from None
    except OSError as error:
        raise NoEngine([f"{engine}: {error.strerror}"]) from error
    if done.returncode:
        raise NoEngine([f"{engine}: {last_line(done.stderr)}"])


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
            raise EngineFailed(engine, last_line(errors.read(_ANSWER_LIMIT)))


def last_line(output: bytes) -> str:
    """What a command said last, which is where it says why it failed."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
