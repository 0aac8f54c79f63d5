"""What stays of a Python world, and why: small worlds by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.runtimes.python.reach import (
    Analyses,
    PythonCommand,
    PythonReach,
    RuleSet,
    load_rules,
    reach_python,
)
from tests.support.python_growth import grown
from tests.support.python_tree import INTERPRETER, LIBRARY, SITE, python_tree

RULES = """
distribution = "{name}"
versions = ">=1"
test = "none"
"""


def rules(name: str, text: str) -> RuleSet:
    return RuleSet([load_rules(RULES.format(name=name) + text, "test")])


def reach(
    application: dict[str, str] | None = None,
    library: dict[str, str] | None = None,
    distributions: dict[str, dict[str, str]] | None = None,
    *,
    words: tuple[str, ...] = ("/usr/bin/python3.13", "/app/main.py"),
    known: RuleSet | None = None,
    **command: Any,
) -> PythonReach:
    tree = python_tree(application, library, distributions)
    found = reach_python(
        tree, PythonCommand(words, **command), INTERPRETER, rules=known or RuleSet(())
    )
    files = {node.path for node in tree if node.kind is not Kind.DIRECTORY}
    assert set(found.kept) | set(found.removed) == files
    assert not set(found.kept) & set(found.removed)
    assert all(reason.rule for reason in found.kept.values())
    more = PythonCommand(("true",), **{**command, "also": (words, *command.get("also", ()))})
    grown(tree, [msgspec.structs.replace(more, also=()), more], known or RuleSet(()))
    return found


ARCHIVES = """
[[lazy]]
module = "sh"
scope = "*"
imports = ["archive"]
mentions = ["make_it"]
except_in = ["guide"]
why = "only make_it() reads and writes archives"
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import sh", False),
        ("import sh\nsh.make_it()", True),
        ("import sh, guide", False),
        ("import sh, helper", True),
        ("import sh, fast", True),
        ("import sh, slow", False),
    ],
)
def test_an_import_is_held_back_until_what_leads_to_it_is_mentioned(text, wanted):
    distribution = {
        "guide.py": "# call make_it() to make it",
        "helper.py": "from sh import make_it",
        "fast.cpython-313-x86_64-linux-gnu.so": "\0sh\0make_it\0",
        "slow.cpython-313-x86_64-linux-gnu.so": "\0sh\0make_item\0",
    }
    library = {"sh.py": "def make_it():\n    import archive", "archive.py": ""}
    known = rules("d", ARCHIVES)
    found = reach({"main.py": text}, library, {"d": distribution}, known=known)
    assert ("archive" in found.modules) == wanted
    assert bool(found.held) != wanted
    words = ("/usr/bin/python3.13", "-c", text)
    found = reach({}, library, {"d": distribution}, words=words, known=known)
    assert ("archive" in found.modules) == wanted


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from . import x", "a.b.c.x"),
        ("from .x import y", "a.b.c.x"),
        ("from ..x import y", "a.b.x"),
        ("from .. import x", "a.b.x"),
        ("from ...x import y", "a.x"),
        ("from ... import x", "a.x"),
        ("from ...d.x import y", "a.d.x"),
        ("from ....x import y", None),
    ],
)
def test_relative_imports_climb_a_package_for_each_dot_but_the_first(statement, expected):
    packages = {f"{name}/__init__.py": "" for name in ("a", "a/b", "a/b/c", "a/d")}
    names = ("a/x", "a/b/x", "a/b/c/x", "a/d/x", "x")
    library = {**packages, **{f"{name}.py": "" for name in names}, "a/b/c/m.py": statement}
    found = reach({"main.py": "import a.b.c.m"}, library)
    reached = {name for name in found.modules if name.rpartition(".")[2] == "x"}
    assert reached == ({expected} if expected else set())


def test_scripts_of_a_used_distribution_can_be_started():
    files = {
        "d/__init__.py": "",
        "d/cli.py": "import needed\ndef main():\n    import later",
        "../../../bin/tool": "#!/usr/bin/python3\nfrom d.cli import main",
    }
    tree = python_tree({"main.py": "import d"}, {"needed.py": "", "later.py": ""}, {"d": files})
    script = "/usr/local/bin/tool"
    tree = tree.with_nodes([msgspec.structs.replace(tree[script], mode=0o755)])
    command = PythonCommand(("/usr/bin/python3.13", "/app/main.py"))
    found = reach_python(tree, command, INTERPRETER, rules=RuleSet(()))
    assert script in found.kept
    assert found.kept[f"{LIBRARY}/needed.py"].rule == "script starts"
    assert f"{LIBRARY}/later.py" in found.removed


def test_a_path_has_the_reasons_that_others_give_it_and_no_more_than_eight():
    application = {"main.py": "import a, b", **{f"m{n}.py": "import a" for n in range(12)}}
    found = reach(application, {"a.py": "import b\nimport b", "b.py": "import a"})
    path = f"{LIBRARY}/b.py"
    reasons = [found.kept[path], *found.further[path]]
    assert [reason.because for reason in reasons] == ["/app/main.py", f"{LIBRARY}/a.py"]
    assert len(found.further[f"{LIBRARY}/a.py"]) == 7


def test_imports_are_followed_and_the_rest_of_the_library_goes():
    found = reach(
        {"main.py": "import a"},
        {"a.py": "from b import c", "b/__init__.py": "", "b/c.py": "", "b/d.py": "", "e.py": ""},
    )
    assert set(found.modules) >= {"a", "b", "b.c", "main"}
    assert f"{LIBRARY}/b/d.py" in found.removed
    assert f"{LIBRARY}/e.py" in found.removed
    reason = found.kept[f"{LIBRARY}/b/c.py"]
    assert (reason.rule, reason.because) == ("import", f"{LIBRARY}/a.py")
    assert reason.detail == "line 1 imports c from b"


def test_relative_imports_and_parents():
    found = reach(
        {"main.py": "import p.q.r"},
        {
            "p/__init__.py": "",
            "p/x.py": "",
            "p/q/__init__.py": "",
            "p/q/r.py": "from ..x import y\nfrom . import s\nfrom ... import beyond",
            "p/q/s.py": "",
        },
    )
    assert {"p", "p.x", "p.q", "p.q.r", "p.q.s"} <= set(found.modules)


def test_star_import_follows_all():
    library = {"p/__init__.py": "__all__ = ['a', 'f']", "p/a.py": "", "p/b.py": ""}
    found = reach({"main.py": "from p import *"}, library)
    assert "p.a" in found.modules
    assert "p.b" not in found.modules


def test_extension_modules_come_before_source_and_both_stay():
    found = reach(
        {"main.py": "import a, b"},
        {
            "a.py": "import c",
            "a.cpython-313-x86_64-linux-gnu.so": "",
            "c.py": "",
            "lib-dynload/b.cpython-313-x86_64-linux-gnu.so": "",
        },
    )
    assert found.modules["a"].endswith(".so")
    assert f"{LIBRARY}/a.py" in found.kept
    assert found.modules["b"].startswith(f"{LIBRARY}/lib-dynload/")


def test_a_used_distribution_stays_whole_but_for_what_only_developers_read():
    files = {
        "d/__init__.py": "",
        "d/unused.py": "import e\ndef later():\n    import f",
        "d/_private.py": "import g",
        "d/data.json": "{}",
        "d/py.typed": "",
        "d/types.pyi": "",
        "d/fast.pyx": "",
        "d/fast.c": "",
        "d/include/d.h": "",
        "d/locale/de/LC_MESSAGES/d.po": "",
        "d/locale/de/LC_MESSAGES/d.mo": "",
        "d/locale/fr/LC_MESSAGES/d.po": "",
        "d/tests/__init__.py": "",
        "d/tests/test_d.py": "",
        "../../../bin/d": "#!/usr/bin/python3.13\n",
    }
    library = {"e.py": "from h import x", "f.py": "", "g.py": "", "h/__init__.py": "", "h/x.py": ""}
    found = reach({"main.py": "import d"}, library, {"d": files})
    kept = {path.removeprefix(SITE + "/") for path in found.kept}
    assert {"d/__init__.py", "d/unused.py", "d/data.json", "d/py.typed"} <= kept
    assert {"d-1.0.dist-info/METADATA", "d-1.0.dist-info/RECORD", "/usr/local/bin/d"} <= kept
    gone = {path.removeprefix(SITE + "/"): why for path, why in found.removed.items()}
    assert gone["d/types.pyi"].startswith("type stub")
    assert gone["d/fast.pyx"].startswith("Cython")
    assert gone["d/fast.c"].startswith("source")
    assert gone["d/include/d.h"].startswith("header")
    assert gone["d/locale/de/LC_MESSAGES/d.po"].startswith("source of translations")
    assert "d/locale/fr/LC_MESSAGES/d.po" in kept, "it is there in no other form"
    assert gone["d/tests/test_d.py"].startswith("test-suite")
    needed = {f"{LIBRARY}/{name}" for name in ("e.py", "h/__init__.py", "h/x.py")}
    assert needed <= found.kept.keys(), "d.unused is kept, so it can be imported"
    assert {f"{LIBRARY}/f.py", f"{LIBRARY}/g.py"} <= found.removed.keys()


def test_tests_stay_when_something_imports_them():
    files = {"d/__init__.py": "from d.tests import base", "d/tests/base.py": "", "d/tests/data": ""}
    found = reach({"main.py": "import d"}, None, {"d": files})
    assert f"{SITE}/d/tests/data" in found.kept


def test_an_unused_distribution_goes_whole():
    found = reach({"main.py": ""}, None, {"d": {"d/__init__.py": ""}})
    assert found.removed[f"{SITE}/d/__init__.py"] == "nothing reached uses d"
    assert f"{SITE}/d-1.0.dist-info/METADATA" in found.removed


def test_a_requested_distribution_stays_with_all_it_imports():
    distributions = {"d": {"d/__init__.py": "", "d/deep.py": "import e"}}
    found = reach({"main.py": ""}, {"e.py": ""}, distributions, requested=("d",))
    assert "e" in found.modules
    assert found.kept[f"{SITE}/d/deep.py"].rule == "requirement"


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nimportlib.import_module(name)",
        "__import__(name)",
        "f = __import__",
        "from importlib import import_module as load\ndef g(): load(name)",
    ],
)
def test_an_unresolved_dynamic_import_keeps_all_that_it_may_mean(code):
    library = {
        "public.py": "",
        "_private.py": "",
        "test/__init__.py": "",
        "sqlite3/__init__.py": "",
    }
    distributions = {"d": {"d/__init__.py": "", "d/deep.py": "import sqlite3"}}
    found = reach({"main.py": code}, library, distributions)
    assert [one.path for one in found.unresolved] == ["/app/main.py"]
    assert {"public", "d", "d.deep"} <= set(found.modules)
    assert not {"_private", "test"} & set(found.modules)
    assert "sqlite3" in found.modules, "a large module stays because d.deep imports it"
    assert found.kept[f"{LIBRARY}/public.py"].rule == "unresolved dynamic import"
    without = reach({"main.py": code}, library)
    assert "sqlite3" not in without.modules


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("import_module('p.a')", {"p.a"}),
        ("import_module('p.' + name)", {"p.a", "p.q.b"}),
        ("import_module(f'p.{name}.b')", {"p.q.b"}),
        ("pkgutil.resolve_name('p.a:thing.part')", {"p.a"}),
        ("runpy.run_module('p.q')", {"p.q", "p.q.__main__"}),
        ("importlib.util.find_spec('p.a')", {"p.a"}),
        ("import importlib.resources as r\nr.files('p.q')", {"p.q"}),
        ("pkgutil.get_data('p.q', 'x')", {"p.q"}),
    ],
)
def test_names_in_calls(code, reached):
    library = {
        "p/__init__.py": "",
        "p/a.py": "",
        "p/q/__init__.py": "",
        "p/q/b.py": "",
        "p/q/__main__.py": "",
    }
    found = reach({"main.py": code}, library)
    assert reached <= set(found.modules)
    assert found.unresolved == ()


def test_lazy_attributes_are_resolved_by_the_strings_of_the_file():
    lazy = "T = {'X': '.x', 'E': 'e'}\ndef __getattr__(n):\n    return import_module(T[n])"
    found = reach(
        {"main.py": "import d"},
        {"e.py": "", "f.py": ""},
        {"d": {"d/__init__.py": lazy, "d/x.py": "import f"}},
    )
    assert {"d.x", "e", "f"} <= set(found.modules)
    assert found.unresolved == ()
    assert len(found.resolved) == 1


def test_only_the_program_runs_its_main_block():
    library = {"a.py": "if __name__ == '__main__':\n    import b", "b.py": "", "c.py": ""}
    main = "import a\nif __name__ == '__main__':\n    import c"
    found = reach({"main.py": main}, library)
    assert "c" in found.modules
    assert "b" not in found.modules
    as_program = reach({}, library, words=("python3.13", "-m", "a"))
    assert "b" in as_program.modules


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (("python3.13", "-m", "d"), "d.__main__"),
        (("python3", "-W", "error", "-um", "d"), "d.__main__"),
        (("/usr/bin/python3.13", "-c", "import d.extra"), "d.extra"),
        (("d-script", "--flag"), "d.cli"),
        (("/usr/local/bin/d-script",), "d.cli"),
        (("python3.13", "main.py", "d.extra:app"), "d.extra"),
        (("python3.13", "main.py", "--class=d.extra.Class"), "d.extra"),
    ],
)
def test_what_a_command_reaches(words, module):
    files = {
        "d/__init__.py": "",
        "d/__main__.py": "",
        "d/cli.py": "",
        "d/extra.py": "",
        "../../../bin/d-script": "#!/usr/bin/python3.13\nfrom d.cli import main\nmain()",
    }
    assert module in reach({"main.py": ""}, None, {"d": files}, words=words).modules


def test_environment_names_modules():
    found = reach(
        {"main.py": "", "config/settings.py": ""},
        None,
        {"d": {"d/__init__.py": ""}},
        environment={"SETTINGS": "d.Thing", "PYTHONPATH": "/opt:/app"},
    )
    assert "d" in found.modules


def test_application_files_all_stay_and_all_but_tests_are_followed():
    found = reach(
        {
            "main.py": "",
            "manage.py": "import a",
            "tests/test_x.py": "import b",
            "odd-name.py": "import c",
            "templates/index.html": "",
        },
        {"a.py": "", "b.py": "", "c.py": ""},
    )
    assert {"a", "c"} <= set(found.modules)
    assert "b" not in found.modules
    assert {"/app/templates/index.html", "/app/tests/test_x.py"} <= set(found.kept)


def test_strings_of_the_application_name_modules():
    found = reach(
        {"settings.py": "X = ['d.middle.Ware', 'plugin', 'e', 'x.handlers.Class']"},
        {"e.py": "", "x/__init__.py": "", "x/handlers.py": ""},
        {"d": {"d/__init__.py": "", "d/middle.py": ""}, "plugin": {"plugin/__init__.py": ""}},
    )
    assert {"d.middle", "plugin", "x.handlers"} <= set(found.modules)
    assert "e" not in found.modules, "a plain word is no module of the standard library"


def test_entry_points_of_a_group_are_reached():
    metadata = {
        "p-1.0.dist-info/entry_points.txt": "[g]\nx = p.plugin:f\n[console_scripts]\np = p.cli:m"
    }
    files = {"p/__init__.py": "", "p/plugin.py": "", "p/cli.py": "", **metadata}
    code = "from importlib.metadata import entry_points\nentry_points(group='g')"
    found = reach({"main.py": code}, None, {"p": files})
    assert "p.plugin" in found.modules
    assert "p.cli" not in found.modules
    every = reach({"main.py": code.replace("group='g'", "group=g")}, None, {"p": files})
    assert "p.plugin" in every.modules
    assert "p.cli" not in every.modules
    other = reach({"main.py": code.replace("'g'", "'h'")}, None, {"p": files})
    assert "p" not in other.modules


def test_metadata_of_a_distribution_keeps_it():
    code = "from importlib.metadata import version\nversion('My.Dist')"
    found = reach({"main.py": code}, None, {"my_dist": {"mine/__init__.py": ""}})
    assert f"{SITE}/my_dist-1.0.dist-info/METADATA" in found.kept


def test_path_files_add_directories_and_run_code():
    files = {
        "x.pth": "vendored\nimport hook; hook.run()\n# comment\n",
        "vendored/v.py": "",
        "hook.py": "",
    }
    found = reach({"main.py": "import v"}, None, {"d": files})
    assert found.modules["v"] == f"{SITE}/vendored/v.py"
    assert "hook" in found.modules
    assert found.kept[f"{SITE}/x.pth"].rule == "interpreter start"


def test_namespace_packages_have_several_places():
    distributions = {"a": {"ns/one.py": ""}, "b": {"ns/two.py": "", "ns/three.py": ""}}
    found = reach(
        {"ns/own.py": "", "main.py": "import ns.one, ns.two, ns.own"}, None, distributions
    )
    assert {"ns.one", "ns.two", "ns.own"} <= set(found.modules)
    assert found.modules["ns"] == ""


def test_extended_package_paths():
    extended = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)"
    library = {"ns/__init__.py": extended, "ns/one.py": ""}
    found = reach({"main.py": "import ns.one, ns.two"}, library, {"b": {"ns/two.py": ""}})
    assert found.modules["ns.two"] == f"{SITE}/ns/two.py"


def test_names_in_compiled_code():
    compiled = "\x7fELF\0d.helper\0collections\0unused_name\0"
    files = {
        "d/__init__.py": "from . import fast",
        "d/fast.abi3.so": compiled,
        "d/helper.py": "import e",
    }
    found = reach({"main.py": "import d"}, {"collections.py": "", "e.py": ""}, {"d": files})
    assert {"d.helper", "collections", "e"} <= set(found.modules)


def test_compiled_code_without_separate_names_may_import_its_package_and_requirements():
    files = {
        "d/__init__.py": "from . import fast",
        "d/fast.abi3.so": "/rustc/1 textdecimaltext",
        "d/helper.py": "import e",
        "d-1.0.dist-info/METADATA": "Requires-Dist: r>=1\nRequires-Dist: o; extra == 'x'\n",
    }
    library = {"decimal.py": "", "e.py": "", "other.py": ""}
    others = {"r": {"r/__init__.py": ""}, "o": {"o/__init__.py": ""}}
    found = reach({"main.py": "import d"}, library, {"d": files, **others})
    assert {"decimal", "d.helper", "e", "r"} <= set(found.modules)
    assert not {"other", "o"} & set(found.modules)


HIDDEN = "\x7fELF\0LZSS string data decompression failed\0"


def test_compressed_code_without_its_source_is_unresolved():
    files = {"d/__init__.py": "from . import fast", "d/fast.abi3.so": HIDDEN, "d/helper.py": ""}
    found = reach({"main.py": "import d"}, {"e.py": ""}, {"d": files})
    assert [one.module for one in found.unresolved] == ["d.fast"]
    assert {"d.helper", "e"} <= set(found.modules)


def test_compressed_code_beside_its_source_imports_what_that_imports():
    files = {"d/__init__.py": "from . import fast", "d/fast.abi3.so": HIDDEN}
    library = {"e.py": "", "f.py": ""}
    source = {"d/fast.pyx": "import e\nfrom libc.math cimport sin"}
    found = reach({"main.py": "import d"}, library, {"d": {**files, **source}})
    assert found.unresolved == ()
    assert "e" in found.modules
    assert "f" not in found.modules
    parts = {"d/fast.pyx": "include 'part.pxi'"}
    assert reach({"main.py": "import d"}, library, {"d": {**files, **parts}}).unresolved


def test_libraries_opened_by_name_are_reported():
    code = "ctypes.CDLL('libx.so.1')\nfind_library('y')\nctypes.CDLL(name)"
    found = reach({"main.py": code})
    assert [(one.name, one.searched) for one in found.libraries] == [
        ("*", False),
        ("libx.so.1", False),
        ("y", True),
    ]


def test_a_kept_link_keeps_what_it_leads_to():
    tree = python_tree({"main.py": "import a"}, {"real/a.py": ""})
    origin = next(node.origin for node in tree if isinstance(node.origin, PackageOrigin))
    link = Node(f"{LIBRARY}/a.py", Kind.SYMLINK, 0o777, target="real/a.py", origin=origin)
    command = PythonCommand(("python3.13", "/app/main.py"))
    found = reach_python(tree.with_nodes([link]), command, INTERPRETER, rules=RuleSet(()))
    assert {f"{LIBRARY}/a.py", f"{LIBRARY}/real/a.py"} <= set(found.kept)


def test_order_of_nodes_makes_no_difference_and_memory_gives_the_same():
    class Documents(dict):
        def document(self, area, key):
            return self.get((area, key))

        def put_document(self, area, key, data):
            self[area, key] = data

    tree = python_tree(
        {"main.py": "import d"}, {"a.py": "", "b.py": ""}, {"d": {"d/__init__.py": "import a, b"}}
    )
    command = PythonCommand(("python3.13", "/app/main.py"))
    kept = Documents()
    first = Analyses(kept)
    cold = reach_python(tree, command, INTERPRETER, rules=RuleSet(()), analyses=first)
    first.save()
    second = Analyses(kept)
    warm = reach_python(tree, command, INTERPRETER, rules=RuleSet(()), analyses=second)
    assert msgspec.json.encode(cold) == msgspec.json.encode(warm)
    assert first.read > second.read, "only the application's own file is read again"
    assert all(area == "analysis" for area, _ in kept)
    damaged = Documents(dict.fromkeys(kept, b"\xc1"))
    again = reach_python(tree, command, INTERPRETER, rules=RuleSet(()), analyses=Analyses(damaged))
    assert again == cold


# --- rules ---------------------------------------------------------------------------------


def test_a_rule_resolves_a_dynamic_import():
    files = {"d/__init__.py": "def f(n):\n    import_module(n)", "d/a.py": "", "other.py": ""}
    text = """
    [[resolve]]
    module = "d"
    scope = "f"
    sources = ["command"]
    modules = ["d.*"]
    why = "the names are modules of the package itself"
    """
    found = reach({"main.py": "import d"}, {"e.py": ""}, {"d": files}, known=rules("d", text))
    assert found.unresolved == ()
    assert found.kept[f"{SITE}/d/a.py"].rule == "rule d"
    assert f"{LIBRARY}/e.py" in found.removed
    assert found.rules == ("rule d",)
    elsewhere = rules("d", text.replace('"f"', '"g"'))
    unresolved = reach({"main.py": "import d"}, {"e.py": ""}, {"d": files}, known=elsewhere)
    assert len(unresolved.unresolved) == 1


def test_a_rule_holds_for_its_versions_only():
    text = '[[add]]\nwhen = "d"\nmodules = ["e"]\nwhy = "it imports this by name"'
    for version, there in (("0.9", False), ("1.5", True)):
        found = reach(
            {"main.py": "import d"},
            {"e.py": ""},
            {f"d-{version}": {"d.py": ""}},
            known=rules("d", text),
        )
        assert ("e" in found.modules) is there


def test_imports_that_a_rule_holds_back():
    text = """
    [[lazy]]
    module = "d"
    scope = "f"
    imports = ["e"]
    mentions = ["WORD"]
    needs = ["g"]
    why = "only who says the word needs it"
    """
    files = {"d/__init__.py": "WORD = 1\ndef f():\n    import e\ndef h():\n    import i"}
    library = {"e.py": "", "g.py": "", "i.py": ""}
    known = rules("d", text)
    quiet = reach({"main.py": "import d"}, library, {"d": files}, known=known)
    assert "e" not in quiet.modules
    assert "i" in quiet.modules
    for code in ("import d\nd.WORD", "import d, g", "import g, d"):
        assert "e" in reach({"main.py": code}, library, {"d": files}, known=known).modules


def test_an_import_instead_of_another():
    text = """
    [[lazy]]
    module = "d"
    imports = ["slow"]
    instead = ["fast"]
    why = "the fast one is there"
    """
    files = {"d.py": "try: import fast\nexcept ImportError: import slow"}
    with_both = {"fast.py": "", "slow.py": ""}
    known = rules("d", text)
    both = reach({"main.py": "import d"}, with_both, {"d": files}, known=known)
    assert "slow" not in both.modules
    one = reach({"main.py": "import d"}, {"slow.py": ""}, {"d": files}, known=known)
    assert "slow" in one.modules


def test_conventions_of_a_framework():
    text = """
    [[convention]]
    submodules = ["models", "commands.*"]
    why = "the framework looks for these"
    """
    application = {
        "settings.py": "APPS = ['blog', 'd.apps.Config']",
        "blog/__init__.py": "",
    }
    files = {"d/__init__.py": "", "d/apps.py": "", "d/models.py": "import e", "d/commands/x.py": ""}
    found = reach(application, {"e.py": ""}, {"d": files}, known=rules("d", text))
    assert {"d.models", "d.commands.x", "e"} <= set(found.modules)


def test_compiled_code_that_a_rule_knows():
    text = """
    [[resolve]]
    module = "d.fast"
    scope = "compiled"
    modules = ["a"]
    why = "what the compiled code imports by name"
    """
    files = {"d/__init__.py": "from . import fast", "d/fast.abi3.so": "/rustc/1 textbtext"}
    found = reach(
        {"main.py": "import d"}, {"a.py": "", "b.py": ""}, {"d": files}, known=rules("d", text)
    )
    assert "a" in found.modules
    assert "b" not in found.modules
