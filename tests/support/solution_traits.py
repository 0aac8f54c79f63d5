"""What made a solution more than a walk along plain dependencies."""

from __future__ import annotations

from collections.abc import Iterable

from distil.distros.debian.formats.dependencies import Clause
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.relation_targets import (
    NEGATIVE_FIELDS,
    POSITIVE_FIELDS,
    WEAK_FIELDS,
    dependencies,
)
from distil.distros.debian.solvers import Solution

VIRTUAL = "virtual"
"""A clause holds only because an installed package provides the name."""

ALTERNATIVE = "alternative"
"""A clause holds, but not by the package that it names first."""

BREAKS = "breaks"
"""A Breaks or Conflicts names something that is installed, in a version it does not reach."""

WEAK = "recommended"
"""Something is installed that is only recommended or suggested."""


def traits(solution: Solution, index: PackageIndex) -> set[str]:
    """Which of the above are true of `solution`."""
    installed = {package.name for package in solution.packages}
    found = set()
    for package in solution.packages:
        record = index.package(package.name, package.version)
        for dependency in dependencies(record, POSITIVE_FIELDS):
            found |= _clause_traits(dependency.alternatives, installed)
        for dependency in dependencies(record, NEGATIVE_FIELDS):
            name = dependency.alternatives[0].name
            if name in installed - {package.name}:
                found.add(BREAKS)
    edges = [edge for reasons in solution.reasons.values() for edge in reasons]
    if any(edge.field in WEAK_FIELDS for edge in edges):
        found.add(WEAK)
    return found


def _clause_traits(clause: Clause, installed: Iterable[str]) -> set[str]:
    names = [relation.name for relation in clause]
    if not set(names) & set(installed):
        return {VIRTUAL}
    return set() if names[0] in installed else {ALTERNATIVE}
