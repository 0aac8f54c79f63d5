"""Every way of running images that distil has, each as `distil run --with` takes it.

An engine gets storage of its own, as `tests.support.engines` gives it, through the settings that
its command reads by itself.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from distil.run.sandbox import able
from distil.run.task import Unable
from tests.support.command import DISTIL, Done
from tests.support.engines import docker_engine
from tests.support.tools import missing, tool

NAMES = ("sandbox", "runc", "podman", "docker")

_ENGINE = """
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
"""


@dataclass(frozen=True)
class Way:
    """A way of running images, and what distil needs to know to find it."""

    name: str
    environment: Mapping[str, str]

    @property
    def is_engine(self) -> bool:
        return self.name in ("podman", "docker")

    def command(self, *arguments: str) -> list[str]:
        return [DISTIL, "run", "--with", self.name, *arguments]

    def start(self, *arguments: str, **extra: object) -> subprocess.Popen[bytes]:
        """Start ``distil run``; it does not hear what a terminal sends to the tests."""
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **self.environment},
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **extra},  # type: ignore[call-overload]
        )

    def run(self, *arguments: str, given: str = "", timeout: float = 120) -> Done:
        """``distil run`` to its end."""
        done = subprocess.run(
            self.command(*arguments),
            env={**os.environ, **self.environment},
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def kept(self) -> str:
        """What the engine lists: its containers and its images."""
        program = tool(self.name)
        said = ""
        for question in (("ps", "--all", "--quiet"), ("images", "--all", "--quiet")):
            done = subprocess.run(
                [program, *question],
                env={**os.environ, **self.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            said += done.stdout or done.stderr  # It may stumble over what is just removed.
        return said.strip()


@contextmanager
def way_called(name: str, cache: Path) -> Iterator[Way]:
    """The way of that name, if this machine has it; distil's cache is `cache`."""
    known = {"DISTIL_CACHE_DIR": str(cache)}
    if name == "docker":
        with docker_engine() as engine:
            yield Way(name, {**known, **engine.environment})
    elif name == "podman":
        with _podman() as settings:
            yield Way(name, {**known, **settings})
    else:
        _demand(name)
        yield Way(name, known)


def _demand(name: str) -> None:
    found = able() if name == "sandbox" else None
    if isinstance(found, Unable):
        missing(f"no sandbox here: {found.reason}")
    if name == "runc":
        tool("runc")
        if os.geteuid() != 0:
            missing("runc with limits needs root")


@contextmanager
def _podman() -> Iterator[dict[str, str]]:
    program = tool("podman")
    with tempfile.TemporaryDirectory(
        prefix="distil-podman-", dir="/tmp", ignore_cleanup_errors=True
    ) as place:
        engine, storage = Path(place, "containers.conf"), Path(place, "storage.conf")
        engine.write_text(_ENGINE if os.geteuid() == 0 else "")
        storage.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{place}/storage"\nrunroot = "{place}/run"\n'
        )
        settings = {"CONTAINERS_CONF": str(engine), "CONTAINERS_STORAGE_CONF": str(storage)}
        environment = {**os.environ, **settings}
        told = subprocess.run([program, "info"], env=environment, capture_output=True, check=False)
        if told.returncode != 0:
            missing(f"podman does not work here:\n{told.stderr.decode()[-2000:]}")
        yield settings


@pytest.fixture(scope="module", params=[pytest.param(n, marks=pytest.mark.engine) for n in NAMES])
def way(request, tmp_path_factory) -> Iterator[Way]:
    """Each way there is, with a cache that `runnable` images are written into as well."""
    with way_called(request.param, tmp_path_factory.mktemp("cache")) as found:
        yield found
