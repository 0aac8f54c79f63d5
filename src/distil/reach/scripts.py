"""Following scripts: their interpreters, and the programs that shell text names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.node import Node
from distil.model.tree import Tree
from distil.reach.command import shell_words
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.soundness import DEFAULT_PATH, find_program, shebang

INTERPRETER: Final = "#!"
NAMED: Final = "named in script"

_SHELL: Final = re.compile(r"(?:.*/)?(?:sh|bash|dash|ash|ksh|zsh)")
_LARGEST: Final = 1 << 20
"""Bytes of a shell script that are read at most."""


class Scripts(EvidenceProvider):
    """Follows the scripts of a tree, which look for programs in the directories `path`.

    `commands` are the lines of those for a shell, as words; `programs` has for the path of each
    other script the words of its first line that name programs.
    """

    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        path: Sequence[str] = DEFAULT_PATH,
    ) -> None:
        self._tree = tree
        self._elf = elf
        self._path = path
        self.commands: list[tuple[str, ...]] = []
        self.programs: dict[str, list[str]] = {}

    def follow(self, node: Node, keeping: Keeping) -> None:
        """Keep what the file `node` starts, if it is a script."""
        named_as_one = node.name.endswith(".sh")
        if node.blob is None or not (node.mode & 0o111 or named_as_one):
            return
        if self._elf.get(node.blob.digest) is not None:
            return
        programs = shebang(node) or (["/bin/sh"] if named_as_one else [])
        for program in programs:
            self._keep(program, Reason(INTERPRETER, node.path), keeping)
        if programs and not any(map(_SHELL.fullmatch, programs)):
            self.programs[node.path] = programs
        elif any(_SHELL.fullmatch(name) and find_program(self._tree, name) for name in programs):
            self._follow_text(node, keeping)

    def _follow_text(self, node: Node, keeping: Keeping) -> None:
        """Keep every program that a word of a shell script can mean: more than it runs."""
        if node.blob is None or node.size > _LARGEST:
            return
        text = node.blob.read().decode("utf-8", "surrogateescape")
        lines = [shell_words(line) for line in text.splitlines()[1:] if not _is_comment(line)]
        self.commands += [tuple(words) for words in lines if words]
        for word in dict.fromkeys(word for words in lines for word in words):
            self._keep(word, Reason(NAMED, node.path, word), keeping)

    def _keep(self, word: str, reason: Reason, keeping: Keeping) -> None:
        """Keep the program that `word` means, with every link on the way to it."""
        places = [word] if "/" in word else [f"{place}/{word}" for place in self._path]
        for place in places:
            if place.startswith("/") and find_program(self._tree, place) is not None:
                keeping.keep(place, reason)
                return


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")
