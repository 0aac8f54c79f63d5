"""The debug twin: what it has and production has not."""

from __future__ import annotations

from distil.compose.compose import Composition, dated
from distil.distros.protocol import Tools
from distil.model.tree import Tree


def compose_twin(production: Composition, tools: Tools, created: int) -> Tree:
    """The layer of tools that goes on top of `production`, with the directories leading to it.

    It holds every node that differs, so nothing of production is repeated. Raises what
    `Tools.install` raises.
    """
    elf = dict(production.elf)
    for pack in tools.packs:
        elf |= pack.elf_files()
    twin = Tree(dated(tools.install(production.tree, elf), created, frozenset()))
    return twin.filter(lambda node: production.tree.get(node.path) != node)
