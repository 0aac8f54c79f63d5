"""Nothing that an image keeps may reach what was cut: found out before the image is written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from distil.errors import CutReached
from distil.formats.elf import ElfFile
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.packages.select import Removed

_PROGRAMS: Final = re.compile(r"/usr/(?:local/)?(?:bin|sbin|libexec|games)/.+")
"""Where files are run by name; elsewhere, scripts are modules that happen to be executable."""

_INTERPRETER: Final = re.compile(rb"#![ \t]*(/[^\s]+)(?:[ \t]+([^\s]+))?")
_HEAD: Final = 256


class Reached(msgspec.Struct, frozen=True, order=True):
    """`path`, which the image keeps, needs `needed`; `why` says in which way.

    `removed` is the cut that took it away; None when it was never among the packages, because a
    dependency on its package was cut or left out.
    """

    path: str
    needed: str
    why: str
    removed: Removed | None = None

    def __str__(self) -> str:
        text = f"{self.path} {self.why} {self.needed}"
        if self.removed is None:
            return f"{text}, which no package of the image has"
        return f"{text}, cut from {self.removed.package} ({self.removed.rule})"


def check_cuts(
    tree: Tree, removed: Iterable[Removed], elf: Mapping[Digest, ElfFile | None]
) -> None:
    """Check that programs have their interpreters, links their targets, libraries each other.

    `elf` is what is known of the files by digest. A link or library that was missing before any
    cut is no matter here. Raises `CutReached`, which names everything found.
    """
    cut = {entry.path: entry for entry in removed}
    found = sorted({*_links(tree, cut), *_scripts(tree, cut, elf), *_libraries(tree, cut, elf)})
    if found:
        raise CutReached([str(one) for one in found])


def _links(tree: Tree, cut: Mapping[str, Removed]) -> Iterator[Reached]:
    for node in tree:
        if node.kind is Kind.SYMLINK and tree.resolve(node.path) is None:
            target = posixpath.normpath(tree.real_path(node.path))
            entry = cut.get(target) or next(
                (cut[path] for path in cut if path.startswith(target + "/")), None
            )
            if entry is not None:
                yield Reached(node.path, target, "is a link to", entry)


def _scripts(
    tree: Tree, cut: Mapping[str, Removed], elf: Mapping[Digest, ElfFile | None]
) -> Iterator[Reached]:
    for node in tree:
        if node.mode & 0o111 and node.kind is not Kind.DIRECTORY and node.blob is not None:
            if _PROGRAMS.fullmatch(node.path) and elf.get(node.blob.digest) is None:
                yield from _interpreter(tree, node, node.blob, cut)


def _interpreter(
    tree: Tree, node: Node, blob: Blob, cut: Mapping[str, Removed]
) -> Iterator[Reached]:
    head = next(blob.chunks(), b"")[:_HEAD]
    found = _INTERPRETER.match(head)
    if found is None:
        return
    interpreter = found[1].decode("utf-8", "surrogateescape")
    if tree.resolve(interpreter) is None:
        real = tree.real_path(interpreter)
        yield Reached(node.path, interpreter, "is a script for", cut.get(real))


def _libraries(
    tree: Tree, cut: Mapping[str, Removed], elf: Mapping[Digest, ElfFile | None]
) -> Iterator[Reached]:
    by_name = {path.rsplit("/", 1)[1]: entry for path, entry in cut.items() if ".so" in path}
    if not by_name:
        return
    present = {node.name for node in tree if ".so" in node.path}
    for node in tree:
        known = elf.get(node.blob.digest) if node.blob is not None else None
        for soname in known.needed if known is not None else ():
            if soname in by_name and soname not in present:
                yield Reached(node.path, soname, "needs the library", by_name[soname])
