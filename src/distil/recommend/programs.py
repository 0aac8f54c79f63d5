"""The program that an image is for, where it needs no runtime: compiled, and nobody's package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.image import ContainerConfig
from distil.model.inventory import Inventory
from distil.model.node import Node
from distil.model.tree import Tree
from distil.reach.soundness import find_program, search_path
from distil.recommend.parts import Division

LARGEST: Final = 1 << 30
"""Bytes of a program that is looked at."""

_STARTERS: Final = frozenset(
    {"catatonit", "docker-init", "dumb-init", "env", "gosu", "su-exec", "tini", "tini-static"}
)
"""Programs that start another one, which follows their options."""


def program_of(
    config: ContainerConfig,
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    inventory: Inventory,
) -> Node | None:
    """The compiled program that the container starts; None for one that the system brings."""
    word = _started((*config.entrypoint, *config.cmd))
    variables = dict(entry.partition("=")[::2] for entry in config.env)
    found = find_program(tree, word, search_path(variables), config.working_dir or "/")
    if not word or found is None or found.blob is None or found.blob.size > LARGEST:
        return None
    if elf.get(found.blob.digest) is None:
        return None
    division = Division(inventory, None)
    files = (file for file in inventory.files if file.path == found.path)
    return None if any(division.has(file) for file in files) else found


def _started(words: Sequence[str]) -> str:
    """The first of `words` that is no starter, nor an option or a variable for one."""
    wrapped = False
    for word in words:
        if word.rpartition("/")[2] in _STARTERS:
            wrapped = True
        elif not (wrapped and (word.startswith("-") or "=" in word)):
            return word
    return ""
