"""A search that goes on when its command grows comes to what a search from nothing does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.runtimes.python.reach import PythonCommand, RuleSet, load_rules
from tests.support.python_growth import grown
from tests.support.python_tree import LIBRARY, SITE, python_tree

PYTHON = "/usr/bin/python3.13"
NAMES = ("a", "b", "c", "d", "e")

RULES = RuleSet(
    [
        load_rules(
            """
distribution = "d"
versions = ">=1"
test = "none"

[[lazy]]
module = "a"
scope = "*"
imports = ["b"]
mentions = ["wake"]
why = "only what calls wake() leads to this import"

[[lazy]]
module = "d"
scope = "*"
imports = ["c", "e"]
needs = ["e.b"]
why = "only where the other module is there as well"

[[add]]
when = "c"
modules = ["d.*"]
why = "whatever this module does, it may do with those"

[[resolve]]
module = "e.a"
sources = ["strings"]
why = "the names are among the strings of the file"

[[convention]]
submodules = ["a", "c"]
why = "a framework looks for them in what is named"
""",
            "test",
        )
    ]
)


def also(*commands: tuple[str, ...], **more: Any) -> PythonCommand:
    return PythonCommand((PYTHON, "/app/main.py"), also=commands, **more)


@pytest.mark.parametrize(
    ("script", "begun"),
    [
        ("/app/other.py", 1),
        ("/app/plain/run.py", 2),
        ("/app/shadow/run.py", 2),
        ("/opt/apart/run.py", 1),
        ("/opt/shadow/run.py", 2),
    ],
)
def test_it_begins_anew_only_where_a_name_means_another_module(script, begun):
    """A script's directory comes first on the path, and gives files of the application names."""
    application = {
        "main.py": "import a",
        "other.py": "import b",
        "plain/run.py": "import c",
        "shadow/run.py": "import a, local",
        "shadow/a.py": "import d",
        "shadow/local.py": "",
    }
    library = {f"{name}.py": "" for name in NAMES}
    apart = {"apart/run.py": "import beside", "apart/beside.py": "import e"}
    apart |= {"shadow/run.py": "import a", "shadow/a.py": "import d"}
    parts = {"x": {f"../../../../../opt/{path}": text for path, text in apart.items()}}
    tree = python_tree(application, library, parts)
    assert script in tree
    assert grown(tree, [also(), also((PYTHON, script))], RULES).begun == begun


def test_another_command_is_searched_for_from_nothing():
    tree = python_tree({"main.py": "import a", "x.py": "import b"}, {"a.py": "", "b.py": ""})
    both, one = also((PYTHON, "x.py")), also()
    assert grown(tree, [both, both], RULES).begun == 1
    assert grown(tree, [both, one, both], RULES).begun == 2
    assert grown(tree, [one, PythonCommand((PYTHON, "-m", "b"))], RULES).begun == 2


def test_what_is_kept_for_want_of_an_import_goes_once_there_is_one():
    """A requested distribution stays with all that its modules import, a used one does not."""
    files = {"d/__init__.py": "", "d/part.py": "def f():\n    import a"}
    tree = python_tree({"main.py": ""}, {"a.py": "", "x.py": "import d"}, {"d": files})
    steps = [also(requested=("d",)), also((PYTHON, "-m", "x"), requested=("d",))]
    assert grown(tree, steps, RuleSet(())).begun == 1


def test_a_package_that_gets_more_directories_on_the_way_makes_it_begin_anew():
    wide = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)"
    library = {"n/__init__.py": wide, "n/a.py": "", "x.py": "import n", "pkgutil.py": ""}
    tree = python_tree({"main.py": "import n.b"}, library, {"d": {"n/b.py": "", "n/c.py": ""}})
    steps = [also(), also((PYTHON, "-m", "x")), also((PYTHON, "-m", "x"), (PYTHON, "-m", "n.c"))]
    assert grown(tree, steps, RuleSet(())).begun == 3


# --- anything ------------------------------------------------------------------------------

dotted = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(".".join)
line = st.one_of(
    dotted.map("import {}".format),
    st.builds("from {} import {}".format, dotted, st.sampled_from((*NAMES, "*"))),
    st.sampled_from(NAMES).map("from . import {}".format),
    dotted.map("def f():\n    import {}".format),
    dotted.map("if __name__ == '__main__':\n    import {}".format),
    dotted.map("import_module({!r})".format),
    dotted.map("__all__ = ['a', 'e', {!r}]".format),
    st.sampled_from(
        [
            "def f(n):\n    import_module(n)",
            "import_module('a.' + n)",
            "import_module('*.' + n)",
            "wake()",
            "ctypes.CDLL('libx.so')",
            "open('x', encoding='latin-1')",
            "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)",
            "entry_points(group='plugins')",
            "version('d')",
        ]
    ),
)
source = st.lists(line, max_size=3).map("\n".join)
module_path = st.one_of(
    st.sampled_from(NAMES).map("{}.py".format),
    st.builds("{}/{}.py".format, st.sampled_from(NAMES), st.sampled_from((*NAMES, "__init__"))),
)
modules = st.dictionaries(module_path, source, max_size=6)
installed = st.dictionaries(
    st.one_of(module_path, module_path.map("../../../bin/{}".format)),
    st.tuples(st.sampled_from("de"), source),
    max_size=8,
)


def distributions(files: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The files of each distribution, from its name for each file."""
    return {
        name: {path: text for path, (owner, text) in files.items() if owner == name}
        for name in ("d", "e")
    }


worlds = st.builds(
    python_tree,
    st.dictionaries(st.one_of(module_path, st.just("main.py")), source, max_size=5),
    modules.map(lambda files: {"encodings/iso8859_1.py": "", **files}),
    installed.map(distributions),
)
COMMANDS = (
    *((PYTHON, "-m", name) for name in ("a", "b.c", "d")),
    *((PYTHON, "-c", text) for text in ("import a, b", "import e.a\nwake()", "(")),
    *((PYTHON, f"/app/{name}.py") for name in ("a", "b", "a/b", "c/d")),
    *((f"/usr/local/bin/{name}.py",) for name in ("a", "c")),
    *((PYTHON, f"/usr/local/bin/{name}/e.py") for name in ("a", "c")),
    ("serve", "b.c:app", "e"),
)
FILES = (f"{LIBRARY}/a.py", f"{LIBRARY}/b/c.py", f"{SITE}/d.py", f"{SITE}/e/a.py", "/app/b.py")


@given(
    worlds,
    st.lists(st.sampled_from(COMMANDS), max_size=4),
    st.lists(st.sampled_from(FILES), max_size=2),
    st.sampled_from([(), ("d",), ("d", "e")]),
)
def test_whatever_is_added_comes_to_the_same(tree, commands, files, requested):
    present = [path for path in files if path in tree]
    steps = [
        also(*commands[:number], requested=requested, files=tuple(present[:number]))
        for number in range(max(len(commands), len(present)) + 1)
    ]
    grown(tree, steps, RULES)
