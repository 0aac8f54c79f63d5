"""Packages that stay whole: the sound fallback for what no evidence tells file by file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.keeping import Keeping

WHOLE: Final = "whole package"
DEPENDENCY: Final = "dependency"
LICENCE: Final = "licence"

_DOC: Final = "/usr/share/doc/"
_LIBRARY_DIRECTORIES: Final = ("/usr/lib", "/lib")


class Packages:
    """The Debian packages of a tree by purl, their files, and what they depend on.

    `depends` has for a package's purl those of the packages it depends on. The files of those
    for which `one_by_one` is true are judged each for itself, so they never stay whole.
    """

    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        depends: Mapping[str, Sequence[str]],
        one_by_one: Callable[[str], bool],
    ) -> None:
        self._tree = tree
        self._elf = elf
        self._depends = depends
        self._one_by_one = one_by_one
        self._whole: set[str] = set()

    @cached_property
    def files(self) -> dict[str, list[Node]]:
        """The files and links of each package, directories aside."""
        return self._by_package(lambda node: node.kind is not Kind.DIRECTORY)

    @cached_property
    def directories(self) -> dict[str, list[Node]]:
        """The directories of each package: programs expect the empty ones, too."""
        return self._by_package(lambda node: node.kind is Kind.DIRECTORY)

    def _by_package(self, wanted: Callable[[Node], bool]) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self._tree:
            origin = node.origin
            if wanted(node) and isinstance(origin, PackageOrigin):
                if origin.purl.startswith("pkg:deb/"):
                    found.setdefault(origin.purl, []).append(node)
        return found

    def keep_whole(self, purl: str, reason: Reason, keeping: Keeping) -> None:
        """Keep all of package `purl`, and of what it depends on all but libraries.

        A library that a package depends on without anything being linked with it is there for
        a part that is not used; the linked ones are found by following the links.
        """
        pending = [(purl, reason)]
        while pending:
            current, why = pending.pop()
            if current in self._whole or (current != purl and self._one_by_one(current)):
                continue
            self._whole.add(current)
            for node in (*self.files.get(current, ()), *self.directories.get(current, ())):
                keeping.keep(node.path, why)
            for other in self._depends.get(current, ()):
                if other not in self._whole and not self.only_libraries(other):
                    files = self.files.get(current)
                    because = files[0].path if files else ""
                    pending.append((other, Reason(DEPENDENCY, because, current)))

    def keep_licence(self, purl: str, keeping: Keeping) -> None:
        """Keep the copyright files of a package that has anything left."""
        for node in self.files.get(purl, ()):
            if node.path.startswith(_DOC):
                keeping.keep(node.path, Reason(LICENCE, "", purl))

    def only_libraries(self, purl: str) -> bool:
        """Whether the package is nothing but shared libraries that others link with."""
        found = False
        for node in self.files.get(purl, ()):
            if node.path.startswith(_DOC) or node.kind is Kind.SYMLINK:
                continue
            elf = self._elf.get(node.blob.digest) if node.blob is not None else None
            if elf is None or not elf.soname or not _is_public(node.path):
                return False
            found = True
        return found


def _is_public(path: str) -> bool:
    """Whether `path` is in a directory that the loader searches by default."""
    directory = path.rpartition("/")[0]
    parent = directory.rpartition("/")[0]
    return directory in _LIBRARY_DIRECTORIES or parent in _LIBRARY_DIRECTORIES
