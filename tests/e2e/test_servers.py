"""Servers of Debian's packages, with what is known of them and little else, under every runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.subjects import SUBJECTS
from tests.e2e.workloads import Surroundings
from tests.support.runners import Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]


@pytest.mark.parametrize("name", ["cache", "proxy", "scripts"])
def test_works_as_it_is(name: str, runner: Runner, around: Surroundings, tmp_path: Path) -> None:
    subject = SUBJECTS[name]
    subject.work(runner, subject.image("reachable", tmp_path), around)
