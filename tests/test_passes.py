"""The tests in two passes: what was skipped on a bare machine runs where everything is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT

MODULES = {
    "test_some": """
        import os, pytest
        bare = "BARE" in os.environ
        def test_runs(): pass
        @pytest.mark.skipif(bare, reason="mark")
        def test_marked(): pass
        def test_inside(): bare and pytest.skip("inside")
        @pytest.fixture
        def thing(): bare and pytest.skip("fixture")
        @pytest.mark.xdist_group("one")
        @pytest.mark.parametrize("n", [1, 2])
        def test_with(thing, n): pass
        @pytest.mark.xdist_group("one")
        def test_grouped(): pass
        @pytest.mark.parametrize("found", ["a@b"] if bare else ["a@b", "c"])
        def test_found(found): pass
        @pytest.mark.xfail
        def test_expected_to_fail(): assert False
        @pytest.mark.skip(reason="thorough")
        def test_never(): pass
    """,
    "test_module": """
        import os, pytest
        if "BARE" in os.environ: pytest.skip("module", allow_module_level=True)
        def test_whole(): pass
    """,
}


def passed(directory: Path, *options: str, **variables: str) -> set[str]:
    """The tests that ran in a pass over `directory`."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.passes", "-v", "-rN", *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        [*command, "--rootdir", directory, "--confcutdir", directory, "-c", "/dev/null", directory],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line for line in done.stdout.splitlines() if "PASSED" in line or "XFAIL" in line]
    return {
        word.rpartition("::")[2].removesuffix("@one")
        for line in ran
        for word in line.split()
        if "::" in word
    }


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadgroup")])
def test_each_runs_once(tmp_path: Path, options: tuple[str, ...]) -> None:
    for name, text in MODULES.items():
        lines = [line.removeprefix(" " * 8) for line in text.splitlines()]
        (tmp_path / f"{name}.py").write_text("\n".join(lines))
    noted = tmp_path / "noted"
    first = passed(tmp_path, *options, BARE="1", DISTIL_TESTS_RUN_TO=str(noted))
    assert first == {"test_runs", "test_grouped", "test_found[a@b]", "test_expected_to_fail"}
    second = passed(tmp_path, *options, DISTIL_TESTS_RUN=str(noted))
    assert second == {
        *("test_marked", "test_inside", "test_with[1]", "test_with[2]"),
        *("test_found[c]", "test_whole"),
    }
