"""The examples of Debian services, built by distil, do their work under every runner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.images import build
from tests.e2e.services import SERVICES
from tests.e2e.services.base import work
from tests.e2e.workloads import Surroundings
from tests.support.runners import RuncRunner, Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]


@pytest.fixture(scope="module")
def clients() -> Iterator[RuncRunner]:
    """Has root file systems with all programs of a service's packages."""
    runner = RuncRunner()
    yield runner
    runner.close()


@pytest.mark.parametrize("form", ["production", "debug"])
@pytest.mark.parametrize("example", sorted(SERVICES))
def test_works_and_keeps_its_data(
    example: str,
    form: str,
    runner: Runner,
    clients: RuncRunner,
    around: Surroundings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    images = tmp_path_factory.getbasetemp() / "images"
    whole, built = (build(example, level, images) for level in ("packages", "reachable"))
    root = clients.unpacked(whole.production) / "rootfs"
    work(SERVICES[example], runner, built.form(form), around, root)
