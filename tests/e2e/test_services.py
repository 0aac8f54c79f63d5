"""The examples of Debian services, built by distil, do their work under every runner."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.images import build, distil
from tests.e2e.services import SERVICES
from tests.e2e.services.base import work
from tests.e2e.workloads import Surroundings
from tests.support.runners import RuncRunner, Runner
from tests.support.tools import ROOT

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


@pytest.mark.parametrize("example", sorted(SERVICES))
def test_is_the_same_from_another_directory(example: str, tmp_path: Path) -> None:
    digests = set()
    for place in ("one", "another/place"):
        source = tmp_path / place / example
        shutil.copytree(ROOT / "examples" / example, source)
        layout = tmp_path / place / "out"
        distil("build", str(source), "-t", f"{example}:1.0", "-o", f"oci:{layout}")
        index = json.loads((layout / "index.json").read_text())
        digests.add(tuple(sorted(one["digest"] for one in index["manifests"])))
    assert len(digests) == 1
