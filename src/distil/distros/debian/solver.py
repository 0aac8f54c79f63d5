"""Which Debian packages have to be installed for some of them to work: apt's answer.

`solve` decides as ``apt-get install --no-install-recommends`` does on a system on which nothing
is installed: mark what is asked for and what it needs, mend what does not fit together, drop
what turned out not to be needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.distros import Edge
from distil.distros.debian.apt_marks import Cut, Marks, State
from distil.distros.debian.apt_resolver import ProblemResolver
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import PackageRecord
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.relation_targets import (
    POSITIVE_FIELDS,
    WEAK_FIELDS,
    Dependency,
    Pick,
    dependencies,
)
from distil.distros.debian.unsatisfied import explain
from distil.errors import UnknownPackage, UnsatisfiableDependencies, VirtualPackage

REQUESTED: Final = "Requested"
"""The field of the edge to a package that was asked for by name."""

_WANTED: Final = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?::(?P<architecture>[a-z0-9-]+))?(?:=(?P<version>\S+))?"
)


class Solution(msgspec.Struct, frozen=True):
    """The packages to install, sorted by name, and why each of them is among them.

    `cut` are the clauses that were not followed because the caller said so.
    """

    packages: tuple[DebianPackage, ...]
    reasons: dict[str, tuple[Edge, ...]]
    cut: tuple[Edge, ...] = ()


def never(package: str, dependency: str) -> bool:  # noqa: ARG001  the shape of a Cut
    """Cut nothing."""
    return False


def solve(wanted: Sequence[str], index: PackageIndex, *, cut: Cut = never) -> Solution:
    """The packages that installing `wanted` needs.

    Each of `wanted` is ``name``, ``name=version`` or ``name:architecture``; a name that only one
    package provides stands for that package. For a clause that names an alternative for which
    ``cut(package, alternative)`` is true, nothing is installed; what other clauses need still
    is. Raises `UnknownPackage`, `UnknownPackageVersion`, `VirtualPackage` and, when there is no
    answer, `UnsatisfiableDependencies`.
    """
    marks = Marks(index, cut)
    requested = {}
    for text in wanted:
        record = _requested(text, index)
        requested[record.name] = record
    for record in requested.values():
        marks.request(record)
        marks.install(record.name, follow=False, requested=True)
    for name in requested:
        marks.install(name, follow=True, requested=True)
    ProblemResolver(marks, set(requested)).resolve()
    if marks.broken_states():
        raise UnsatisfiableDependencies(explain(marks, list(requested)))
    _drop_needless(marks)
    return _solution(marks, requested)


def _requested(text: str, index: PackageIndex) -> PackageRecord:
    """The package version that the user names. Raises what `solve` does for an unknown one."""
    found = _WANTED.fullmatch(text)
    if found is None or found["architecture"] not in (None, "all", "native", index.architecture):
        raise UnknownPackage(text, index.description)
    name = found["name"]
    if index.candidate(name) is None and not found["version"]:
        providers = sorted(
            {
                provision.owner
                for provision in index.providers(name)
                if index.package(provision.owner).version == provision.owner_version
            }
        )
        if len(providers) == 1:
            return index.package(providers[0])
        if providers:
            raise VirtualPackage(name, providers)
    return index.package(name, found["version"] or "")


# --- what is not needed --------------------------------------------------------------------


def _drop_needless(marks: Marks) -> None:
    """Unmark what was marked on the way but that nothing needs in the end (DoAutomaticRemove).

    Like apt, what a needed package recommends or suggests stays if it was marked already.
    """
    needed = _needed(marks)
    needless = [state for state in _installing(marks) if state.name not in needed]
    dropped = [state for state in needless if marks.delete(state)]
    while dropped:
        broken = marks.broken_states()
        saved = [state for state in dropped if _names_any(marks, broken, state)]
        if not saved:
            break
        for state in saved:
            marks.install(state.name, follow=False)
            dropped.remove(state)


def _names_any(marks: Marks, broken: list[State], state: State) -> bool:
    """Whether one of `broken` depends on `state` or on what it provides."""
    for other in broken:
        if other.chosen is None:
            continue
        for dependency in marks.dependencies(other.chosen):
            if not dependency.negative and state.name in _satisfying(
                marks, dependency, marks.candidate
            ):
                return True
    return False


def _installing(marks: Marks) -> list[State]:
    return [state for state in marks.states.values() if state.installing]


def _needed(marks: Marks) -> set[str]:
    """Everything that can be reached from what was asked for (MarkRequired)."""
    pending = []
    for state in _installing(marks):
        entry = marks.index.entry(state.name)
        if not state.automatic or state.protected or entry.essential or entry.important:
            pending.append(state.name)
    needed = set(pending)
    while pending:
        record = marks.chosen(pending.pop())
        if record is None:
            continue
        for dependency in dependencies(record, POSITIVE_FIELDS + WEAK_FIELDS):
            if marks.is_cut(dependency):
                continue
            for name in _satisfying(marks, dependency, marks.chosen):
                if name not in needed:
                    needed.add(name)
                    pending.append(name)
    return needed


def _satisfying(marks: Marks, dependency: Dependency, pick: Pick) -> list[str]:
    found: dict[str, None] = {}
    for relation in dependency.alternatives:
        for name in marks.targets.matching(relation, dependency.owner, pick, negative=False):
            found[name] = None
    return list(found)


# --- the answer ----------------------------------------------------------------------------


def _solution(marks: Marks, requested: dict[str, PackageRecord]) -> Solution:
    chosen = {state.name: state.chosen for state in _installing(marks) if state.chosen is not None}
    reasons: dict[str, list[Edge]] = {name: [] for name in sorted(chosen)}
    cut = []
    for name in requested:
        reasons[name].append(Edge("", REQUESTED, name))
    for name in reasons:
        for dependency in dependencies(chosen[name], POSITIVE_FIELDS):
            edge = Edge(name, dependency.field, dependency.text)
            if marks.is_cut(dependency):
                cut.append(edge)
                continue
            for target in _satisfying(marks, dependency, marks.chosen):
                if target != name:
                    reasons[target].append(edge)
    _add_weak_reasons(marks, chosen, reasons)
    packages = tuple(marks.index.describe(chosen[name]) for name in reasons)
    return Solution(packages, {name: tuple(found) for name, found in reasons.items()}, tuple(cut))


def _add_weak_reasons(
    marks: Marks, chosen: dict[str, PackageRecord], reasons: dict[str, list[Edge]]
) -> None:
    """Say for what has no other reason who recommends or suggests it."""
    unexplained = {name for name, found in reasons.items() if not found}
    if not unexplained:
        return
    for name, record in chosen.items():
        for dependency in dependencies(record, WEAK_FIELDS):
            for target in _satisfying(marks, dependency, marks.chosen):
                if target in unexplained:
                    reasons[target].append(Edge(name, dependency.field, dependency.text))
