"""Who claims which path: claims of all components, with the links of the image followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from distil.catalog.facts import Claim
from distil.catalog.join import Joined, Told
from distil.model.documentation import is_document
from distil.model.errors import LinkLoop
from distil.model.inventory import OS_KINDS
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.tree import Tree


class Claimed(msgspec.Struct):
    """What the claims come to.

    `owners` has for each path the positions of the components that claim it, each with its
    claim; `trees` the same for directories that are claimed with all that is in them.
    `counted` are for each component the paths that it says it has, and those of them there.
    `missing` has, for components of which nothing but documents is there, the paths that are not.
    `dropped` are the components that are told of already: a program that is known by its bytes
    is part of the package of the operating system that ships it.
    """

    owners: dict[str, list[tuple[int, Claim]]]
    trees: dict[str, list[int]]
    counted: list[tuple[int, int]]
    dropped: set[int]
    missing: dict[int, tuple[str, ...]] = {}

    def of_tree(self, path: str) -> Sequence[int]:
        """Who claims the nearest directory above `path` that is claimed whole."""
        while self.trees and path != ROOT:
            path = parent_of(path)
            found = self.trees.get(path)
            if found is not None:
                return found
        return ()


_NAMES: Final = """
bin boot cache cron.d dev doc empty etc games home include init.d lib lib32 lib64 libexec libo32
libx32 local locale log mail man mnt opt proc root run sbin share spool src srv sys system
systemd tmp usr var
"""
_SHARED: Final = frozenset(_NAMES.split())
"""Names of directories that every system has (hier(7)), and that are nobody's own."""
_OF_MODULES: Final = frozenset({"dist-packages", "site-packages", "node_modules", "site-library"})
"""Names of directories in which each module is a component of its own."""
_TRIPLET: Final = "-linux-"


def is_shared(path: str) -> bool:
    """Whether the directory `path` is one that no component can have with all that is in it.

    One file that says so would own whatever anybody puts beside it otherwise.
    """
    first, *others = path.split("/")[1:]
    return (
        not others
        or others[-1] in _OF_MODULES
        or all(name in _SHARED or _TRIPLET in name for name in (first, *others))
    )


_MOST_OWNERS: Final = 100
"""Components that own one path together. What many files say of many others is bounded by it."""

_Owner = TypeVar("_Owner")


def _append(owners: list[_Owner], owner: _Owner) -> None:
    if len(owners) < _MOST_OWNERS:
        owners.append(owner)


_BY_BYTES: Final = frozenset({"binary", "elf"})


def claimed(told: Told, tree: Tree) -> Claimed:
    """The claims of the components of `told` (by position) on the paths of `tree`.

    Components of the operating system come first.
    """
    owners: defaultdict[str, list[tuple[int, Claim]]] = defaultdict(list)
    trees: defaultdict[str, list[int]] = defaultdict(list)
    counted = []
    dropped: set[int] = set()
    missing: dict[int, tuple[str, ...]] = {}
    packages = sum(joined.component.kind in OS_KINDS for joined in told.components)
    places = _Places(tree, told.moved)
    for position, joined in enumerate(told.components):
        says = there = 0
        if _is_of_packages(joined, owners, packages):
            dropped.add(position)
            counted.append((0, 0))
            continue
        found, lacking = [], []
        for claim in joined.claims.values():
            node = places.find(claim.path, joined.keys)
            if claim.is_tree:
                if node is not None and not is_shared(node.path):
                    _append(trees[node.path], position)
                    found.append(f"{claim.path}/")
                continue
            if node is not None and node.kind is Kind.DIRECTORY:
                continue
            says += not claim.is_optional
            if node is not None:
                there += not claim.is_optional
                _append(owners[node.path], (position, claim))
                found.append(claim.path)
            elif not claim.is_optional:
                lacking.append(claim.path)
        counted.append((says, there))
        if lacking and all(is_document(path, joined.component.kind) for path in found):
            missing[position] = tuple(sorted(lacking))
    dropped |= _parts_of_others(told, owners, trees)
    return Claimed(owners, trees, counted, dropped, missing)


def _is_of_packages(
    joined: Joined, owners: Mapping[str, list[tuple[int, Claim]]], packages: int
) -> bool:
    """Whether it is known by its bytes, and all files that it is are those of packages.

    These are the first `packages` components.
    """
    if joined.component.kind not in _BY_BYTES or not joined.places:
        return False
    first = [owners.get(file_of(place.path), ()) for place in joined.places]
    return all(any(owner < packages for owner, _ in one) for one in first)


def _parts_of_others(
    told: Told, owners: Mapping[str, list[tuple[int, Claim]]], trees: Mapping[str, list[int]]
) -> set[int]:
    """Programs known by their bytes all of whose files another one has as a part of it.

    An interpreter's library in the directory of a whole runtime is no component beside it.
    """
    whole = {
        path: claimants[0]
        for path, claimants in trees.items()
        if told.components[claimants[0]].component.kind == "binary"
    }
    if not whole:
        return set()
    part_of: defaultdict[int, set[int]] = defaultdict(set)
    for path, claims in owners.items():
        for position, _ in claims:
            if told.components[position].component.kind == "binary":
                directory = path
                while directory != ROOT and directory not in whole:
                    directory = parent_of(directory)
                part_of[position].add(whole.get(directory, position))
    return {position for position, outer in part_of.items() if position not in outer}


def file_of(place: str) -> str:
    """The file of the image that `place` is in: an archive's, for what is inside one."""
    return place.partition("!")[0]


class _Places:
    """Where a path that a package names is: diverted, or through links of directories."""

    def __init__(self, tree: Tree, moved: Mapping[str, tuple[str, str]]) -> None:
        self._tree = tree
        self._moved = moved
        self._directories: dict[str, str] = {}

    def find(self, path: str, keys: set[str]) -> Node | None:
        if self._moved:
            keeper, elsewhere = self._moved.get(path, ("", ""))
            if elsewhere and keeper not in keys:
                path = elsewhere
        node = self._tree.get(path)
        if node is not None or path == ROOT:
            return node
        directory, _, name = path.rpartition("/")
        real = self._directories.get(directory)
        if real is None:
            try:
                real = self._tree.real_path(directory or ROOT)
            except LinkLoop:
                real = directory
            self._directories[directory] = real
        return self._tree.get(f"{real.rstrip('/')}/{name}") if real != directory else None
