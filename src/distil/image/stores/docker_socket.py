"""Docker's API where the docker command is missing, over the unix socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Final

import msgspec

from distil.image.errors import EngineFailed, NoEngine, NotSaved

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
_ANSWER_LIMIT: Final = 1 << 20
_PIECE: Final = 1 << 18


class _UnixConnection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, seconds: float | None = None) -> None:
        super().__init__("localhost")
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(self._path)


class _Answer(msgspec.Struct):
    """One line of what the engine answers: progress, or what went wrong."""

    error: str = ""
    message: str = ""


class EngineInformation(msgspec.Struct, frozen=True):
    """What an engine says of itself, as far as it is of use here."""

    version: str = msgspec.field(name="ServerVersion")
    options: list[str] | None = msgspec.field(name="SecurityOptions", default=None)

    @property
    def rootless(self) -> bool:
        """Whether the engine runs without root."""
        return any("rootless" in option for option in self.options or ())


def load_over_socket(archive: Iterator[bytes]) -> None:
    """Send `archive` to the engine at DOCKER_HOST. Raises `NoEngine`, `EngineFailed`."""
    path, connection = _connected()
    headers = {"Content-Type": "application/x-tar"}
    try:
        connection.request("POST", "/images/load?quiet=1", body=archive, headers=headers)
        response = connection.getresponse()
        failure = _failure(response.status, response.read(_ANSWER_LIMIT))
    except (OSError, HTTPException) as error:
        raise EngineFailed("docker", f"{path}: {error}") from error
    finally:
        connection.close()
    if failure:
        raise EngineFailed("docker", failure)


def answer_over_socket(target: str, image: str) -> Iterator[bytes]:
    """What the engine at DOCKER_HOST answers to ``GET target``, which is about `image`.

    Raises `NoEngine`, and `NotSaved` when it does not answer well.
    """
    path, connection = _connected()
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        if response.status != 200:
            why = _failure(response.status, response.read(_ANSWER_LIMIT))
            raise NotSaved("docker", image, why)
        while piece := response.read(_PIECE):
            yield piece
    except (OSError, HTTPException) as error:
        raise NotSaved("docker", image, f"{path}: {error}") from error
    finally:
        connection.close()


def engine_information(seconds: float) -> EngineInformation:
    """What the engine at DOCKER_HOST says of itself (``GET /info``) within `seconds`.

    Raises `NoEngine`.
    """
    path, connection = _connected(seconds)
    try:
        connection.request("GET", "/info")
        answer = connection.getresponse().read(_ANSWER_LIMIT)
        return msgspec.json.decode(answer, type=EngineInformation)
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise NoEngine([f"docker at {path}: its answer makes no sense"]) from error
    finally:
        connection.close()


def _connected(seconds: float | None = None) -> tuple[str, _UnixConnection]:
    """The socket's path, and a connection to it. Raises `NoEngine`."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if not host.startswith("unix://"):
        raise NoEngine([f"DOCKER_HOST is {host}, and the docker command is not installed"])
    path = host.removeprefix("unix://")
    connection = _UnixConnection(path, seconds)
    try:
        connection.connect()
    except OSError as error:
        raise NoEngine([f"docker at {path}: {error.strerror}"]) from error
    return path, connection


def _failure(status: int, answer: bytes) -> str:
    """What went wrong according to the engine; empty when nothing did."""
    found = ""
    for line in filter(None, answer.splitlines()):
        try:
            said = msgspec.json.decode(line, type=_Answer)
        except msgspec.MsgspecError:
            continue
        found = said.error or said.message or found
    return found or (f"HTTP {status}" if status != 200 else "")
