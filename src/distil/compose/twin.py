"""What the debug twin has and production has not: busybox under ``/busybox``, and packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.compose.compose import Composition, dated
from distil.compose.plan import BUSYBOX, Plan
from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.effects.library_cache import library_cache_nodes
from distil.distros.debian.select import select
from distil.distros.debian.status import status_nodes
from distil.errors import MalformedBusybox
from distil.formats.busybox import applets
from distil.model.node import Node, directory, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

HOME: Final = "/busybox"
_BINARY: Final = f"{HOME}/busybox"
_SHIPPED: Final = ("/usr/bin/busybox", "/bin/busybox")
_ORIGIN: Final = GeneratedOrigin("busybox applets")


def compose_twin(
    plan: Plan, production: Composition, tools: Sequence[DebPack], cuts: Cuts, created: int
) -> Tree:
    """The layer of tools that goes on top of `production`, with the directories leading to it.

    It holds every node that differs, so nothing of production is repeated, and what production
    has stays as it is. Raises `MalformedBusybox`, `FileConflict`.
    """
    wanted = msgspec.structs.replace(plan.wanted, packages=plan.wanted_tools)
    selection = select(tools, cuts, wanted)
    elf = dict(production.elf)
    for pack in tools:
        elf |= pack.pack.elf_files()
    there = production.tree
    added = selection.tree.filter(lambda n: n.path not in there and n.path not in _SHIPPED)
    tree = production.tree.merge(added).with_nodes(_busybox(selection.tree))
    tree = tree.with_nodes(library_cache_nodes(tree, elf, plan.findings.base.platform))
    tree = tree.with_nodes(status_nodes(tree, tools))
    twin = Tree(dated(tree, created, frozenset()))
    return twin.filter(lambda node: production.tree.get(node.path) != node)


def _busybox(tree: Tree) -> Iterator[Node]:
    """The binary in its own directory, so that PATH finds the application's programs first."""
    shipped = next((node for path in _SHIPPED if (node := tree.get(path)) is not None), None)
    if shipped is None or shipped.blob is None:
        raise MalformedBusybox(f"{BUSYBOX} has no {_SHIPPED[0]}")
    yield directory(HOME, _ORIGIN)
    yield msgspec.structs.replace(shipped, path=_BINARY)
    for name in applets(shipped.blob.read()):
        if name != "busybox":
            yield symlink(f"{HOME}/{name}", "busybox", _ORIGIN)
