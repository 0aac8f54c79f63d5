"""Whether what Python code imports is there: no miss, and no false alarm."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from distil.model.image import ContainerConfig
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.reach.soundness import Fault
from distil.runtimes.python.faults import PythonWorld, python_faults, python_world
from distil.runtimes.python.reach import Analyses, PythonCommand, RuleSet, load_rules, reach_python
from distil.runtimes.python.reach.imports import gone_modules
from distil.runtimes.python.reach.installations import find_installations
from tests.support.nodes import file, special
from tests.support.python_tree import INTERPRETER, LIBRARY, SITE, python_tree

PROGRAM = "/usr/bin/python3.13"
LIBRARY_FILES = {f"encodings/{name}.py": "" for name in ("__init__", "aliases", "utf_8")}
COMMAND = ContainerConfig(entrypoint=(PROGRAM, "/app/main.py"), working_dir="/app")


def image(
    application: Mapping[str, str],
    distributions: Mapping[str, Mapping[str, str]] | None = None,
    library: Mapping[str, str] | None = None,
    *nodes: Node,
) -> Tree:
    tree = python_tree(application, {**LIBRARY_FILES, **(library or {})}, distributions)
    return tree.with_nodes(
        [file(PROGRAM, b"an interpreter", mode=0o755), link("/usr/bin/python3", PROGRAM), *nodes]
    )


def link(path: str, target: str) -> Node:
    return special(path, Kind.SYMLINK, target=target)


def script(path: str, text: str, program: str = "/usr/bin/python3") -> Node:
    return file(path, f"#!{program}\n{text}".encode(), mode=0o755)


def faults(tree: Tree, config: ContainerConfig = COMMAND) -> list[Fault]:
    installations = find_installations(tree)
    world = python_world(tree, installations, config, "x86_64")
    return python_faults(tree, {}, world, Analyses(), installations)


def missing(tree: Tree, config: ContainerConfig = COMMAND) -> set[tuple[str, str]]:
    """What is missing in which file, by their last parts."""
    found = set()
    for fault in faults(tree, config):
        words = fault.what.partition(" imports ")[2].partition(",")[0]
        found.add((fault.path.rpartition("/")[2], words or fault.what))
    return found


def without(tree: Tree, path: str) -> Tree:
    return tree.filter(lambda node: node.path != path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a", set()),
        ("import a.b.c", set()),
        ("from a import b, value", set()),
        ("import absent", {"absent"}),
        ("import absent.part", {"absent"}),
        ("import a.absent", {"a.absent"}),
        ("from a.absent import x", {"a.absent"}),
        ("from absent import *", {"absent"}),
        ("try:\n    import absent\nexcept ImportError:\n    pass", set()),
        ("if x:\n    import absent", set()),
        ("if TYPE_CHECKING:\n    import absent", set()),
        ("def f():\n    import absent", set()),
        ("if __name__ == '__main__':\n    import absent", set()),
        ("import sys, time, _thread, builtins, marshal", set()),
        ("import abc, codecs, os, importlib.util", set()),
        ("import json", {"json"}),
        ("import tkinter", {"tkinter"}),
        ("import _strptime", {"_strptime"}),
        ("x = '''\nimport absent\n'''", set()),
        ("x = '''\nimport absent\n", set()),
    ],
)
def test_what_has_to_be_there_for_the_program_to_start(text, expected):
    tree = image(
        {"main.py": text},
        {"a": {"a/__init__.py": "value = 1", "a/b/__init__.py": "", "a/b/c.py": ""}},
    )
    assert {name for _, name in missing(tree)} == expected


def test_the_chain_is_followed_through_packages_and_only_as_far_as_it_is_certain():
    files = {
        "a/__init__.py": "from .b import c",
        "a/b/__init__.py": "import absent1",
        "a/b/c.py": "def f():\n    from . import d",
        "a/b/d.py": "import absent2",
    }
    (fault,) = faults(image({"main.py": "import a"}, {"a": files}))
    assert (fault.check, fault.path, fault.module) == (
        "imports",
        f"{SITE}/a/b/__init__.py",
        "absent1",
    )
    assert "cannot start" in fault.what


@pytest.mark.parametrize(
    "files",
    [
        {"six.py": "import sys\nsys.modules[__name__ + '.moves'] = None"},
        {"six/__init__.py": "__path__ = []"},
        {"six.cpython-313-x86_64-linux-gnu.so": "compiled"},
    ],
)
def test_modules_that_a_package_makes_itself(files):
    assert not faults(image({"main.py": "import six.moves"}, {"six": files}))


def test_changes_of_the_path_are_believed_where_they_can_succeed():
    text = "import sys\nsys.path.insert(0, '/opt/more')\nimport elsewhere"
    assert missing(image({"main.py": text})) == {("main.py", "elsewhere")}
    assert not faults(image({"main.py": text}, None, None, file("/opt/more/elsewhere.py")))
    quiet = image({"main.py": "import elsewhere"}, None, None, file("/opt/more/elsewhere.py"))
    assert missing(quiet) == {("main.py", "elsewhere")}


def test_distributions_inside_the_library_directory_are_not_the_library():
    text = b"import sys\nsys.path.append('/opt/more')\nimport elsewhere"
    inside = file(f"{LIBRARY}/site-packages/a.py", text)
    tree = image({"main.py": "import a"}, None, None, inside, file("/opt/more/elsewhere.py"))
    assert not faults(tree)


def test_what_code_does_to_the_path_counts_wherever_it_does_it():
    files = {
        "a/__init__.py": "import elsewhere\nfrom a import paths",
        "a/paths.py": "import sys\nsys.path.append(x)",
    }
    tree = image({"main.py": "import a"}, {"a": files}, None, file("/opt/more/elsewhere.py"))
    assert not faults(tree)
    files = {"ns/one.py": "", "b.py": "import ns.two\nimport sys\nsys.path.append(x)"}
    vendored = file("/opt/more/ns/two.py")
    assert not faults(image({"main.py": "import b"}, {"b": files}, None, vendored))
    assert missing(image({"main.py": "import b"}, {"b": files})) == {("b.py", "ns.two")}


def test_directories_and_finders_of_pth_files():
    text = {"main.py": "import one, two"}
    pth = file(f"{SITE}/x.pth", b"/src\nimport __editable___two_finder; x.install()\n")
    finder = file(
        f"{SITE}/__editable___two_finder.py", b"import sys\nsys.meta_path.append({'two'})"
    )
    tree = image(text, {"x": {}}, None, pth, finder, file("/src/one.py"))
    assert not faults(tree)


def test_a_package_whose_own_code_finds_its_submodules():
    files = {
        "tlz/__init__.py": "from . import _build",
        "tlz/_build.py": "import sys\nsys.meta_path.append(Finder())",
        "a.py": "import tlz.itertoolz",
        "b.py": "import other.itertoolz",
        "other/__init__.py": "",
    }
    tree = image({"main.py": "import a, b"}, {"x": files})
    assert missing(tree) == {("b.py", "other.itertoolz")}


def test_a_module_beside_a_script_that_a_shell_starts_is_where_it_was_found():
    tree = image({"tools/prepare.py": "import local", "tools/local.py": ""})
    for path, told in (("/app/tools/local.py", []), ("/app/tools/gone.py", ["/app/tools/gone.py"])):
        world = PythonWorld("x86_64", modules={"local": path})
        assert [fault.path for fault in python_faults(tree, {}, world, Analyses())] == told


def test_scripts_that_lie_there_need_what_their_distribution_requires():
    start = script("/usr/local/bin/tool", "import sys\nfrom tool import main")
    files = {"tool/__init__.py": "import extra", "tool-1.0.dist-info/METADATA": "Name: tool\n"}
    assert not faults(image({"main.py": ""}, {"tool": files}, None, start))
    for required in ("extra-lib>=1", "extra-lib; python_version > '3.8'"):
        files["tool-1.0.dist-info/METADATA"] = f"Name: tool\nRequires-Dist: {required}\n"
        assert missing(image({"main.py": ""}, {"tool": files}, None, start)) == {
            ("__init__.py", "extra")
        }
    files["tool-1.0.dist-info/METADATA"] = "Name: tool\nRequires-Dist: y; extra == 'z'\n"
    assert not faults(image({"main.py": ""}, {"tool": files}, None, start))


GUARDED = """
def f():
    from . import b
    try:
        from . import c
    except ImportError:
        pass
"""


def test_modules_that_metadata_lists_and_nobody_has():
    files = {
        "a/__init__.py": GUARDED,
        **{f"a/{name}.py": "" for name in ("b", "c", "d")},
        "a/sub/__init__.py": "",
        "a/sub/e.py": "",
        "a/tests/__init__.py": "",
    }
    tree = image({"main.py": "import a, a.sub.e\ndef f():\n    import a.tests"}, {"a": files})
    assert not faults(tree)
    for gone, expected in {
        "b.py": {("__init__.py", "a.b")},
        "c.py": set(),
        "d.py": set(),
        "sub/__init__.py": {("main.py", "a.sub")},
        "tests/__init__.py": set(),
    }.items():
        left = without(tree, f"{SITE}/a/{gone}")
        assert missing(left) == expected, gone


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("/usr/bin/python3", "-m", "run"), "run.__main__ is not there"),
        (("python3", "-Im", "absent"), "absent is not there"),
        (("/usr/bin/python3.13", "-u", "other.py"), "/app/other.py is not there"),
        (("/bin/sh", "-c", "exec python3 other.py"), "/app/other.py is not there"),
        (("python3", "-c", "import x"), ""),
        (("python3",), ""),
    ],
)
def test_what_the_command_runs(words, expected):
    tree = image({"main.py": "import absent"}, {"run": {"run/__init__.py": ""}})
    found = [fault.what for fault in faults(tree, ContainerConfig(cmd=words, working_dir="/app"))]
    assert [what for what in found if expected not in what] == []
    assert len(found) == bool(expected)


def test_modules_of_the_application_that_the_command_names():
    tree = image(
        {"main.py": "import absent", "other.py": "import absent2"},
        {"gunicorn": {"gunicorn/__main__.py": ""}},
    )
    config = ContainerConfig(entrypoint=(PROGRAM, "-m", "gunicorn", "main:app"), working_dir="/app")
    assert missing(tree, config) == {("main.py", "absent")}


def test_a_virtual_environment_has_its_own_distributions():
    venv = "/opt/venv"
    nodes = [
        file(f"{venv}/pyvenv.cfg", b"home = /usr/bin\ninclude-system-site-packages = false\n"),
        link(f"{venv}/bin/python", "python3"),
        link(f"{venv}/bin/python3", "/usr/bin/python3"),
        file(f"{venv}/lib/python3.13/site-packages/inside.py", b"import outside"),
        script(f"{venv}/bin/tool", "import inside", f"{venv}/bin/python"),
    ]
    tree = image({"main.py": "import outside"}, {"o": {"outside.py": ""}}, None, *nodes)
    assert not faults(tree)
    config = ContainerConfig(cmd=("tool",), env=(f"PATH={venv}/bin:/usr/bin",))
    assert missing(tree, config) == {("inside.py", "outside")}
    shared = file(f"{venv}/pyvenv.cfg", b"include-system-site-packages = TRUE")
    assert not faults(tree.with_nodes([shared]), config)


def test_entry_points_of_installed_distributions():
    entries = (
        "[console_scripts]\ntool = a.absent:main\nother = a.absent:main\n"
        "[plugins]\nx = a.b:X\ny = a.c:Y\nz = a.c:Z [extra]\n"
    )
    files = {"a/__init__.py": "", "a/b.py": "", "a-1.0.dist-info/entry_points.txt": entries}
    tree = image({"main.py": ""}, {"a": files}, None, file("/usr/local/bin/tool", mode=0o755))
    assert {(fault.check, fault.what) for fault in faults(tree)} == {
        ("console scripts", "it imports a.absent, which is not there"),
        ("entry points", "plugins: y is in a.c, which is not there"),
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.cpython-313-x86_64-linux-gnu.so"], ""),
        (["a.abi3.so", "a/b.so"], ""),
        (["a.cpython-312-x86_64-linux-gnu.so"], "compiled for Python 3.12"),
        (["a.cpython-312-x86_64-linux-gnu.so", "a.cpython-313-x86_64-linux-gnu.so"], ""),
        (["a.cpython-312-x86_64-linux-gnu.so", "a.py"], ""),
        (["a.cpython-313-x86_64-linux-musl.so"], "compiled for musl"),
        (["a.cpython-313-aarch64-linux-gnu.so"], "compiled for aarch64"),
        (["a.abi3.so", "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64"], ""),
        (["a.abi3.so", "cp313-cp313-linux_x86_64"], ""),
        (["a.abi3.so", "py3-none-any"], ""),
        (["a.abi3.so", "cp39-abi3-musllinux_1_2_x86_64"], "for musllinux_1_2_x86_64"),
        (["a.abi3.so", "cp39-abi3-manylinux_2_17_aarch64"], "for manylinux_2_17_aarch64"),
        (["a.py", "cp39-abi3-musllinux_1_2_x86_64"], ""),
    ],
)
def test_compiled_modules_fit_the_interpreter(files, expected):
    tags = [name for name in files if "." not in name.partition("-")[0] and "-" in name]
    contents = {name: "" for name in files if name not in tags}
    contents["x-1.0.dist-info/WHEEL"] = "".join(f"Tag: {tag}\n" for tag in tags)
    found = [fault.what for fault in faults(image({"main.py": ""}, {"x": contents}))]
    assert len(found) == bool(expected)
    assert all(expected in what for what in found)


def test_an_interpreter_without_what_it_starts_with():
    tree = image({"main.py": ""})
    for name in ("os.py", "encodings/utf_8.py", "encodings/__init__.py"):
        left = without(tree, f"{LIBRARY}/{name}")
        assert any("cannot start without" in fault.what for fault in faults(left)), name


RULE = """
distribution = "a"
versions = ">=0"
test = "none"
[[lazy]]
module = "a.main"
scope = "*"
imports = ["a.rare"]
why = "only a person at a prompt asks for it"
"""


def test_every_module_that_is_reached_is_missed_when_it_is_cut_off():
    files = {
        "a/__init__.py": "import importlib\nimportlib.import_module('a.plug')",
        "a/plug.py": "try:\n    from . import fast\nexcept ImportError:\n    pass",
        "a/fast.py": "",
        "a/main.py": "def f():\n    import a.rare\n    import a.other",
        "a/other.py": "",
        "a/rare.py": "",
    }
    library = {"json/__init__.py": "from .scanner import x", "json/scanner.py": ""}
    tree = image({"main.py": "import a.main\nimport json"}, {"a": files}, library)
    rules = RuleSet([load_rules(RULE, "a")])
    command = PythonCommand((PROGRAM, "/app/main.py"))
    reached = reach_python(tree, command, INTERPRETER, rules=rules)

    def world(*gone: str) -> PythonWorld:
        why = gone_modules((path, "a cut") for path in gone)
        return PythonWorld("x86_64", (command,), reached.modules, reached.held, why)

    rare = f"{SITE}/a/rare.py"
    for path in sorted({*reached.modules.values(), rare}):
        left = without(tree, path)
        found = python_faults(left, {}, world(path), Analyses())
        assert bool(found) == (path != rare), path
    assert not python_faults(tree, {}, world(), Analyses())
    # Whoever forgets a module altogether is found out by the imports of the others.
    lost = f"{SITE}/a/fast.py"
    modules = {name: path for name, path in reached.modules.items() if path != lost}
    left = tree.filter(lambda node: node.path != lost)
    forgetful = PythonWorld(
        "x86_64", (command,), modules, reached.held, gone_modules([(lost, "a cut")])
    )
    (fault,) = python_faults(left, {}, forgetful, Analyses())
    assert fault.path == f"{SITE}/a/plug.py"
    assert "a cut" in fault.what
