"""What was chosen as a `Solution`: every package with the clauses that it satisfies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import PackageRecord
from distil.distros.debian.relation_targets import (
    POSITIVE_FIELDS,
    WEAK_FIELDS,
    Dependency,
    Targets,
    dependencies,
)
from distil.distros.debian.solvers import REQUESTED, Cut, Solution
from distil.distros.protocol import Edge


def is_cut(dependency: Dependency, cut: Cut) -> bool:
    """Whether a clause is not to be followed: one that names a cut edge as an alternative."""
    return any(cut(dependency.owner, named.name) for named in dependency.alternatives)


def solution_of(
    chosen: Mapping[str, PackageRecord],
    requested: Iterable[str],
    index: PackageIndex,
    cut: Cut,
) -> Solution:
    """The `chosen` packages, of which those `requested` were asked for, with their reasons."""
    targets = Targets(index)
    reasons: dict[str, list[Edge]] = {name: [] for name in sorted(chosen)}
    left_out = []
    for name in requested:
        reasons[name].append(Edge("", REQUESTED, name))
    for name in reasons:
        for dependency in dependencies(chosen[name], POSITIVE_FIELDS):
            edge = Edge(name, dependency.field, dependency.text)
            if is_cut(dependency, cut):
                left_out.append(edge)
                continue
            for target in targets.satisfying(dependency, chosen.get):
                if target != name:
                    reasons[target].append(edge)
    _add_weak_reasons(chosen, reasons, targets)
    packages = tuple(index.describe(chosen[name]) for name in reasons)
    edges = {name: tuple(found) for name, found in reasons.items()}
    return Solution(packages, edges, tuple(left_out))


def _add_weak_reasons(
    chosen: Mapping[str, PackageRecord], reasons: dict[str, list[Edge]], targets: Targets
) -> None:
    """Say for what has no other reason who recommends or suggests it."""
    unexplained = {name for name, found in reasons.items() if not found}
    for name, record in chosen.items() if unexplained else ():
        for dependency in dependencies(record, WEAK_FIELDS):
            for target in targets.satisfying(dependency, chosen.get):
                if target in unexplained:
                    edge = Edge(name, dependency.field, dependency.text)
                    reasons[target].append(edge)
