"""Container engines for tests: each with storage of its own, gone when the session ends.

`docker` and `podman` are session fixtures, known to every test. Containers use the
host's network (``--network host``): the engines get no bridge, so that several test processes
do not quarrel about one, and nothing of the host's network is changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.tools import missing, tool

START_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """How to call one engine: the command before the verb, and what every ``run`` needs."""

    name: str
    command: tuple[str, ...]
    run_options: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def call(self, *args: str | Path, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a verb of the engine, whatever its exit status."""
        return subprocess.run(
            [*self.command, *map(str, args)],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def output(self, *args: str | Path, timeout: float = 180) -> str:
        """Run a verb that must succeed; its standard output."""
        done = self.call(*args, timeout=timeout)
        assert done.returncode == 0, f"{self.name} {args}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def run(self, image: str, *args: str, options: tuple[str, ...] = ()) -> str:
        """Run a container to its end, which must be good; its standard output."""
        return self.output("run", "--rm", *self.run_options, *options, image, *args)


@pytest.fixture(scope="session")
def docker() -> Iterator[Engine]:
    """A Docker engine of this session alone (dockerd, as root)."""
    with docker_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def podman() -> Iterator[Engine]:
    """Podman with image and container storage of this session alone."""
    with podman_engine() as engine:
        yield engine


@contextmanager
def docker_engine() -> Iterator[Engine]:
    """Start dockerd with storage of its own; end it and remove all it had."""
    client, daemon = tool("docker"), tool("dockerd")
    if os.geteuid() != 0:
        missing("starting dockerd needs root")
    # Not pytest's directory: the socket's path has to stay below 108 bytes.
    root = Path(tempfile.mkdtemp(prefix="distil-docker-", dir="/tmp"))
    socket = f"unix://{root}/docker.sock"
    options = ["--iptables=false", "--ip6tables=false", "--bridge=none", "-H", socket]
    options += [f"--{name}={root / name}" for name in ("data-root", "exec-root", "pidfile")]
    engine = Engine(
        "docker",
        (client, "--host", socket),
        ("--network", "host"),
        {"DOCKER_HOST": socket, "DOCKER_CONFIG": str(root / "config")},
    )
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(  # own session: a SIGINT of the terminal is not for it
            [daemon, *options], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _await_docker(engine, process, root / "log")
        yield engine
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _remove(root)


def _await_docker(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while engine.call("version").returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            missing(f"dockerd does not start here:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


@contextmanager
def podman_engine() -> Iterator[Engine]:
    """Podman with storage of its own, removed at the end."""
    program = tool("podman")
    root = Path(tempfile.mkdtemp(prefix="distil-podman-", dir="/tmp"))
    command = [program, "--root", root / "storage", "--runroot", root / "run"]
    if os.geteuid() == 0 and shutil.which("runc", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        command += ["--runtime", "runc"]
    command += ["--cgroup-manager", "cgroupfs"]
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
    engine = Engine("podman", tuple(map(str, command)), ("--network", "host", *limits))
    info = engine.call("info")
    if info.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        missing(f"podman does not work here:\n{info.stderr[-2000:]}")
    try:
        yield engine
    finally:
        # Not `system reset`: it also takes the locks away that all podmans of the machine share.
        engine.call("rm", "--all", "--force")
        engine.call("rmi", "--all", "--force")
        _remove(root)


def _remove(root: Path) -> None:
    """Remove an engine's storage; what it left mounted there (network namespaces) first."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((m for m in mounts if m.startswith(f"{root}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
    shutil.rmtree(root, ignore_errors=True)
