"""Solvers: which Debian packages have to be installed for some of them to work.

A solver is a module here that gives the answer of one program, named after it. What all of them
share is in `requests` and `solution`. Which one decides is said in one place,
`distil.distros.debian.solver`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.package import DebianPackage
from distil.distros.protocol import Edge

REQUESTED: Final = "Requested"
"""The field of the edge to a package that was asked for by name."""

Cut = Callable[[str, str], bool]
"""Whether the dependency of a package (first) on another (second) is not to be followed."""


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


class Solver(Protocol):
    """Decides on the packages for a system on which nothing is installed."""

    def solve(self, wanted: Sequence[str], index: PackageIndex, cut: Cut = never) -> Solution:
        """The packages that installing `wanted` needs, without what is only recommended.

        Each of `wanted` is ``name``, ``name=version`` or ``name:architecture``; a name that only
        one package provides stands for that package. For a clause that names an alternative for
        which ``cut(package, alternative)`` is true, nothing is installed; what other clauses need
        still is. Raises `UnknownPackage`, `UnknownPackageVersion`, `VirtualPackage` and, when
        there is no answer, `UnsatisfiableDependencies`.
        """
