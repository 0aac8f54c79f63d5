"""Packages of the base that the application needs without saying so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from distil.distros.protocol import Base
from distil.formats.elf import ElfFile
from distil.model.component import SystemNeed
from distil.model.digest import Digest
from distil.model.tree import Tree
from distil.reach.needs import conventional_needs
from distil.reach.objects import elf_files
from distil.runtimes.protocol import RuntimeContents


class OwnFiles(msgspec.Struct, frozen=True):
    """The application's own files, copies and what stages made included; what they are as ELF."""

    tree: Tree
    elf: dict[Digest, ElfFile | None]

    @classmethod
    def of(cls, tree: Tree) -> OwnFiles:
        """The files of `tree`, looked into. Raises `CorruptContent`."""
        return cls(tree, elf_files(tree))

    def linked(self, base: Base) -> Iterator[tuple[str, Sequence[str]]]:
        """For each file for the platform of `base` the libraries that none of these is."""
        brought = {
            name
            for node in self.tree
            if node.blob is not None and (elf := self.elf.get(node.blob.digest)) is not None
            for name in (node.name, elf.soname)
        }
        for node in self.tree:
            elf = self.elf.get(node.blob.digest) if node.blob is not None else None
            if elf is not None and elf.machine == base.platform.elf_machine:
                yield node.path, [name for name in elf.needed if name not in brought]

    def starts(self, path: str) -> bool:
        """Whether there is a program at `path` that a loader starts."""
        node = self.tree.get(path)
        elf = self.elf.get(node.blob.digest) if node is not None and node.blob else None
        return elf is not None and bool(elf.interpreter)


def find_needs(contents: RuntimeContents, own: OwnFiles, base: Base) -> tuple[SystemNeed, ...]:
    """What components and the `own` files load by name, are linked with, or open by convention.

    What own files are linked with is found file by file, as in every system.
    """
    linked = (
        SystemNeed(
            name, tuple(dict.fromkeys(found.values())), _reason(found), by_policy=name in own.tree
        )
        for name, found in libraries_of(contents, own, base).items()
    )
    said = conventional_needs(own.tree, own.elf, base.in_every_image)
    return (*contents.needs(own.tree), *linked, *said)


def libraries_of(
    contents: RuntimeContents, own: OwnFiles, base: Base
) -> Mapping[str, Mapping[str, str]]:
    """For each component by name, and each file by path, its libraries and their packages.

    A library that nothing in the base has is not among them: the closure check will tell of it.
    Nor is what every image has; but a program of one's own may be all of an image.
    """
    found: dict[str, dict[str, str]] = {}
    for name, sonames in (*contents.linked(), *own.linked(base)):
        for soname in sonames:
            package = next(iter(base.with_library(soname)), None)
            if package is not None and (own.starts(name) or not base.in_every_image(package)):
                found.setdefault(name, {})[soname] = package
    return found


def _reason(libraries: Mapping[str, str]) -> str:
    return f"is linked with {', '.join(libraries)}"
