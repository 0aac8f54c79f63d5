"""The base of an image: verified Debian suites, their index, and the Python they bring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.locked import preferring
from distil.distros.debian.own_packages import NOTHING, OwnPackages
from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import SuiteIndex, open_suites
from distil.distros.debian.sources import find_mirrors
from distil.errors import DistilError, NoPython
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.lock import LockedPlatform
from distil.model.package import PythonInterpreter
from distil.model.platform import Platform

BASES_WITH_PYTHON: Final = ("debian:bookworm", "debian:trixie", "debian:forky", "debian:sid")
"""Bases that are looked at to tell which Python versions there are to be had."""

_EPOCH_AND_REVISION: Final = re.compile(r"^\d+:|-[^-]*$")
_PYTHON_STANZA: Final = re.compile(rb"^Package: python3\n(?:.+\n)*?Version: (\S+)$", re.MULTILINE)


class Base(msgspec.Struct, frozen=True):
    """Where the system packages of an image come from.

    `name` is what the user wrote (``debian:trixie``); `date` that of the newest suite, in
    seconds since 1970. `suites` are the local files, if there are any, Debian's with the
    main one first, and other repositories; `index` has them in this order. `pinned` are the
    packages that the user has as files, each as ``name=version``.
    """

    name: str
    platform: Platform
    suites: tuple[SuiteIndex, ...]
    index: PackageIndex
    pinned: tuple[str, ...] = ()

    @property
    def date(self) -> int:
        return max(suite.date for suite in self.suites)

    @property
    def release(self) -> str:
        """The point release, ``13.8``, or the codename of a suite that has none."""
        names = (suite.version or suite.codename for suite in self.suites)
        return next(name for name in names if name)


class Pins(msgspec.Struct, frozen=True):
    """Packages that stay at the version of an earlier lock."""

    locked: LockedPlatform
    names: frozenset[str]


class BaseOpener:
    """Opens bases for one platform with one client, cache and policy, less what `pins` hold.

    `own` is what the user has beside Debian's suites.
    """

    def __init__(
        self,
        platform: Platform,
        client: Client,
        cache: Cache,
        policy: SuitePolicy,
        pins: Pins | None = None,
        own: OwnPackages = NOTHING,
    ) -> None:
        self._platform = platform
        self._client = client
        self._cache = cache
        self._policy = policy
        self._pins = pins
        self._own = own

    def open(self, name: str) -> Base:
        """The base called `name`.

        Raises what `open_suites`, `OwnPackages.open` and `PackageIndex` raise.
        """
        suites = self._suites(name)
        suites += self._own.open(self._platform, self._client, self._cache, self._policy)
        debs = self._own.debs
        pinned: tuple[str, ...] = ()
        if debs is not None:
            # Of one version in several places, the first counts: a file is named on purpose.
            suites, pinned = (debs.suite_index, *suites), debs.roots
        sources = suites
        if self._pins is not None:
            sources = preferring(suites, self._pins.locked, self._pins.names)
        index = PackageIndex(sources, self._cache, self._platform.debian)
        return Base(name, self._platform, suites, index, pinned)

    def that_fit(self, fits: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        """The suites whose Python version `fits` accepts, with that version.

        For the hint of an error, so a suite that cannot be opened is passed over.
        """
        for base in BASES_WITH_PYTHON:
            try:
                found = [_PYTHON_STANZA.search(index.packages()) for index in self._suites(base)]
            except DistilError:
                continue
            versions = [upstream_version(match[1].decode()) for match in found if match]
            if versions and fits(versions[0]):
                yield base, versions[0]

    def _suites(self, name: str) -> tuple[SuiteIndex, ...]:
        mirrors = find_mirrors()
        return open_suites(name, self._platform, self._client, self._cache, mirrors, self._policy)


def upstream_version(version: str) -> str:
    """The upstream part of a Debian version: ``3.13.5`` of ``3.13.5-2+deb13u5``."""
    return _EPOCH_AND_REVISION.sub("", version)


def python_version(base: Base, line: str) -> str | None:
    """The full version of the interpreter of `line` (``3.13``) that `base` has, if it has one."""
    interpreter = base.index.candidate(f"python{line}-minimal")
    if interpreter is None:
        return None
    return re.sub(r"[~+].*$", "", upstream_version(interpreter.version))


def default_python(base: Base) -> PythonInterpreter:
    """The suite's default Python, known from the index alone.

    ``python3`` depends on the supported interpreter of its own version line. Raises `NoPython`.
    """
    default = base.index.candidate("python3")
    libc = base.index.candidate("libc6")
    if default is None or libc is None:
        raise NoPython(base.name, base.platform.oci)
    line = ".".join(upstream_version(default.version).split(".")[:2])
    version = python_version(base, line)
    if version is None:
        raise NoPython(base.name, base.platform.oci)
    major, minor = upstream_version(libc.version).split(".")[:2]
    return PythonInterpreter(version, (int(major), int(minor)), base.platform.machine)
