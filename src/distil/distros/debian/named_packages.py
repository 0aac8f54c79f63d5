"""Which package has what an application names, the likeliest first.

What is known here (``data/names.toml``) comes first, then the archive's own lists, and where
these cannot be had, what packages are called by custom.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Final

import msgspec

from distil.distros.debian.file_lists import LOCALE, PROGRAM, ZONE, listed_packages
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.library_packages import package_for_library
from distil.distros.debian.repository import SuiteIndex
from distil.formats.patterns import name_expression
from distil.model import mention
from distil.model.mention import Listed
from distil.model.platform import Platform


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of data/names.toml, which describes the fields."""

    name: str
    programs: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        return {PROGRAM: self.programs, ZONE: self.zones, LOCALE: self.locales}.get(kind, ())


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: tuple[_Names, ...]


@functools.cache
def _document() -> _Document:
    text = resources.files(__package__).joinpath("data/names.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Document)


def known_names() -> tuple[_Names, ...]:
    """The packages of data/names.toml."""
    return _document().package


_LISTS: Final = {
    mention.PROGRAM: PROGRAM,
    mention.PROBE: PROGRAM,
    mention.SHELL: PROGRAM,
    mention.LOCALE: LOCALE,
    mention.ZONE: ZONE,
}


class NamedPackages:
    """Looks packages up in `index` and in the lists of `suites`."""

    def __init__(
        self, platform: Platform, index: PackageIndex, suites: Sequence[SuiteIndex]
    ) -> None:
        self._platform = platform
        self._index = index
        self._suites = suites

    def offering(self, kind: str, name: str) -> Listed:
        """The packages with what a `Mention` of `kind` names, best first; maybe none."""
        if kind == mention.SEARCHED:
            return Listed(self.searched(name), complete=True)
        if kind == mention.LIBRARY:
            return Listed(self.with_library(name), complete=True)
        return self.with_name(_LISTS[kind], name)

    def with_name(self, kind: str, name: str) -> Listed:
        """The packages with the program, zone or locale `name`, best first; maybe none."""
        known = self._present(entry.name for entry in known_names() if name in entry.of(kind))
        if known:
            return Listed(known, complete=True)
        listed = listed_packages(kind, name, self._platform, self._index, self._suites)
        if listed.packages or listed.complete:
            ranked = sorted(listed.packages, key=lambda package: _rank(package, name))
            return Listed(tuple(ranked), complete=True)
        return Listed(self._present(_by_custom(kind, name)), complete=False)

    def with_library(self, name: str) -> tuple[str, ...]:
        """The packages with the library that is called `name`; see `package_for_library`.

        Modules of the name service are in packages without a version.
        """
        service = re.match(r"libnss_(\w+)\.so", name)
        found = self._present([f"libnss-{service[1]}"]) if service else ()
        if found:
            return found
        return tuple(package_for_library(name, self._platform, self._index, self._suites))

    def searched(self, name: str) -> tuple[str, ...]:
        """The packages that are called, by policy, after some version of library `name`."""
        base = re.escape(name.lower().replace("_", "-"))
        expression = re.compile(rf"lib{base}(?:-?\d[\d.]*)*(?:t64)?")
        found = [one for one in self._index.names() if expression.fullmatch(one)]
        return self._present(sorted(found, key=lambda one: (one.count("-"), len(one), one)))

    def _present(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in dict.fromkeys(names) if self._index.candidate(name))


def _by_custom(kind: str, name: str) -> Iterator[str]:
    """Names that a package with `name` may have."""
    if kind == PROGRAM:
        yield name
    for entry in known_names():
        if re.fullmatch(name_expression(entry.of(kind)), name):
            yield entry.name


def _rank(package: str, name: str) -> tuple[bool, bool, int, str]:
    """Packages called like it first, then those that begin like it; the shorter, the better."""
    return package != name, not package.startswith(name), len(package), package
