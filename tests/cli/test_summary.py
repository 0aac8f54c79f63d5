"""What a build says of itself: counts of what is in the image, and no warning that asks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.applications import FLASK
from tests.support.command import World

WORDS = b"# nothing imports this\n" * 50
COMPUTED = {
    "requirements.txt": f"{FLASK['requirements.txt']}used\n",
    "load.py": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n",
    "app.py": f"import load\nimport used\n{FLASK['app.py']}",
}


@pytest.fixture
def application(warm: World) -> Path:
    files = {"used/__init__.py": b"", "used/more.py": WORDS}
    warm.house.add("used", files=files, requires=["spare"])
    warm.house.add("spare", files={"spare/__init__.py": WORDS})
    return warm.app(COMPUTED)


def test_packages_are_those_of_the_image(warm: World) -> None:
    app = warm.app()
    found = warm.build(app).data
    assert len(found["packages"]) < len(found["plan"]["packages"])
    counts = f"{len(found['packages'])} Debian packages, {len(found['distributions'])} Python dist"
    assert counts in warm.distil("build", app, "-t", "a:1", "-o", "oci:out").stderr
    planned = f"{len(found['plan']['packages'])} Debian packages"
    text = warm.distil("build", app, "--dry-run").stdout
    (line,) = [line for line in text.splitlines() if planned in line]
    assert line.endswith("before anything is left out")


def test_what_computed_imports_keep_is_a_line_of_the_summary(
    warm: World, application: Path
) -> None:
    command = ("build", application, "-t", "a:1", "-o", "oci:out")
    said = warm.distil(*command).stderr
    assert "warning" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("  imports ")]
    assert "1 computed" in line
    assert "more (-v says where" in line
    detailed = warm.distil(*command, "-v").stderr
    assert "warning: the whole standard library is kept" in detailed
    assert detailed.count("/app/load.py:5") == 2


def test_the_size_of_what_computed_imports_keep(warm: World, application: Path) -> None:
    with_it = warm.build(application).data
    told = with_it["computedImports"]
    assert told["places"] == ["/app/load.py:5 import_module() in load"]
    (application / "load.py").write_text("")
    without = warm.build(application).data
    assert without["computedImports"] is None
    kept, left = (
        {one["name"]: one["size"] for one in found["distributions"]} for found in (with_it, without)
    )
    # What is used at all is kept whole in any case.
    assert kept["used"] == left["used"]
    assert len(WORDS) <= told["size"] <= kept["spare"] - left.get("spare", 0)
