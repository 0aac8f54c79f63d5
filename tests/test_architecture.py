"""What the source has to look like, beyond what ruff and import-linter see.

Each table of exceptions names what there is, and why; it may only shrink: an entry that is no
longer needed fails as well, so that it is taken out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

import distil

SOURCE = Path(distil.__file__).parent

LINES_OF_A_MODULE = 400
LONGER_MODULES: Mapping[str, tuple[int, str]] = {
    "fetch/cache.py": (420, "the cache's areas share one lock and one clock"),
}
"""The lines that a module may have at most, and why it is not divided."""

LINES_OF_A_FUNCTION = 60
LONGER_FUNCTIONS: Mapping[str, tuple[int, str]] = {}
"""The same for ``module.py:function``."""

GENERAL = ("compose", "pipeline")
"""The packages that know neither languages nor distributions."""

PARTICULAR = re.compile("pythons?|wheels?|pip|debs?|dpkg|apt", re.IGNORECASE)
_PIECE = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of an identifier or a text: between underscores, digits and the humps of a camel."""


def modules() -> Iterator[tuple[str, str]]:
    """The path of each module and its text."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), path.read_text("utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    """The name of each function, with its class's, and its lines from ``def`` to the last."""
    for outer in ast.walk(ast.parse(text)):
        for node in ast.iter_child_nodes(outer):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                owner = f"{outer.name}." if isinstance(outer, ast.ClassDef) else ""
                yield owner + node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def particular_words(text: str) -> set[str]:
    """The words of `text` that belong to one language or distribution, in lower case.

    Names, imports and texts count; docstrings and comments do not.
    """
    tree = ast.parse(text)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) in said:
            continue
        for _, value in ast.iter_fields(node):
            texts = value if isinstance(value, list) else [value]
            pieces = (p for one in texts if isinstance(one, str) for p in _PIECE.findall(one))
            found.update(piece.lower() for piece in pieces if PARTICULAR.fullmatch(piece))
    return found


def too_long(
    lengths: Mapping[str, int], limit: int, exceptions: Mapping[str, tuple[int, str]]
) -> list[str]:
    """What is wrong: what is longer than `limit` or its exception, and exceptions without need."""
    return [
        f"{name} has {lines} lines, {exceptions.get(name, (limit,))[0]} are allowed"
        for name, lines in lengths.items()
        if lines > exceptions.get(name, (limit,))[0]
    ] + [f"{name} needs no exception" for name in exceptions if lengths.get(name, 0) <= limit]


def test_modules_are_short() -> None:
    lengths = {name: len(text.splitlines()) for name, text in modules()}
    assert len(lengths) > 200
    assert too_long(lengths, LINES_OF_A_MODULE, LONGER_MODULES) == []


def test_functions_are_short() -> None:
    lengths: dict[str, int] = {}
    for module, text in modules():
        for name, lines in functions(text):
            key = f"{module}:{name}"
            lengths[key] = max(lines, lengths.get(key, 0))
    assert len(lengths) > 2000
    assert too_long(lengths, LINES_OF_A_FUNCTION, LONGER_FUNCTIONS) == []


def test_what_is_general_names_nothing_particular() -> None:
    found = {
        name: words
        for name, text in modules()
        if name.partition("/")[0] in GENERAL and (words := particular_words(text))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def adapt(captured): return captured", set()),
        ("import distil.runtimes.python", {"python"}),
        ("from distil.distros.apt_marks import x", {"apt"}),
        ("PythonReach, AptSource", {"python", "apt"}),
        ("plan.wheels", {"wheels"}),
        ("f(debs=1)", {"debs"}),
        ("x = f'/usr/bin/python3.{minor}'", {"python"}),
        ("PIP_CACHE = HTTPPip = 1", {"pip"}),
        ("def f():\n    'For dpkg.'\n    # pip\n    return debian", set()),
        ("class A:\n    a: int\n    'A wheel.'", set()),
        ("global dpkg", {"dpkg"}),
    ],
)
def test_which_words_are_found(text: str, words: set[str]) -> None:
    assert particular_words(text) == words


def test_what_is_too_long() -> None:
    lengths = {"short": 3, "long": 5, "known": 7, "grown": 9}
    exceptions = {"known": (7, ""), "grown": (8, ""), "short": (6, ""), "gone": (6, "")}
    assert too_long(lengths, 4, exceptions) == [
        "long has 5 lines, 4 are allowed",
        "grown has 9 lines, 8 are allowed",
        "short needs no exception",
        "gone needs no exception",
    ]


def test_no_module_is_in_a_circle_of_imports_not_even_for_types() -> None:
    """The contract compares siblings; a package and the modules in it count here as well."""
    graph = grimp.build_graph("distil", exclude_type_checking_imports=False, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]), pytrace=False)
