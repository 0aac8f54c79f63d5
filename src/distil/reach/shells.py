"""Programs that start a shell: where an image has none, part of what they do fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from distil.formats.elf import ElfFile
from distil.formats.elf_strings import starts_shell
from distil.model.digest import Digest
from distil.model.errors import LinkLoop
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.closure import is_program
from distil.reach.soundness import shebang

SHELL: Final = "/bin/sh"


def shell_starters(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    packages: Collection[str],
    paths: Iterable[str],
) -> list[Node]:
    """The programs that have reason to start `SHELL`, by path.

    Looked at are those of `packages` (purls) and those of any package at `paths`: ELF programs by
    their strings and imports, scripts by their first line.
    """
    nodes = {node.path: node for node in tree if _of(node, packages)}
    nodes |= {node.path: node for node in _resolved(tree, paths)}
    return [node for _, node in sorted(nodes.items()) if _starts_shell(node, elf)]


def _of(node: Node, packages: Collection[str]) -> bool:
    origin = node.origin
    if node.kind is not Kind.FILE or not node.mode & 0o111:
        return False
    return isinstance(origin, PackageOrigin) and origin.purl in packages


def _resolved(tree: Tree, paths: Iterable[str]) -> Iterator[Node]:
    for path in paths:
        try:
            node = tree.resolve(path)
        except LinkLoop:
            continue
        if node is not None and node.kind is Kind.FILE and isinstance(node.origin, PackageOrigin):
            yield node


def _starts_shell(node: Node, elf: Mapping[Digest, ElfFile | None]) -> bool:
    if node.blob is None:
        return False
    found = elf.get(node.blob.digest)
    if found is None:
        return shebang(node)[:1] == [SHELL]
    return is_program(found) and starts_shell(node.blob.read())
