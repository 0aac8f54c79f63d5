"""Which files of a used distribution, and of the standard library, go all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from distil.model.ledger import Reason
from distil.model.node import Kind
from distil.runtimes.python.reach.package_data import PackageData

if TYPE_CHECKING:
    from distil.runtimes.python.reach.search import Search

_TEST_DIRECTORIES: Final = re.compile(r"^(.*?/(?:tests|_tests))/")
_MAYBE_TESTS: Final = re.compile(r"^(.*?/test)/")
"""Directories that hold a test-suite when one of their files is named like a test."""
_TEST_FILE: Final = re.compile(r"/(?:tests?|test_[^/]*|[^/]*_tests?|conftest)\.py$")
_BUILD_ONLY: Final = (
    (re.compile(r"\.pyi$"), "type stub: only type checkers read it"),
    (re.compile(r"\.(?:c|cc|cpp|cxx|f|f90|pyf|rs)$"), "source of compiled code"),
    (re.compile(r"\.(?:pyx|pxd|pxi)(?:\.in)?$"), "Cython source: only compilers read it"),
    (re.compile(r"\.(?:h|hh|hpp|hxx)$"), "header: only compilers read it"),
    (re.compile(r"\.(?:a|o|la|lib)$|/(?:pkgconfig|cmake)/|\.pc$|\.cmake$"), "only linkers read it"),
)


_TRANSLATION: Final = re.compile(r"/LC_MESSAGES/[^/]+\.po$")


def is_test(path: str) -> bool:
    """Whether the Python file `path` is part of a test-suite, by its name or directory."""
    return bool(_TEST_DIRECTORIES.match(path)) or bool(_TEST_FILE.search(path))


def sort_files(search: Search) -> dict[str, str]:
    """Add the rest of what stays to ``search.kept``; returns what goes, and why."""
    removed: dict[str, str] = {}
    reached = {_directory(path) for path in search.modules.values()}
    data = PackageData(search)
    for distribution in search.world.distributions:
        reason = search.used.get(distribution.name)
        suites = _suites(distribution.files) - reached
        for path in distribution.files:
            if path in search.kept:
                continue
            why = f"nothing reached uses {distribution.name}" if reason is None else ""
            why = why or _cut(path, suites) or _cut_source(search, path) or data.cut(path)
            if why:
                removed[path] = why
            elif reason is not None:
                search.keep(path, reason)
    _sort_library(search, removed)
    return removed


def _directory(path: str) -> str:
    """The directory around `path` that may hold a test-suite; empty when there is none."""
    match = _TEST_DIRECTORIES.match(path) or _MAYBE_TESTS.match(path)
    return match[1] if match is not None else ""


def _suites(paths: Iterable[str]) -> set[str]:
    """The directories of test-suites that some of `paths` lie in."""
    certain = {path for path in paths if _TEST_DIRECTORIES.match(path) or _TEST_FILE.search(path)}
    return {_directory(path) for path in certain} - {""}


def _cut(path: str, suites: set[str]) -> str:
    if _directory(path) in suites:
        return "test-suite: nothing reached imports it"
    for pattern, why in _BUILD_ONLY:
        if pattern.search(path):
            return why
    return ""


def _cut_source(search: Search, path: str) -> str:
    """Translations are read in their compiled form, where that is there."""
    if _TRANSLATION.search(path) and f"{path.removesuffix('.po')}.mo" in search.world.tree:
        return "source of translations: only their compiler reads it"
    return ""


def _sort_library(search: Search, removed: dict[str, str]) -> None:
    layout = search.world.layout
    for node in search.world.tree.under(layout.library):
        inside = node.path.startswith(f"{layout.library}/site-packages")
        if node.kind is Kind.DIRECTORY or inside or node.path in search.kept:
            continue
        if node.path.endswith("/LICENSE.txt"):
            search.keep(node.path, Reason("licence", "", "redistribution asks for it"))
        else:
            removed[node.path] = "standard library: nothing reached imports it"
