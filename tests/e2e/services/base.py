"""The shape of a service's work: it keeps data on a volume, and clients of its own talk to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from tests.e2e.workloads import Surroundings
from tests.support.authority import Authority
from tests.support.runners import BuiltImage, Launch, Mount, Runner, Running, image_config
from tests.support.tools import tool

C = TypeVar("C")

USER = 65532
TLS = "/run/tls"
"""Where a container finds ``authority.pem``, ``server.pem`` and ``server.key``."""
START_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """Where a client finds the service, and the root file system that has its programs."""

    host: str
    root: Path
    authority: Authority


@dataclass(frozen=True)
class State:
    """What outlives a container: its volume, and keys for TLS."""

    data: Path
    tls: Path
    authority: Authority

    @classmethod
    def made(cls, directory: Path, authority: Authority) -> State:
        """An empty volume of the image's user, with the authority's files beside it."""
        state = cls(directory / "data", directory / "tls", authority)
        for place in (state.data, state.tls):
            place.mkdir(parents=True)
            os.chown(place, USER, USER)
        for source, name in (
            (authority.certificate, "authority.pem"),
            (authority.server_certificate, "server.pem"),
            (authority.server_key, "server.key"),
        ):
            shutil.copy(source, state.tls / name)
            (state.tls / name).chmod(0o600)
            os.chown(state.tls / name, USER, USER)
        return state


class Service(ABC, Generic[C]):
    """One example of a Debian service."""

    example: str
    volume: str
    """Where its data are."""
    spared: Mapping[str, str] = {}
    """Patterns of paths that it does without at level reachable, each with the reason."""

    def launch(self, state: State) -> Launch:
        """How to start it on `state`."""
        return Launch(
            environment=self.environment(),
            arguments=self.arguments(),
            mounts=(Mount(state.data, self.volume, writable=True), Mount(state.tls, TLS)),
        )

    def environment(self) -> dict[str, str]:
        """The variables that configure it."""
        return {}

    @abstractmethod
    def arguments(self) -> tuple[str, ...]:
        """Words behind the entrypoint: TLS and a password."""

    @abstractmethod
    def client(self, place: Place) -> C:
        """What talks to it."""

    @abstractmethod
    def answers(self, client: C) -> bool:
        """Whether it serves by now."""

    @abstractmethod
    def exercise(self, client: C) -> None:
        """Use all of it; raises AssertionError where it does not do its work."""

    @abstractmethod
    def check_kept(self, client: C) -> None:
        """What `exercise` has stored is there."""

    @abstractmethod
    def reload(self, running: Running, client: C) -> None:
        """Signals that it goes on after."""

    def await_answer(self, running: Running, client: C) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(client):
            assert time.monotonic() < deadline, running.logs()
            time.sleep(0.1)


def work(
    service: Service[C], runner: Runner, image: BuiltImage, around: Surroundings, clients: Path
) -> None:
    """Start `service` on an empty volume, use it, stop it, start it again, kill it, start it.

    `clients` is a root file system with its client programs.
    """
    with tempfile.TemporaryDirectory(prefix="distil-state-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        _work(service, runner, image, State.made(Path(directory), around.authority), clients)


def _work(
    service: Service[C], runner: Runner, image: BuiltImage, state: State, clients: Path
) -> None:
    def with_client(task: Callable[[Running, C], None], *, killed: bool = False) -> None:
        running = runner.start(image, service.launch(state))
        host = str(urlsplit(running.url).hostname)
        client = service.client(Place(host, clients, state.authority))
        status = None
        try:
            service.await_answer(running, client)
            _check_health(image, running)
            task(running, client)
            assert "Read-only file system" not in running.logs()
        except BaseException:
            print(running.logs())
            raise
        finally:
            if killed:
                os.kill(running.pid, signal.SIGKILL)
            status = running.stop()
        assert killed or status == 0, f"exit status {status}:\n{running.logs()}"

    with_client(lambda _, client: service.exercise(client))
    with_client(lambda _, client: service.check_kept(client))
    with_client(service.reload, killed=True)
    with_client(lambda _, client: service.check_kept(client))


def _check_health(image: BuiltImage, running: Running) -> None:
    """Run the image's health check in the container, as engines do."""
    how, *words = image_config(image)["Healthcheck"]["Test"]
    assert how == "CMD"
    variables = Path(f"/proc/{running.pid}/environ").read_text().split("\0")
    inside = ("-m", "-u", "-i", "-n", "-p", "-r", "-w", "-S", str(USER), "-G", str(USER))
    done = subprocess.run(
        [tool("nsenter"), "-t", str(running.pid), *inside, "--", *words],
        env=dict(variable.split("=", 1) for variable in variables if variable),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
