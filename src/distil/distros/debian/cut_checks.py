"""Nothing that an image keeps may reach what was cut: found out before it is written."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from distil.distros.debian.errors import CutReached
from distil.distros.debian.select import CutFile
from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.node import Kind
from distil.model.tree import Tree


class ReachedCut(msgspec.Struct, frozen=True, order=True):
    """`path`, which the image keeps, needs `needed`; `why` says in which way.

    `removed` is the cut that took it away.
    """

    path: str
    needed: str
    why: str
    removed: CutFile

    def __str__(self) -> str:
        cut = f"cut from {self.removed.package} ({self.removed.rule})"
        return f"{self.path} {self.why} {self.needed}, {cut}"


def check_cuts(
    tree: Tree, removed: Iterable[CutFile], elf: Mapping[Digest, ElfFile | None]
) -> None:
    """Check that links still have their targets, and files the libraries they need.

    `elf` is what is known of the files by digest. A link or library that was missing before any
    cut is no matter here. Raises `CutReached`, which names everything found.
    """
    cut = {entry.path: entry for entry in removed}
    found = sorted({*_links(tree, cut), *_libraries(tree, cut, elf)})
    if found:
        raise CutReached([str(one) for one in found])


def _links(tree: Tree, cut: Mapping[str, CutFile]) -> Iterator[ReachedCut]:
    for node in tree:
        if node.kind is Kind.SYMLINK and tree.resolve(node.path) is None:
            target = posixpath.normpath(tree.real_path(node.path))
            entry = cut.get(target) or next(
                (cut[path] for path in cut if path.startswith(target + "/")), None
            )
            if entry is not None:
                yield ReachedCut(node.path, target, "is a link to", entry)


def _libraries(
    tree: Tree, cut: Mapping[str, CutFile], elf: Mapping[Digest, ElfFile | None]
) -> Iterator[ReachedCut]:
    by_name = {path.rsplit("/", 1)[1]: entry for path, entry in cut.items() if ".so" in path}
    if not by_name:
        return
    present = {node.name for node in tree if ".so" in node.path}
    for node in tree:
        known = elf.get(node.blob.digest) if node.blob is not None else None
        for soname in known.needed if known is not None else ():
            if soname in by_name and soname not in present:
                yield ReachedCut(node.path, soname, "needs the library", by_name[soname])
