"""Packages of the base that the application needs without saying so."""

from __future__ import annotations

from distil.distros.protocol import Base
from distil.model.component import SystemNeed
from distil.model.tree import Tree
from distil.reach.needs import conventional_needs
from distil.reach.objects import elf_files
from distil.runtimes.protocol import RuntimeContents


def find_needs(contents: RuntimeContents, own: Tree, base: Base) -> tuple[SystemNeed, ...]:
    """What the components and the `own` files load by name, and what they are linked with.

    What `own` programs open by convention is needed, too.
    """
    linked = (
        SystemNeed(name, tuple(dict.fromkeys(found.values())), _reason(found))
        for name, found in libraries_of(contents, base).items()
    )
    opened = conventional_needs(own, elf_files(own), base.in_every_image)
    return (*contents.needs(own), *linked, *opened)


def libraries_of(contents: RuntimeContents, base: Base) -> dict[str, dict[str, str]]:
    """For each component, by name, the libraries it is linked with and their packages.

    A library that nothing in the base has is not among them: the closure check will tell of it.
    """
    found: dict[str, dict[str, str]] = {}
    for name, sonames in contents.linked():
        for soname in sonames:
            package = next(iter(base.with_library(soname)), None)
            if package is not None and not base.in_every_image(package):
                found.setdefault(name, {})[soname] = package
    return found


def _reason(libraries: dict[str, str]) -> str:
    return f"is linked with {', '.join(libraries)}"
