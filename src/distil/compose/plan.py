"""What an image will be made of, decided before any archive is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from distil.compose.investigate import Findings
from distil.distros.debian.base import Base
from distil.distros.debian.cuts import Cuts, Partial
from distil.distros.debian.locales import PACKAGE as LOCALES
from distil.distros.debian.locales import further_locales
from distil.distros.debian.select import Wanted
from distil.distros.debian.solver import Edge, Solution, solve
from distil.errors import (
    NotLocked,
    UnknownPackage,
    UnknownPackageVersion,
    UnsatisfiableDependencies,
)
from distil.formats.patterns import name_globs, name_patterns, path_patterns
from distil.model.application import SystemNeed
from distil.model.package import DebianPackage
from distil.model.spec import Spec

EVERY_IMAGE: Final = ("ca-certificates", "tzdata")
"""Packages that a service needs for TLS and for local time, whatever it is written in."""

BUSYBOX: Final = "busybox-static"
LIBRARY_SEARCH: Final = "ldconfig"
"""The feature of the cuts that keeps ldconfig, which ``ctypes.util.find_library`` runs."""


class Plan(msgspec.Struct, frozen=True):
    """The image as values: what goes in, from where, and who asked for it.

    `roots` are the packages asked for by name. `packages` are sorted by name and include those
    of which only some files are taken, which `partial` tells. `reasons` says for each who needs
    it, `needs` what the application needs without saying so. `debug_packages` are the debug
    twin's tools and what these need: some may be in `packages` as well, less what was cut.
    """

    findings: Findings
    needs: tuple[SystemNeed, ...]
    roots: tuple[str, ...]
    packages: tuple[DebianPackage, ...]
    partial: dict[str, Partial]
    reasons: dict[str, tuple[Edge, ...]]
    debug_packages: tuple[DebianPackage, ...]
    cut: tuple[Edge, ...] = ()
    """Dependencies that are not followed."""

    @property
    def runtime_packages(self) -> frozenset[str]:
        """The packages of the interpreter itself, which change when it does."""
        line = self.findings.interpreter.line
        names = (f"python{line}", f"libpython{line}")
        return frozenset(name + end for name in names for end in ("", "-minimal", "-stdlib"))

    @property
    def asked_packages(self) -> frozenset[str]:
        """Packages that stay whole: the user names them, or code that loads them by name does."""
        base = self.findings.base
        loaded = {_first_known(p, base) for n in self.needs for p in n.packages}
        return _asked(self.findings.spec, base) | loaded

    @property
    def wanted_tools(self) -> frozenset[str]:
        """The packages of the debug twin that are taken whole, tools and what only they need."""
        spec, base = self.findings.spec, self.findings.base
        there = {package.name for package in self.packages}
        new = {package.name for package in self.debug_packages} - there
        return frozenset(new) | _named((BUSYBOX, *spec.debug.packages), base)

    @property
    def wanted(self) -> Wanted:
        """What the user names, which is taken whole, and the optional parts that are needed."""
        spec = self.findings.spec
        searched = any(need.library_search for need in self.needs)
        locales = further_locales(spec.image.locales).values()
        return Wanted(
            packages=_whole(spec, self.findings.base, self.packages),
            features=frozenset([LIBRARY_SEARCH] if searched else []),
            keep=(*path_patterns(spec.reach.keep), *(f"{path}/**" for path in locales)),
        )


def plan_packages(
    findings: Findings,
    needs: Sequence[SystemNeed],
    cuts: Cuts,
    *,
    debug: bool = True,
) -> Plan:
    """Solve the Debian packages for `findings`.

    `needs` are packages that the application needs without saying so. Raises `UnknownPackage`,
    `VirtualPackage`, `UnsatisfiableDependencies`, and `NotLocked` for a package that the lock
    lacks.
    """
    try:
        return _planned(findings, needs, cuts, debug=debug)
    except (UnknownPackage, UnknownPackageVersion, UnsatisfiableDependencies) as error:
        if not findings.lock:
            raise
        what = f"answer to what the image needs now: {error.message}"
        raise NotLocked(findings.lock, what) from error


def _planned(findings: Findings, needs: Sequence[SystemNeed], cuts: Cuts, *, debug: bool) -> Plan:
    spec, base = findings.spec, findings.base
    wanted = [f"python{findings.interpreter.line}", *EVERY_IMAGE]
    wanted += [*spec.base.packages, *spec.app.packages]
    wanted += [_first_known(name, base) for need in needs for name in need.packages]
    # Last, for of several demands for one package the last one's version counts.
    roots = tuple(dict.fromkeys([*wanted, *base.pinned]))
    locales = further_locales(spec.image.locales)
    production = _with_companions(roots, base, cuts, (LOCALES,) if locales else ())
    tools = _tools(roots, spec, base, cuts) if debug else ()
    asked = _whole(spec, base, production.packages)
    partial = {p.name: cuts.partial(p.name, asked=p.name in asked) for p in production.packages}
    return Plan(
        findings=findings,
        needs=tuple(needs),
        roots=roots,
        packages=production.packages,
        partial={name: part for name, part in partial.items() if part is not None},
        reasons=production.reasons,
        debug_packages=tools,
        cut=production.cut,
    )


def _asked(spec: Spec, base: Base) -> frozenset[str]:
    """The packages that the user names, or has as files."""
    return _named((*spec.base.packages, *spec.app.packages, *base.pinned), base)


def _whole(spec: Spec, base: Base, packages: Iterable[DebianPackage]) -> frozenset[str]:
    """The packages that cuts leave alone: those the user names, or keeps by their names."""
    kept = name_globs(name_patterns(spec.reach.keep))
    return _asked(spec, base) | {one.name for one in packages if one.name in kept}


def _named(wanted: Sequence[str], base: Base) -> frozenset[str]:
    """The names of packages asked for as ``name``, ``name=version`` or ``name:architecture``.

    A virtual name stands for the one package that provides it.
    """
    found: set[str] = set()
    for text in wanted:
        name = text.partition("=")[0].partition(":")[0]
        if base.index.candidate(name) is None:
            found.update(provision.owner for provision in base.index.providers(name))
        found.add(name)
    return frozenset(found)


def with_dependencies(
    names: Iterable[str], reasons: Mapping[str, Sequence[Edge]]
) -> frozenset[str]:
    """The packages `names` and what they depend on, by the `reasons` of a solution."""
    needs: dict[str, list[str]] = {}
    for name, edges in reasons.items():
        for edge in edges:
            needs.setdefault(edge.package, []).append(name)
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += needs.get(name, ())
    return frozenset(found)


def _tools(roots: Sequence[str], spec: Spec, base: Base, cuts: Cuts) -> tuple[DebianPackage, ...]:
    """The packages of the debug twin's tools with all that they depend on.

    Solved together with `roots`, so that what both need is the same. What production has of a
    package need not be what a tool needs of it.
    """
    wanted = (BUSYBOX, *spec.debug.packages)
    solution = solve((*roots, *wanted, *base.pinned), base.index, cut=cuts.edge)
    found = with_dependencies(_named(wanted, base), solution.reasons)
    return tuple(package for package in solution.packages if package.name in found)


def _first_known(alternatives: str, base: Base) -> str:
    """The first of ``a | b`` that the base has; the first of all when it has none."""
    names = [name.strip() for name in alternatives.split("|")]
    return next((name for name in names if base.index.candidate(name)), names[0])


def _with_companions(
    roots: Sequence[str], base: Base, cuts: Cuts, more: Sequence[str] = ()
) -> Solution:
    """The closure of `roots`, and the packages of which it needs only files, `more` among them."""
    solution = solve(roots, base.index, cut=cuts.edge)
    names = [package.name for package in solution.packages]
    joining = {*cuts.companions(names), *more} - {*names}
    added = {name: base.index.describe(base.index.package(name)) for name in joining}
    packages = sorted((*solution.packages, *added.values()), key=lambda package: package.name)
    whose = {name: "[image] locales" if name in more else "" for name in added}
    reasons = solution.reasons | {name: (Edge(whose[name], "Files", name),) for name in added}
    return Solution(tuple(packages), reasons, solution.cut)
