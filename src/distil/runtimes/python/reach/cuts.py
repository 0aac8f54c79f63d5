"""Which files of a used distribution, and of the standard library, go all the same."""

from __future__ import annotations

import re
from typing import Final

from distil.model.ledger import Reason
from distil.model.node import Kind
from distil.runtimes.python.reach.package_data import PackageData
from distil.runtimes.python.reach.state import State
from distil.runtimes.python.reach.suites import suite_around, suites_of

_BUILD_ONLY: Final = (
    (re.compile(r"\.pyi$"), "type stub: only type checkers read it"),
    (re.compile(r"\.(?:c|cc|cpp|cxx|f|f90|pyf|rs)$"), "source of compiled code"),
    (re.compile(r"\.(?:pyx|pxd|pxi)(?:\.in)?$"), "Cython source: only compilers read it"),
    (re.compile(r"\.(?:h|hh|hpp|hxx)$"), "header: only compilers read it"),
    (re.compile(r"\.(?:a|o|la|lib)$|/(?:pkgconfig|cmake)/|\.pc$|\.cmake$"), "only linkers read it"),
)


_TRANSLATION: Final = re.compile(r"/LC_MESSAGES/[^/]+\.po$")


def sort_files(state: State) -> dict[str, str]:
    """Add the rest of what stays to ``state.kept``; returns what goes, and why."""
    removed: dict[str, str] = {}
    reached = {suite_around(path) for path in state.modules.values()}
    data = PackageData(state)
    for distribution in state.world.distributions:
        reason = state.used.get(distribution.name)
        suites = suites_of(distribution.files) - reached
        for path in distribution.files:
            if path in state.kept:
                continue
            why = f"nothing reached uses {distribution.name}" if reason is None else ""
            why = why or _cut(path, suites) or _cut_source(state, path) or data.cut(path)
            if why:
                removed[path] = why
            elif reason is not None:
                state.keep(path, reason)
    _sort_library(state, removed)
    return removed


def _cut(path: str, suites: set[str]) -> str:
    if suite_around(path) in suites:
        return "test-suite: nothing reached imports it"
    for pattern, why in _BUILD_ONLY:
        if pattern.search(path):
            return why
    return ""


def _cut_source(state: State, path: str) -> str:
    """Translations are read in their compiled form, where that is there."""
    if _TRANSLATION.search(path) and f"{path.removesuffix('.po')}.mo" in state.world.tree:
        return "source of translations: only their compiler reads it"
    return ""


def _sort_library(state: State, removed: dict[str, str]) -> None:
    layout = state.world.layout
    for node in state.world.tree.under(layout.library):
        inside = node.path.startswith(f"{layout.library}/site-packages")
        if node.kind is Kind.DIRECTORY or inside or node.path in state.kept:
            continue
        if node.path.endswith("/LICENSE.txt"):
            state.keep(node.path, Reason("licence", "", "redistribution asks for it"))
        else:
            removed[node.path] = "standard library: nothing reached imports it"
