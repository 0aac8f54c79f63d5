"""The script of `docs/guides/ci.md`, word for word, in a clone of an example without privileges."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT, run_tool, tool

GUIDE = ROOT / "docs" / "guides" / "ci.md"


def script() -> str:
    """The one shell script of the guide."""
    (found,) = re.findall(r"(?s)^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE)
    return str(found)


def recipes() -> list[str]:
    return re.findall(r"(?s)^```yaml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE)


def test_both_recipes_run_the_script_and_keep_what_it_keeps() -> None:
    assert len(recipes()) == 2
    for recipe in recipes():
        assert "sh ci/image.sh" in recipe
        for place in (".distil/cache", ".distil/uv", ".distil/image"):
            assert place in recipe
            assert place in script()
        for variable in ("NAME", "VERSION"):
            assert f"{variable}:" in recipe
            assert f"${variable}" in script()


@pytest.mark.network
def test_the_script_builds_an_image_without_privileges(tmp_path: Path) -> None:
    """Twice, the second time with what the first one left, as from a CI's cache."""
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "flask-hello", project)
    (project / "ci").mkdir()
    (project / "ci" / "image.sh").write_text(script())
    name = "registry.example.org/team/hello"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "NAME": name,
        "VERSION": "1.0",
        "DISTIL": str(next(wheels.iterdir())),
    }
    for variable in ("DISTIL_CACHE_DIR", "UV_CACHE_DIR"):
        environment.pop(variable, None)
    unprivileged = [tool("setpriv"), "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    for _ in range(2):
        done = subprocess.run(
            [*unprivileged, "sh", "ci/image.sh"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "oci:.distil/image:1.0\n" in done.stdout
    for tag in ("1.0", "1.0-debug"):
        target = f"dir:{tmp_path / tag}"
        run_tool("skopeo", "copy", f"oci:{project}/.distil/image:{tag}", target)
    files = run_tool(
        sys.executable, "-m", "distil", "why", f"oci:{project}/.distil/image:1.0", "--removed"
    )
    assert ".distil" not in files
