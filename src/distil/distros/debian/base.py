"""The base of an image: verified Debian suites and their index."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.errors import UnknownSuite, UnsupportedArchitecture
from distil.distros.debian.fetching import fetch_packages
from distil.distros.debian.ground import (
    EVERY_IMAGE,
    SCRATCH,
    WHOLE_SYSTEM,
    Ground,
    Place,
    ground_of,
    image_ground,
)
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.library_packages import package_for_library, packages_called_after
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.locked import open_locked, preferring
from distil.distros.debian.named_packages import NamedPackages
from distil.distros.debian.own_packages import find_own_packages
from distil.distros.debian.package import ECOSYSTEM
from distil.distros.debian.plan import DebianPlan, plan_packages
from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import SuiteIndex, open_suites
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.sources import find_mirrors
from distil.distros.debian.toolchain import toolchain_on
from distil.distros.errors import UnknownBase
from distil.distros.foundation import Foundation
from distil.distros.protocol import Offered, Opening, Request, Toolchain
from distil.errors import DistilError
from distil.fetch.http import Client
from distil.model.lock import LockPart
from distil.model.mention import Listed
from distil.model.platform import Platform
from distil.model.spec import DEFAULT_BASE, Spec
from distil.model.tree import Tree

RELEASES: Final = ("debian:bookworm", "debian:trixie", "debian:forky", "debian:sid")
"""Bases that are looked at to tell which versions of a package there are to be had."""

_IN_EVERY_IMAGE: Final = frozenset({"libc6", *EVERY_IMAGE})
_EPOCH_AND_REVISION: Final = re.compile(r"^\d+:|-[^-]*$")
_SECURITY_SUFFIX: Final = re.compile(r"[~+].*$")


class DebianBase(msgspec.Struct, frozen=True):
    """Where the system packages of an image come from; see `distil.distros.protocol.Base`.

    `name` is what the user wrote (``debian:trixie``). `suites` are the local files, if there
    are any, Debian's with the main one first, and other repositories; `index` has them in this
    order. `pinned` are the packages that the user has as files, each as ``name=version``.
    """

    name: str
    platform: Platform
    suites: tuple[SuiteIndex, ...]
    index: PackageIndex
    client: Client
    pinned: tuple[str, ...] = ()
    ground: Ground = WHOLE_SYSTEM
    ecosystem: str = ECOSYSTEM

    @property
    def foundation(self) -> Foundation:
        """The image that is built on, if it is one."""
        return self.ground.foundation

    @property
    def present(self) -> Tree:
        """What the image has that is built on."""
        return self.ground.foundation.tree

    @property
    def date(self) -> int:
        """That of the newest suite, or of the image that is built on; in seconds since 1970."""
        return max(self.ground.foundation.created, *(suite.date for suite in self.suites))

    @property
    def release(self) -> str:
        """The point release, ``13.8``, or the codename of a suite that has none; or the digest.

        Nothing has no release: then it is told whose packages there are.
        """
        if self.ground.is_image:
            return str(self.ground.foundation.digest or "of this machine")
        names = (suite.version or suite.codename for suite in self.suites)
        found = next(name for name in names if name)
        return f"{DEFAULT_BASE} {found}" if self.name == SCRATCH else found

    def version(self, package: str) -> str | None:
        """The upstream version of the candidate, less what a suite adds to it."""
        found = None if self.ground.refusal else self.index.candidate(package)
        return None if found is None else upstream_version(found.version)

    def offered(self, package: str) -> Offered | None:
        """The candidate."""
        found = None if self.ground.refusal else self.index.candidate(package)
        if found is None:
            return None
        return Offered(found.version, found.source, found.source_version)

    def with_library(self, soname: str) -> tuple[str, ...]:
        """By name, or by the suites' lists of files."""
        if self.ground.refusal or soname in self.ground.libraries:
            return ()
        return tuple(package_for_library(soname, self.platform, self.index, self.suites))

    def called_after(self, soname: str) -> tuple[str, ...]:
        """By Debian's policy for names; no list of files is fetched."""
        if self.ground.refusal:
            return ()
        return tuple(packages_called_after(soname, self.index))

    def offering(self, kind: str, name: str) -> Listed:
        """See `NamedPackages`."""
        if self.ground.refusal:
            return Listed((), complete=False)
        return NamedPackages(self.platform, self.index, self.suites).offering(kind, name)

    def in_every_image(self, package: str) -> bool:
        """The C library's package is, and what every service needs; on scratch none is."""
        return self.ground.makes_system and package in _IN_EVERY_IMAGE

    def releases_with(self, package: str, fits: Callable[[str], bool]) -> list[str]:
        """Those of `RELEASES` that can be opened."""
        stanza = re.compile(
            rb"^Package: %b\n(?:.+\n)*?Version: (\S+)$" % re.escape(package.encode()), re.MULTILINE
        )
        policy = SuitePolicy.from_environment()
        found = []
        for base in RELEASES:
            try:
                suites = _suites(base, self.platform, self.client, policy)
                matches = [stanza.search(suite.packages()) for suite in suites]
            except DistilError:
                continue
            versions = [upstream_version(match[1].decode()) for match in matches if match]
            if versions and fits(versions[0]):
                found.append(base)
        return found

    def archives(self, packages: Sequence[str], client: Client) -> list[DebPack]:
        """What installing `packages` needs, without what images cut."""
        solution = SOLVER.solve(packages, self.index, default_cuts().edge)
        return fetch_packages(solution.packages, client)

    def toolchain(self, packages: Sequence[str]) -> Toolchain:
        """See `toolchain_on`."""
        return toolchain_on(self.ground, packages, self.index, self.suites, self.platform)

    def plan(self, request: Request) -> DebianPlan:
        """See `plan_packages`."""
        place = Place(self.platform, self.ground)
        return plan_packages(self.index, self.suites, place, self.pinned, request)


def upstream_version(version: str) -> str:
    """The upstream part of a Debian version: ``3.13.5`` of ``3.13.5-2+deb13u5``."""
    return _SECURITY_SUFFIX.sub("", _EPOCH_AND_REVISION.sub("", version))


def open_base(opening: Opening, platform: Platform) -> DebianBase:
    """The base that the specification names, with what the user has beside it.

    Raises what `find_own_packages`, `open_suites`, `OwnPackages.open` and `PackageIndex` raise.
    """
    name = opening.spec.base.source
    suite = DEFAULT_BASE if name == SCRATCH else name
    policy = SuitePolicy.from_environment(refresh=opening.refresh)
    suites = _suites(suite, platform, opening.client, policy)
    return _on(ground_of(name), suites, opening, platform, policy)


def open_locked_base(part: LockPart, opening: Opening, platform: Platform) -> DebianBase:
    """The base with nothing in it but the packages of `part`; local ones lie in the source.

    Raises what `open_locked` raises.
    """
    return _locked_on(ground_of(opening.spec.base.source), part, opening, platform)


def open_onto(foundation: Foundation, opening: Opening, platform: Platform) -> DebianBase:
    """What can be added to an image: packages of the suite that its os-release names.

    Where that is none, or the image has no database of packages, tools for the debug twin are
    from the default suite. Raises what `open_base` raises, and `MalformedControl`.
    """
    ground, suite = image_ground(foundation, platform)
    policy = SuitePolicy.from_environment(refresh=opening.refresh)
    try:
        suites = _suites(suite or DEFAULT_BASE, platform, opening.client, policy)
    except (UnknownBase, UnknownSuite, UnsupportedArchitecture) as error:
        if not suite:
            raise
        ground = msgspec.structs.replace(ground, refusal=error.message)
        suites = _suites(DEFAULT_BASE, platform, opening.client, policy)
    return _on(ground, suites, opening, platform, policy)


def open_locked_onto(
    foundation: Foundation, part: LockPart, opening: Opening, platform: Platform
) -> DebianBase:
    """The same with nothing but the packages of `part`. Raises what `open_locked_base` raises."""
    ground, _ = image_ground(foundation, platform)
    return _locked_on(ground, part, opening, platform)


def _on(
    ground: Ground,
    suites: tuple[SuiteIndex, ...],
    opening: Opening,
    platform: Platform,
    policy: SuitePolicy,
) -> DebianBase:
    client, spec = opening.client, opening.spec
    own = find_own_packages(opening.source, spec, platform)
    suites += own.open(platform, client, client.cache, policy)
    pinned: tuple[str, ...] = ()
    if own.debs is not None:
        # Of one version in several places, the first counts: a file is named on purpose.
        suites, pinned = (own.debs.suite_index, *suites), own.debs.roots
    index = PackageIndex(_held(suites, opening), client.cache, platform.debian)
    index = ground.installed.onto(index, client.cache)
    return DebianBase(spec.base.source, platform, suites, index, client, pinned, ground)


def _locked_on(ground: Ground, part: LockPart, opening: Opening, platform: Platform) -> DebianBase:
    locked, client = DebianPart.read(part), opening.client
    suites = open_locked(locked, platform, client, opening.source)
    index = PackageIndex(suites, client.cache, platform.debian)
    index = ground.installed.onto(index, client.cache)
    local = [package for package in locked.packages if package.is_local]
    pinned = sorted(f"{package.name}={package.version}" for package in local)
    name = opening.spec.base.source
    return DebianBase(name, platform, suites, index, client, tuple(pinned), ground)


def _suites(
    name: str, platform: Platform, client: Client, policy: SuitePolicy
) -> tuple[SuiteIndex, ...]:
    return open_suites(name, platform, client, client.cache, find_mirrors(), policy)


def _held(suites: tuple[SuiteIndex, ...], opening: Opening) -> tuple[SuiteIndex, ...]:
    """`suites` with the versions that an earlier lock holds: all but the upgraded ones.

    With one package go those of the same source, which have to fit together. A local file is
    always as it is.
    """
    if opening.held is None or opening.upgraded is None:
        return suites
    before = DebianPart.read(opening.held)
    upgraded = opening.upgraded | _with_version(opening.spec)
    sources = {package.source for package in before.packages if package.name in upgraded}
    names = frozenset(p.name for p in before.packages if p.source not in sources and not p.is_local)
    return preferring(suites, before, names)


def _with_version(spec: Spec) -> frozenset[str]:
    """The packages of which the user asks for one version."""
    asked = (*spec.base.packages, *spec.app.packages, *spec.debug.packages)
    return frozenset(name.partition("=")[0].partition(":")[0] for name in asked if "=" in name)
