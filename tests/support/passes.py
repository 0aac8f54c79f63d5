"""The tests in two passes, each test in one of them.

With ``DISTIL_TESTS_RUN_TO=FILE`` the names of the tests that ran are added to FILE: those that
were not skipped, one a line. With ``DISTIL_TESTS_RUN=FILE`` those named there are not run again,
and what is left is whatever was skipped, for any reason and wherever it was said, or did not
exist. ``.ci/run`` goes over a bare machine first and then over this one.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

_NAME = pytest.StashKey[str]()
"""As collected: xdist adds the group."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        item.stash[_NAME] = item.nodeid
    before = os.environ.get("DISTIL_TESTS_RUN")
    if not before:
        return
    run = set(Path(before).read_text("utf-8").split("\n"))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in run])
    items[:] = [item for item in items if item.nodeid not in run]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    noted = os.environ.get("DISTIL_TESTS_RUN_TO")
    expected_to_fail = hasattr(report, "wasxfail")
    if noted and report.when == "call" and (expected_to_fail or not report.skipped):
        # One write below the size of a pipe: the workers' lines do not mix (write(2), O_APPEND).
        with open(noted, "a", encoding="utf-8") as stream:
            stream.write(f"{item.stash[_NAME]}\n")
    return report
