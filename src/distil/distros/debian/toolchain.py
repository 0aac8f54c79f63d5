"""A whole Debian system to build in: what is essential, what is asked for, nothing left out."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.contents import DebianContents
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.fetching import fetch_packages
from distil.distros.debian.ground import Ground, Place
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.locked import locked_packages, locked_suites
from distil.distros.debian.package import DebianPackage
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.select import Wanted
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.status import status_nodes
from distil.distros.errors import NothingAdded
from distil.distros.foundation import Foundation
from distil.distros.protocol import Setting
from distil.events import Warned, emit
from distil.fetch.http import Client
from distil.formats.elf import ElfFile
from distil.model.account import ImageUser
from distil.model.digest import Digest
from distil.model.lock import LockPart
from distil.model.node import Kind, Node, directory
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

_NO_CUTS: Final = Cuts(b"edge = []\npartial = []\nfiles = []\n")
_VERSION: Final = "1"
"""To be raised when the same packages come to another system."""


class DebianToolchain:
    """See `distil.distros.protocol.Toolchain`."""

    def __init__(
        self,
        asked: Sequence[str],
        index: PackageIndex,
        suites: Sequence[SuiteIndex],
        platform: Platform,
    ) -> None:
        """Solve `asked` and all that is essential.

        Raises `UnknownPackage`, `UnknownPackageVersion`, `VirtualPackage`,
        `UnsatisfiableDependencies`.
        """
        self.environment: Mapping[str, str] = {}
        self._index = index
        self._suites = suites
        self._place = Place(platform)
        self.packages: Sequence[DebianPackage] = SOLVER.solve(
            tuple(dict.fromkeys((*index.essential(), *asked))), index
        ).packages

    @property
    def date(self) -> int:
        """That of the oldest suite: it changes with a point release, not with every update."""
        return min(suite.date for suite in self._suites)

    @cached_property
    def identity(self) -> str:
        """By the archives."""
        return f"debian {_VERSION} " + " ".join(package.digest.hex for package in self.packages)

    def tree(self, client: Client) -> Tree:
        """The packages as installing them leaves them, maintainer scripts included."""
        packs = fetch_packages(self.packages, client)
        names = frozenset(package.name for package in self.packages)
        contents = DebianContents(packs, _NO_CUTS, Wanted(packages=names), (), self._place)
        elf: dict[Digest, ElfFile | None] = {}
        for pack in packs:
            elf |= pack.pack.elf_files()
        configured = contents.configure(Setting(Path(), ImageUser(0, 0)), elf, client.cache)
        if configured.unhandled:
            what = "maintainer scripts of what a stage runs on were followed in part"
            emit(Warned(f"{what}: {'; '.join(configured.unhandled)}", minor=True))
        tree = configured.tree
        return tree.with_nodes(contents.describe(tree, elf))

    def records(self, tree: Tree, known: Container[str], client: Client) -> list[Node]:
        """Their entries in the package database, and their copyright files."""
        there = {node.origin.purl for node in tree if isinstance(node.origin, PackageOrigin)}
        copied = [p for p in self.packages if p.purl in there and p.purl not in known]
        if not copied:
            return []
        packs = fetch_packages(copied, client)
        licences = [node for pack in packs for node in _licence(pack)]
        return [*licences, *_apart(status_nodes(tree.with_nodes(licences), packs), tree, packs)]

    def lock(self) -> LockPart:
        """The index entries of all packages."""
        suites = locked_suites(self._suites)
        packages = locked_packages(self.packages, self._index, suites)
        return DebianPart(suites=suites, packages=packages).written()


def _licence(pack: DebPack) -> list[Node]:
    """The copyright file of a package, with its directory."""
    home = f"/usr/share/doc/{pack.name}"
    found = [
        node
        for node in pack.pack.nodes(pack.origin)
        if node.path == f"{home}/copyright" and node.kind is Kind.FILE
    ]
    return [directory(home, pack.origin), *found] if found else []


def _apart(nodes: Sequence[Node], tree: Tree, packs: Sequence[DebPack]) -> Iterator[Node]:
    """Entries of the database beside those of `tree`: it may have the package in another version.

    Readers go by what an entry says, not by what its file is called.
    """
    versions = {pack.name: pack.package.version.replace(":", "%3a") for pack in packs}
    for node in nodes:
        name, ending = node.name.removesuffix(".md5sums"), node.name.endswith(".md5sums")
        path = f"{node.parent.rstrip('/')}/{name}"
        if name in versions and path in tree:
            path = f"{path}_{versions[name]}{'.md5sums' if ending else ''}"
            yield msgspec.structs.replace(node, path=path)
        else:
            yield node


class ImageToolchain:
    """An image as it is, for stages: nothing is added to it."""

    packages: Sequence[DebianPackage] = ()

    def __init__(self, foundation: Foundation, suites: Sequence[SuiteIndex]) -> None:
        self._foundation = foundation
        self._suites = suites
        self.environment: Mapping[str, str] = foundation.environment
        self.date = foundation.created

    @property
    def identity(self) -> str:
        """By the layers, whoever knows the image by which digest."""
        return "image " + " ".join(str(layer.diff_id) for layer in self._foundation.layers)

    def tree(self, client: Client) -> Tree:  # noqa: ARG002 - it is at hand
        """What a container of the image sees."""
        return self._foundation.tree

    def records(self, tree: Tree, known: Container[str], client: Client) -> list[Node]:  # noqa: ARG002 - as all have it
        """None: what is copied out of an image is the stage's."""
        return []

    def lock(self) -> LockPart:
        """No package: the image has a digest of its own."""
        return DebianPart(suites=locked_suites(self._suites), packages=()).written()


def toolchain_on(
    ground: Ground,
    asked: Sequence[str],
    index: PackageIndex,
    suites: Sequence[SuiteIndex],
    platform: Platform,
) -> DebianToolchain | ImageToolchain:
    """A whole system with the packages `asked`, or what is there already.

    Raises `NothingAdded` for packages beside an image, or beside nothing, and what making a
    `DebianToolchain` raises.
    """
    if ground.makes_system and not ground.is_image:
        return DebianToolchain(asked, index, suites, platform)
    if asked:
        raise NothingAdded(asked)
    return ImageToolchain(ground.foundation, suites)
