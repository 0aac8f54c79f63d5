"""Packages that stay whole: the sound fallback for what no evidence tells file by file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping

WHOLE: Final = "whole package"
ASKED: Final = "asked for"
DEPENDENCY: Final = "dependency"
LICENCE: Final = "licence"

_DOC: Final = "/usr/share/doc/"
_PROGRAM_DIRECTORIES: Final = ("/usr/bin/", "/usr/sbin/")
_LIBRARY_DIRECTORIES: Final = ("/usr/lib", "/lib")


class SystemPackages(msgspec.Struct, frozen=True):
    """The packages of the base that are in a tree, all by purl.

    `names` are how they are called, `depends` which packages each depends on. `asked` stay whole
    because the user or a component asks for them; of those in `started` the programs stay. Of
    those in `piecemeal` the evidence of a runtime decides about each file.
    """

    names: Mapping[str, str] = {}
    depends: Mapping[str, Sequence[str]] = {}
    asked: frozenset[str] = frozenset()
    piecemeal: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()


class WholePackages(EvidenceProvider):
    """Keeps all of a package when anything of it is kept.

    The files of those that a policy `covers`, by name, or that are piecemeal are judged each for
    itself, so they never stay whole.
    """

    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        packages: SystemPackages,
        covers: Callable[[str], bool],
    ) -> None:
        self._tree = tree
        self._elf = elf
        self._packages = packages
        self._covers = covers
        self._whole: set[str] = set()
        self._licensed: set[str] = set()

    def begin(self, keeping: Keeping) -> None:
        """Keep what is asked for."""
        for purl in sorted(self._packages.asked):
            self._keep_whole(purl, Reason(ASKED, "", purl), keeping)
        for purl in sorted(self._packages.started):
            self._keep_programs(purl, Reason(ASKED, "", purl), keeping)

    def follow(self, node: Node, keeping: Keeping) -> None:
        """Keep the rest of the node's package, unless its files are judged one by one."""
        origin = node.origin
        if not isinstance(origin, PackageOrigin) or origin.purl not in self._packages.names:
            return
        if origin.purl not in self._licensed:
            self._licensed.add(origin.purl)
            self._keep_licence(origin.purl, keeping)
        if node.kind is not Kind.DIRECTORY and not self._one_by_one(origin.purl):
            why = Reason(WHOLE, node.path, f"{self._packages.names[origin.purl]} is in use")
            self._keep_whole(origin.purl, why, keeping)

    def _one_by_one(self, purl: str) -> bool:
        """Whether the files of a package are judged each for itself."""
        packages = self._packages
        return purl in packages.piecemeal or self._covers(packages.names.get(purl, ""))

    @cached_property
    def _files(self) -> dict[str, list[Node]]:
        """The files and links of each package, directories aside."""
        return self._by_package(lambda node: node.kind is not Kind.DIRECTORY)

    @cached_property
    def _directories(self) -> dict[str, list[Node]]:
        """The directories of each package: programs expect the empty ones, too."""
        return self._by_package(lambda node: node.kind is Kind.DIRECTORY)

    def _by_package(self, wanted: Callable[[Node], bool]) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self._tree:
            origin = node.origin
            if (
                wanted(node)
                and isinstance(origin, PackageOrigin)
                and origin.purl in self._packages.names
            ):
                found.setdefault(origin.purl, []).append(node)
        return found

    def _keep_whole(self, purl: str, reason: Reason, keeping: Keeping) -> None:
        """Keep all of package `purl`, and of what it depends on all but libraries.

        Of a package that is judged file by file, its programs are kept, and what they reach. A
        library that a package depends on without anything being linked with it is there for
        a part that is not used; the linked ones are found by following the links.
        """
        pending = [(purl, reason)]
        while pending:
            current, why = pending.pop()
            if current in self._whole:
                continue
            if current != purl and self._one_by_one(current):
                self._keep_programs(current, why, keeping)
                continue
            self._whole.add(current)
            for node in (*self._files.get(current, ()), *self._directories.get(current, ())):
                keeping.keep(node.path, why)
            for other in self._packages.depends.get(current, ()):
                if other not in self._whole and not self._only_libraries(other):
                    files = self._files.get(current)
                    because = files[0].path if files else ""
                    pending.append((other, Reason(DEPENDENCY, because, current)))

    def _keep_programs(self, purl: str, reason: Reason, keeping: Keeping) -> None:
        """Keep the programs of a package of which policies tell the rest.

        Those of a runtime are started by its own evidence only.
        """
        if purl in self._packages.piecemeal:
            return
        for node in self._files.get(purl, ()):
            if node.path.startswith(_PROGRAM_DIRECTORIES):
                keeping.keep(node.path, reason)

    def _keep_licence(self, purl: str, keeping: Keeping) -> None:
        """Keep the copyright files of a package that has anything left."""
        for node in self._files.get(purl, ()):
            if node.path.startswith(_DOC):
                keeping.keep(node.path, Reason(LICENCE, "", purl))

    def _only_libraries(self, purl: str) -> bool:
        """Whether the package is nothing but shared libraries that others link with."""
        found = False
        for node in self._files.get(purl, ()):
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
