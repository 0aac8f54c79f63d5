"""Real applications run, and everything they open or import is in what we would keep.

Each application exercises the distributions whose rule files name it. It runs under the
interpreter of the tests, with an audit hook that writes down what is opened, children included.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from uv import find_uv_bin

from distil.model.node import Kind
from distil.model.origin import ApplicationOrigin
from distil.model.tree import Tree
from distil.runtimes.python.reach import Analyses, PythonCommand, reach_python
from tests.support.python_tree import directory_nodes, host_interpreter, host_library

HERE = Path(__file__).parent
NAMES = sorted(path.name for path in (HERE / "applications").iterdir() if path.is_dir())
INTERPRETER = host_interpreter()
SITE = f"/usr/local/lib/python{INTERPRETER.line}/dist-packages"
LIBRARY = f"/usr/lib/python{INTERPRETER.line}"

WATCH = """
import os, runpy, sys
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def watch(event, arguments):
    if event in ("open", "import"):
        path = arguments[0] if event == "open" else arguments[1]
        if isinstance(path, str):
            os.write(log, (os.path.abspath(path) + "\\n").encode("utf-8", "replace"))
started = [getattr(module, "__file__", None) for module in sys.modules.values()]
sys.addaudithook(watch)
os.write(log, "".join(f"{path}\\n" for path in started if path).encode())
sys.path[:0] = [os.getcwd(), sys.argv.pop(1)]
sys.argv[:] = ["main.py"]
runpy.run_path("main.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def library() -> Tree:
    return Tree(host_library())


@pytest.mark.network
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_run_opens_is_left_out(name, tmp_path, library):
    application = HERE / "applications" / name
    site = tmp_path / "site"
    site.mkdir()
    requirements = application / "requirements.txt"
    if requirements.read_text():
        install = [find_uv_bin(), "pip", "install", "-q", "--only-binary", ":all:"]
        options = ["--target", site, "--python", sys.executable, "-r", requirements]
        subprocess.run([*install, *options], check=True)
    opened = run(application, site, tmp_path)
    tree = library.merge(
        Tree(
            [
                *directory_nodes(site, SITE),
                *(
                    msgspec.structs.replace(node, origin=ApplicationOrigin(node.name))
                    for node in directory_nodes(application, "/app")
                ),
            ]
        )
    )
    found = reach_python(
        tree, PythonCommand(("python3", "/app/main.py")), INTERPRETER, analyses=Analyses()
    )
    assert [str(one) for one in found.unresolved] == []
    files = {node.path for node in tree if node.kind is not Kind.DIRECTORY}
    missed = sorted(path for path in opened & files if path not in found.kept)
    used = [path for path in missed if not path.endswith(".dist-info/entry_points.txt")]
    assert used == [], "the run opened these"
    assert len(opened & files) > 20


def fields(node) -> dict[str, object]:
    return {name: getattr(node, name) for name in node.__struct_fields__}


def run(application: Path, site: Path, tmp_path: Path) -> set[str]:
    """The paths that a run of `application` opened, as the tree has them."""
    log = tmp_path / "opened"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MPLCONFIGDIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-S", "-c", WATCH, log, site],
        cwd=application,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    library = str(Path(os.__file__).parent)
    places = ((str(site), SITE), (str(application), "/app"), (library, LIBRARY))
    opened = set()
    for path in log.read_text().splitlines():
        for source, destination in places:
            if path.startswith(source + "/"):
                opened.add(destination + path[len(source) :])
                break
    return opened
