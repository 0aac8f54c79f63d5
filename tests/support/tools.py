"""Other people's tools that tests hold distil's output against.

A tool is looked for in `.tools/bin` of the checkout (`scripts/debian-tool` puts it there),
then on PATH. A missing one skips its test; with DISTIL_REQUIRE_TOOLS=1, as in CI, it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"


def installed(name: str) -> str | None:
    """The path of `name`, None when it is not installed."""
    places = os.pathsep.join([str(TOOLS), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return shutil.which(name, path=places)


def needs(name: str) -> pytest.MarkDecorator:
    """A mark for tests that `tool(name)` would skip or fail."""
    absent = installed(name) is None and not _demanded()
    return pytest.mark.skipif(absent, reason=f"{name} is not installed")


def tool(name: str) -> str:
    """The path of `name`; skips or fails the calling test when it is not installed."""
    found = installed(name)
    if found is None:
        missing(f"{name} is not installed")
    return found


def missing(why: str) -> NoReturn:
    """Skip the calling test for want of a tool, or fail it where every tool must be there."""
    if _demanded():
        pytest.fail(f"{why}, and DISTIL_REQUIRE_TOOLS=1 demands it", pytrace=False)
    pytest.skip(why)


def _demanded() -> bool:
    return os.environ.get("DISTIL_REQUIRE_TOOLS") == "1"


def run_tool(name: str, *args: str | Path, timeout: float = 120) -> str:
    """Run a tool that must succeed; its standard output."""
    command = [tool(name), *map(str, args)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
