"""Built examples, runners, and what stands around the containers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.images import Build, build
from tests.e2e.workloads import Surroundings
from tests.support.authority import make_authority, serve
from tests.support.postgres import postgres
from tests.support.runners import DockerRunner, PodmanRunner, RuncRunner, Runner

RUNNERS = ("runc", "podman", "docker")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Build]:
    """Build an example by its name, at level ``packages``; the second call finds it built."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    return lambda example: build(example, "packages", base / "images")


@pytest.fixture(scope="session")
def runc_runner() -> Iterator[Runner]:
    runner = RuncRunner()
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def podman_runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    runner = PodmanRunner(request.getfixturevalue("podman"))
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def docker_runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    runner = DockerRunner(request.getfixturevalue("docker"))
    yield runner
    runner.close()


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in RUNNERS]
)
def runner(request: pytest.FixtureRequest) -> Runner:
    """Each way to run images."""
    return request.getfixturevalue(f"{request.param}_runner")


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """A private authority, an HTTPS service and a database that it vouches for."""
    authority = make_authority(tmp_path_factory.mktemp("authority"))
    with ExitStack() as stack:
        service = stack.enter_context(serve(authority))
        database = stack.enter_context(postgres(authority))
        yield Surroundings(authority, service, database)
