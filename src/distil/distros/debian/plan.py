"""Which packages an image is made of: apt's answer to what is wanted, less the cuts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from distil.distros.debian.contents import DebianContents
from distil.distros.debian.cuts import Cuts, Partial, default_cuts
from distil.distros.debian.errors import CannotAddPackages
from distil.distros.debian.fetching import fetch_packages
from distil.distros.debian.ground import Place
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.locales import PACKAGE as LOCALES
from distil.distros.debian.locales import further_locales
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.locked import locked_packages, locked_suites, otherwise_called
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.select import Wanted
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.solvers import Solution
from distil.distros.debian.tools import BUSYBOX, DebianTools
from distil.distros.protocol import Edge, PackagePlan, Request
from distil.events import Warned, emit
from distil.fetch.http import Client
from distil.formats.patterns import name_globs, name_patterns, path_patterns
from distil.model.ledger import Reason
from distil.model.lock import LockPart
from distil.model.tree import Tree

LOCALES_KEY: Final = "[image] locales"
LIBRARY_SEARCH: Final = "ldconfig"
"""The feature of the cuts that keeps ldconfig, which ``ctypes.util.find_library`` runs."""


class DebianPlan:
    """The packages of one image; see `distil.distros.PackagePlan`."""

    def __init__(
        self,
        wanted: tuple[str, ...],
        production: Solution,
        tools: Sequence[DebianPackage],
        world: _World,
        request: Request,
    ) -> None:
        self.wanted = wanted
        self.packages = production.packages
        self.reasons: Mapping[str, tuple[Edge, ...]] = production.reasons
        self.cut = production.cut
        self.tools = tuple(tools)
        self._world = world
        self._request = request
        whole = self._wanted.packages
        cuts = world.cuts
        found = {p.name: cuts.partial(p.name, asked=p.name in whole) for p in self.packages}
        self._partial: dict[str, Partial] = {n: p for n, p in found.items() if p is not None}

    @property
    def partial(self) -> Mapping[str, str]:
        """Why of some packages only some files are taken."""
        return {name: part.reason for name, part in self._partial.items()}

    @property
    def asked(self) -> frozenset[str]:
        """What the user names, or has as files."""
        return self._world.named((*self._request.asked, *self._world.pinned))

    @cached_property
    def _wanted(self) -> Wanted:
        """What cuts leave alone, and the optional parts that are needed.

        That is what the user names, or keeps by name, and the paths that are kept.
        """
        request = self._request
        searched = any(need.library_search for need in request.needs)
        kept = name_globs(name_patterns(request.keep))
        locales = further_locales(request.locales).values()
        return Wanted(
            packages=self.asked | {one.name for one in self.packages if one.name in kept},
            features=frozenset([LIBRARY_SEARCH] if searched else []),
            keep=(*path_patterns(request.keep), *(f"{path}/**" for path in locales)),
        )

    def keeps(self, path: str) -> bool:
        """Whether `path` matches what the user keeps, or is of a locale."""
        return path in self._wanted.kept

    def named(self, tree: Tree) -> Mapping[str, Reason]:
        """The files of the locales."""
        return {
            node.path: Reason(LOCALES_KEY, "", locale)
            for locale, directory in further_locales(self._request.locales).items()
            for node in tree.under(directory)
        }

    @cached_property
    def whole(self) -> frozenset[str]:
        """What the user names, or code that loads it by name does."""
        needs = [need for need in self._request.needs if not need.by_policy]
        return self.asked | {self._world.first_known(p) for need in needs for p in need.packages}

    @property
    def asked_closure(self) -> frozenset[str]:
        """What the user names, and all that it depends on."""
        return with_dependencies(self._wanted.packages, self.reasons)

    def fetch(self, client: Client) -> DebianContents:
        """The packages with their contents."""
        packs = fetch_packages(self.packages, client)
        return DebianContents(
            packs, self._world.cuts, self._wanted, self._request.locales, self._world.place
        )

    def fetch_tools(self, client: Client) -> DebianTools:
        """The packages of the twin; those that only it has, and its tools, are taken whole."""
        there = {package.name for package in self.packages}
        new = {package.name for package in self.tools} - there
        names = frozenset(new) | self._world.named((BUSYBOX, *(self._request.tools or ())))
        wanted = Wanted(packages=names, features=self._wanted.features)
        # What is no system by itself has an identity as soon as it has packages.
        joining = [p for p in self.packages if self._world.place.ground.is_identity(p.name)]
        packs = fetch_packages([*self.tools, *joining], client)
        return DebianTools(packs, self._world.cuts, wanted, self._world.place)

    def lock(self, libraries: Mapping[str, str]) -> LockPart:
        """The index entries of everything, and of the libraries what is called otherwise."""
        suites = locked_suites(self._world.suites)
        packages = {package.name: package for package in (*self.packages, *self.tools)}
        return DebianPart(
            suites=suites,
            packages=locked_packages(list(packages.values()), self._world.index, suites),
            libraries=otherwise_called(libraries),
        ).written()

    def differences(self, other: PackagePlan) -> list[str]:
        """As a lock has to come to them again."""
        found = [
            name
            for name in ("wanted", "partial", "reasons", "cut")
            if getattr(self, name) != getattr(other, name)
        ]
        found += [
            name
            for name in ("packages", "tools")
            if _pinned(getattr(self, name)) != _pinned(getattr(other, name))
        ]
        return found


def _pinned(packages: Iterable[DebianPackage]) -> list[tuple[str, str, str]]:
    return [(package.name, package.version, package.digest) for package in packages]


def plan_packages(
    index: PackageIndex,
    suites: tuple[SuiteIndex, ...],
    place: Place,
    pinned: tuple[str, ...],
    request: Request,
) -> DebianPlan:
    """Solve the packages of `request` from `index`.

    Raises `UnknownPackage`, `UnknownPackageVersion`, `VirtualPackage`,
    `UnsatisfiableDependencies`.
    """
    world = _World(index, suites, place, pinned, default_cuts())
    ground = place.ground
    if ground.refusal:
        return _nothing_added(world, request)
    names = [*request.runtime, *ground.every_image(request), *request.asked]
    names += [world.first_known(name) for need in request.needs for name in need.packages]
    # Last, for of several demands for one package the last one's version counts.
    wanted = tuple(dict.fromkeys([*names, *pinned]))
    locales = (LOCALES,) if further_locales(request.locales) else ()
    production = world.with_companions(wanted, locales)
    tools = () if request.tools is None else world.tools(wanted, request.tools)
    return DebianPlan(wanted, production, tools, world, request)


def _nothing_added(world: _World, request: Request) -> DebianPlan:
    """The plan for an image that no package can be added to, if it needs none.

    What code is only known to load by name may well be there under another one. Raises
    `CannotAddPackages`.
    """
    ground = world.place.ground
    wanted = dict.fromkeys((*request.asked, *world.pinned), "[base] or [app] packages")
    wanted |= dict.fromkeys(request.tools or (), "[debug] packages")
    wanted |= {name: LOCALES_KEY for name in [LOCALES] if further_locales(request.locales)}
    wanted |= dict.fromkeys(request.runtime, "the language of the application")
    if wanted:
        raise CannotAddPackages(str(ground.foundation), ground.refusal, wanted)
    for need in request.needs:
        names = " and ".join(name for name in need.packages if not ground.has_instead(name))
        if not names:
            continue
        what = f"{need.distribution} {need.reason}: that is {names} in Debian"
        emit(Warned(what, hint=f"no package can be added to the base image: {ground.refusal}"))
    tools = () if request.tools is None else world.tools((), ())
    return DebianPlan((), Solution((), {}), tools, world, request)


class _World:
    """What is to be had, and what is cut of it."""

    def __init__(
        self,
        index: PackageIndex,
        suites: tuple[SuiteIndex, ...],
        place: Place,
        pinned: tuple[str, ...],
        cuts: Cuts,
    ) -> None:
        self.index = index
        self.suites = suites
        self.place = place
        self.pinned = pinned
        self.cuts = cuts

    def named(self, wanted: Sequence[str]) -> frozenset[str]:
        """The names of packages asked for as ``name``, ``name=version`` or ``name:architecture``.

        A virtual name stands for the one package that provides it.
        """
        found: set[str] = set()
        for text in wanted:
            name = text.partition("=")[0].partition(":")[0]
            if self.index.candidate(name) is None:
                found.update(provision.owner for provision in self.index.providers(name))
            found.add(name)
        return frozenset(found)

    def first_known(self, alternatives: str) -> str:
        """The first of ``a | b`` that the index has; the first of all when it has none."""
        names = [name.strip() for name in alternatives.split("|")]
        return next((name for name in names if self.index.candidate(name)), names[0])

    def _solved(self, wanted: Sequence[str]) -> Solution:
        """What installing `wanted` adds to what is installed, which stays as it is."""
        there = self.place.ground.installed.names
        solution = SOLVER.solve((*there, *wanted), self.index, self.cuts.edge)
        if not there:
            return solution
        packages = tuple(one for one in solution.packages if one.name not in there)
        names = {one.name for one in packages}
        reasons = {name: why for name, why in solution.reasons.items() if name in names}
        return Solution(packages, reasons, solution.cut)

    def with_companions(self, wanted: Sequence[str], locales: Sequence[str]) -> Solution:
        """The closure of `wanted`, and the packages of which it needs only files.

        The packages `locales` are among these.
        """
        index, cuts = self.index, self.cuts
        solution = self._solved(wanted)
        names = [package.name for package in solution.packages]
        unasked = self.place.ground.companions(cuts.companions(names))
        joining = {*unasked, *locales} - {*names}
        added = {name: index.describe(index.package(name)) for name in joining}
        packages = sorted((*solution.packages, *added.values()), key=lambda package: package.name)
        whose = {name: LOCALES_KEY if name in locales else "" for name in added}
        reasons = solution.reasons | {name: (Edge(whose[name], "Files", name),) for name in added}
        return Solution(tuple(packages), reasons, solution.cut)

    def tools(self, wanted: Sequence[str], asked: Sequence[str]) -> tuple[DebianPackage, ...]:
        """The packages of the debug twin's tools with all that they depend on.

        Solved together with `wanted`, so that what both need is the same. What production has
        of a package need not be what a tool needs of it.
        """
        tools = (BUSYBOX, *asked)
        solution = self._solved((*wanted, *tools, *self.pinned))
        found = with_dependencies(self.named(tools), solution.reasons)
        return tuple(package for package in solution.packages if package.name in found)


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
