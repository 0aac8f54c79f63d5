"""The examples, built by distil, do their work under every runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.images import Build
from tests.e2e.workloads import WORKLOADS, Surroundings
from tests.support.browser import Browser, await_answer
from tests.support.runners import Launch, Runner

pytestmark = [pytest.mark.engine, pytest.mark.network]

EXAMPLES = sorted(WORKLOADS)
FOREIGN_USER = "1000680000:0"
"""As OpenShift has it: any uid, unknown in the image, and the group root."""


@pytest.mark.parametrize(
    ("form", "user"),
    [("production", None), ("production", FOREIGN_USER), ("debug", None)],
    ids=["production", "production-foreign-user", "debug"],
)
@pytest.mark.parametrize("example", EXAMPLES)
def test_works_with_a_read_only_root(
    example: str,
    form: str,
    user: str | None,
    runner: Runner,
    built: Callable[[str], Build],
    around: Surroundings,
) -> None:
    _work(example, form, runner, built, around, user=user)


@pytest.mark.parametrize("example", EXAMPLES)
def test_works_without_a_writable_tmp(
    example: str, runc_runner: Runner, built: Callable[[str], Build], around: Surroundings
) -> None:
    # With runc alone: podman would mount a /tmp of its own.
    _work(example, "production", runc_runner, built, around, tmpfs=())


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_that_is_not_needed_is_called_missing(
    example: str, built: Callable[[str], Build]
) -> None:
    assert built(example).report["lacking"] == []


def _work(
    example: str,
    form: str,
    runner: Runner,
    built: Callable[[str], Build],
    around: Surroundings,
    **changes: Any,
) -> None:
    workload = WORKLOADS[example]
    image = built(example).form(form)
    launch: Launch = replace(workload.launch(around), **changes)
    workload.prepare(lambda once: runner.run(image, once), launch)
    running = runner.start(image, launch)
    try:
        await_answer(running.url)
        workload.exercise(Browser(running.url), around)
        assert "Read-only file system" not in running.logs()
        assert "Traceback" not in running.logs()
    except BaseException:
        print(running.logs())
        raise
    finally:
        status = running.stop()
    assert status == 0, "SIGTERM did not end it in the grace period"
