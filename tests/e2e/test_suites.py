"""The test-suites of the distributions in an image, run inside it at both levels.

Whatever passes in the image at level ``packages`` passes at level ``reachable`` too, and nothing
that the application reaches asks there in vain for what could be there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.subjects import SUBJECTS
from tests.e2e.suites.suite import Suite, compare, ledger_of, prepare, run
from tests.e2e.suites.table import SUITES
from tests.support.runners import BuiltImage, Mount, RuncRunner
from tests.support.sdists import install_locked

pytestmark = [pytest.mark.engine, pytest.mark.network]

ALWAYS = ("flask-hello-flask", "flask-hello-itsdangerous")
"""Part of every test run; the others take minutes."""
THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
NAMED = {suite.name: suite for suite in SUITES}
TOOLS = Path(__file__).parent / "suites" / "tools.txt"


@dataclass(frozen=True)
class Ready:
    """A suite with both images of its subject, and what is mounted beside them."""

    full: BuiltImage
    small: BuiltImage
    mounts: tuple[Mount, ...]


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pytest and what else the tests need, for the Python in the images."""
    directory = tmp_path_factory.mktemp("tools")
    install_locked(TOOLS, "3.13", directory)
    return directory


@pytest.fixture(scope="session")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the images of all suites are built, those of one subject once."""
    return tmp_path_factory.mktemp("layouts")


@pytest.fixture
def ready(
    tools: Path, layouts: Path, runc_runner: RuncRunner, tmp_path: Path
) -> Callable[[Suite], Ready]:
    """Build the images of a suite's subject, and bring the tests."""

    def make(suite: Suite) -> Ready:
        subject = SUBJECTS[suite.subject]
        full, small = (subject.image(level, layouts) for level in ("packages", "reachable"))
        prepare(suite, ledger_of(small), tmp_path / "suite")
        mounts = (
            Mount(tmp_path / "suite", "/suite"),
            Mount(tools, "/suite/packages"),
            Mount(runc_runner.unpacked(full) / "rootfs", "/suite/whole"),
        )
        return Ready(full, small, mounts)

    return make


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(s, id=name, marks=() if name in ALWAYS else (pytest.mark.thorough, THOROUGH))
        for name, s in NAMED.items()
    ],
)
def test_passes_at_both_levels(
    suite: Suite, ready: Callable[[Suite], Ready], runc_runner: RuncRunner
) -> None:
    it = ready(suite)
    whole, part = (run(suite, image, it.mounts, runc_runner) for image in (it.full, it.small))
    print(f"{suite.name}: {whole.passed.total()} of {len(whole.tests)} pass")
    assert whole.passed.total() > 0.5 * len(whole.tests), whole.text
    assert compare(suite, whole, part) == [], part.text


def test_what_was_removed_is_noticed(
    ready: Callable[[Suite], Ready], runc_runner: RuncRunner, tmp_path: Path
) -> None:
    suite = NAMED["flask-hello-itsdangerous"]
    it = ready(suite)
    damaged = BuiltImage(it.small.name, tmp_path / "copy", Path())
    damaged.layout.symlink_to(it.small.layout)  # another image to the runner, unpacked once more
    root = runc_runner.unpacked(damaged) / "rootfs"
    (root / "usr/lib/python3.13/hmac.py").unlink()
    whole, part = (run(suite, image, it.mounts, runc_runner) for image in (it.full, damaged))
    found = compare(suite, whole, part)
    assert any(line.startswith("hmac is not there for ") for line in found), found
    assert any("::" in line for line in found), "no test fails"
