"""What the finished programs of an image tell of themselves: the components that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from distil.events import Warned, emit
from distil.formats.elf import ElfFile
from distil.model.component import ToldProgram
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, StageOrigin
from distil.model.tree import Tree
from distil.runtimes.table import RUNTIMES


def told_programs(tree: Tree, elf: Mapping[Digest, ElfFile | None]) -> tuple[ToldProgram, ...]:
    """What the application's own programs in `tree` tell, by path; their warnings are events, too.

    What a package brings, its own record tells of. Raises `CorruptContent`.
    """
    found = []
    for node in tree:
        told = _told(node, elf)
        if told is not None:
            found.append(told)
            for warning in told.warnings:
                emit(Warned(warning))
    return tuple(found)


def _told(node: Node, elf: Mapping[Digest, ElfFile | None]) -> ToldProgram | None:
    if node.kind is not Kind.FILE or node.blob is None:
        return None
    program = elf.get(node.blob.digest)
    if program is None or not isinstance(node.origin, ApplicationOrigin | StageOrigin):
        return None
    data = node.blob.read()
    told = (runtime.told(node.path, data, program) for runtime in RUNTIMES)
    return next((one for one in told if one is not None), None)
