"""The shape of a workload, and what stands around the container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from tests.support.authority import Authority, Service
from tests.support.browser import Browser
from tests.support.postgres import Database
from tests.support.runners import Completed, Launch, Mount

AUTHORITY_PATH = "/run/authority.pem"
"""Where a container finds the certificate of the private authority."""


@dataclass(frozen=True)
class Surroundings:
    """What the containers of a test session talk to."""

    authority: Authority
    service: Service
    database: Database | None
    """Absent where no workload of the session wants one."""
    broker: str = ""
    """URL of a Redis server; empty where no workload of the session wants one."""


class Workload(ABC):
    """One example: how it is started, and requests that show that all of it works."""

    example: str
    """Directory below ``examples``."""
    preparations: tuple[tuple[str, ...], ...] = ()
    """Commands to run in the image beforehand, in place of its entrypoint."""
    spared: ClassVar[Mapping[str, str]] = {}
    """Patterns of paths that it does without at level reachable, each with the reason."""

    def launch(self, around: Surroundings) -> Launch:
        """How to start the example, connected to its surroundings."""
        return Launch(
            environment={"SSL_CERT_FILE": AUTHORITY_PATH, **self.environment(around)},
            mounts=(Mount(around.authority.certificate, AUTHORITY_PATH),),
        )

    @abstractmethod
    def environment(self, around: Surroundings) -> dict[str, str]:
        """The variables that configure the example."""

    def prepare(self, run: Callable[[Launch], Completed], launch: Launch) -> None:
        """Run, one after the other, what has to be run before the example serves."""
        for command in self.preparations:
            done = run(replace(launch, entrypoint=command))
            assert done.status == 0, f"{command}:\n{done.output}{done.errors}"

    @abstractmethod
    def exercise(self, browser: Browser, around: Surroundings) -> None:
        """Use the running example; raises AssertionError where it does not do its work."""
