"""Debian packages that the application needs without saying so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from distil.compose.investigate import Findings
from distil.distros.debian.base import Base
from distil.distros.debian.library_packages import package_for_library
from distil.fetch.packs import Pack
from distil.model.application import SystemNeed
from distil.model.package import Wheel
from distil.model.tree import Tree
from distil.runtimes.python.system_needs import system_needs

IN_EVERY_IMAGE: Final = frozenset({"libc6"})


def needs_by_name(findings: Findings) -> tuple[SystemNeed, ...]:
    """What is known to be needed by distributions of these names: no wheel is fetched."""
    return system_needs([(wheel, None) for wheel in findings.wheels])


def find_needs(
    findings: Findings, wheels: Sequence[tuple[Wheel, Pack]], application: Tree
) -> tuple[SystemNeed, ...]:
    """What the wheels and the application load by name, and what the wheels are linked with."""
    return (*system_needs(wheels, application), *linked_libraries(wheels, findings.base))


def linked_libraries(wheels: Sequence[tuple[Wheel, Pack]], base: Base) -> tuple[SystemNeed, ...]:
    """The libraries that `wheels` are linked with and do not bring, one need for a wheel."""
    return tuple(
        SystemNeed(name, tuple(dict.fromkeys(libraries.values())), _reason(libraries))
        for name, libraries in sorted(libraries_of(wheels, base).items())
    )


def libraries_of(wheels: Sequence[tuple[Wheel, Pack]], base: Base) -> dict[str, dict[str, str]]:
    """For each of `wheels`, by name, the libraries it is linked with and their packages.

    A library that nothing in the base has is not among them: the closure check will tell of it.
    """
    provided: set[str] = set()
    needed: dict[str, Wheel] = {}
    for wheel, pack in wheels:
        for member in pack.members:
            if member.elf is not None:
                provided |= {member.elf.soname, member.path.rsplit("/", 1)[1]}
                for soname in member.elf.needed:
                    needed.setdefault(soname, wheel)
    found: dict[str, dict[str, str]] = {}
    for soname in sorted(needed.keys() - provided):
        packages = package_for_library(soname, base.platform, base.index, base.suites)
        if packages and packages[0] not in IN_EVERY_IMAGE:
            found.setdefault(needed[soname].name, {})[soname] = packages[0]
    return found


def _reason(libraries: dict[str, str]) -> str:
    return f"is linked with {', '.join(libraries)}"
