"""Following configuration: what its text names, and a tree has.

Services open what their configuration names, which no dependency table knows: modules, further
configuration, certificates, pages. A policy says which files begin (`policies.Configuration`),
and where what they name may lie. Every word of the text counts, so more is kept than is opened;
what is named and is text itself is searched as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from distil.formats.patterns import name_globs, path_expression
from distil.model.errors import LinkLoop
from distil.model.ledger import Reason
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.origin import OwnOrigin
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.policies import WORD, Configuration

CONFIGURATION: Final = "configuration"
"""The rule under which what configuration names is kept."""

_WORD: Final = re.compile(r"""[^\s"'`;{}()<>|=,\[\]&!@]+""")
_BLANK: Final = re.compile(r"\s")
_COMPUTED: Final = re.compile(r"[$%\\]")
"""Where the rest of a path is computed while the program runs."""
_MEANT: Final = re.compile(r"\w")
_LARGEST: Final = 1 << 20
"""Bytes of a file that is taken for configuration."""
_MOST_COMPARED: Final = 1_000_000
"""Names that patterns are compared with; those beyond stand for the directory they look into."""
_SHARED: Final = re.compile(r"/[^/]*|/(?:usr|var)/[^/]*")
"""Directories of many packages: who names one of them does not mean all that is in it."""


class ConfigurationSearch(EvidenceProvider):
    """Keeps what configuration of one kind names, beginning with what the command names."""

    def __init__(self, configuration: Configuration, tree: Tree, command: Command) -> None:
        self._tree = tree
        self._begins = re.compile(path_expression(configuration.files))
        comments = "|".join(map(re.escape, configuration.comments)) or r"(?!)"
        self._comment = re.compile(rf"(?:^|\s)(?:{comments})")
        self._own = re.compile(path_expression(configuration.own))
        self._places = configuration.places
        self._command = [word for words in command.commands for word in words]
        self._workdir = command.workdir
        self._looked_at: set[str] = set()
        self._searched: set[str] = set()
        self._indexes: dict[str, dict[str, list[str]]] = {}
        self._compared = 0

    def settle(self, keeping: Keeping) -> None:
        """Search what is kept and was not searched yet."""
        started = {node.path for node in self._started}
        for path in [path for path in keeping.kept if path not in self._looked_at]:
            self._looked_at.add(path)
            node = self._resolved(path)
            if node is not None and (path in started or self._is_first(path, node)):
                self._search(node, keeping)

    def _is_first(self, path: str, node: Node) -> bool:
        if self._begins.fullmatch(path):
            return True
        return isinstance(node.origin, OwnOrigin) and self._own.fullmatch(path) is not None

    def _search(self, first: Node, keeping: Keeping) -> None:
        pending = [first]
        while pending:
            node = pending.pop()
            text = self._text(node)
            if text is None or node.path in self._searched:
                continue
            self._searched.add(node.path)
            for word in self._words(text):
                for path in self._meant(word, node.path):
                    found = self._keep(path, Reason(CONFIGURATION, node.path, word), keeping)
                    pending += [found] if found is not None else []

    def _text(self, node: Node) -> str | None:
        """The text of `node`; None for what is no configuration, such as programs."""
        if node.kind is not Kind.FILE or node.blob is None or node.size > _LARGEST:
            return None
        if node.mode & 0o111:
            return None
        data = node.blob.read()
        return None if b"\0" in data else data.decode("utf-8", "surrogateescape")

    def _words(self, text: str) -> dict[str, None]:
        """Every word of `text` but for comments, in their order; quoted ones with blanks, too."""
        found: dict[str, None] = {}
        for line in text.splitlines():
            told = self._told(line)
            # What is between two quotes, be it inside of them or outside.
            quoted = (*told.split('"')[1:-1], *told.split("'")[1:-1])
            words = [part for part in quoted if _BLANK.search(part)]
            for word in (*words, *_WORD.findall(told)):
                found.update(dict.fromkeys([word, *(word.split(":") if ":" in word else ())]))
        return {word: None for word in found if _MEANT.search(word)}

    def _told(self, line: str) -> str:
        """`line` without a comment; one that begins inside of quotes is none."""
        comment = self._comment.search(line)
        if comment is None:
            return line
        told = line[: comment.start()]
        return line if told.count('"') % 2 or told.count("'") % 2 else told

    def _meant(self, word: str, by: str) -> Iterator[str]:
        """The paths that `word` in the file `by` may stand for and that are there."""
        computed = _COMPUTED.search(word)
        if computed is not None:
            word = word[: computed.start()].rpartition("/")[0]
            if not word.startswith("/"):
                return
        if word.startswith("/"):
            yield from self._at(word)
            return
        yield from self._at(f"{parent_of(by).rstrip('/')}/{word}")
        for directory in (self._workdir, *self._directories):
            yield from self._at(f"{directory.rstrip('/')}/{word}")
        for place in self._places:
            if "*" in place:
                yield from self._index(place).get(word, ())
            else:
                yield from self._at(place.replace(WORD, word))

    def _at(self, path: str) -> Iterator[str]:
        if "*" in path:
            yield from self._below(ROOT, [name for name in path.split("/") if name])
        else:
            yield path

    def _below(self, directory: str, names: Sequence[str]) -> Iterator[str]:
        """What is below `directory` and matches `names`, whose ``*`` are parts of one each."""
        fixed = next((at for at, name in enumerate(names) if "*" in name), len(names))
        top = self._resolved("/".join((directory.rstrip("/"), *names[:fixed])) or ROOT)
        if top is None or fixed == len(names):
            yield from (node.path for node in (top,) if node is not None)
            return
        children = list(self._tree.children(top.path))
        self._compared += len(children)
        if self._compared > _MOST_COMPARED:
            yield top.path  # All that is in it: more than is meant, and not less.
            return
        among = name_globs([names[fixed]])
        for child in children:
            if child.name not in among:
                continue
            if fixed + 1 < len(names):
                yield from self._below(child.path, names[fixed + 1 :])
            else:
                yield child.path

    def _index(self, place: str) -> dict[str, list[str]]:
        """For each word that `place` has something for, the paths."""
        if place not in self._indexes:
            text = path_expression((place,)).replace(re.escape(WORD), "(.+)")
            expression = re.compile(text)
            found: dict[str, list[str]] = {}
            for path in self._tree.paths():
                match = expression.fullmatch(path)
                if match is not None:
                    found.setdefault(match[1], []).append(path)
            self._indexes[place] = found
        return self._indexes[place]

    @cached_property
    def _named_by_command(self) -> list[str]:
        """The paths that words of the command are, as they are or from the working directory."""
        parts = [part for word in self._command for part in (word, word.partition("=")[2])]
        return [self._from_workdir(part) for part in parts if _MEANT.search(part)]

    @cached_property
    def _directories(self) -> list[str]:
        """The directories that the command names: relative names may begin there."""
        found = map(self._resolved, self._named_by_command)
        return [node.path for node in found if node is not None and node.kind is Kind.DIRECTORY]

    @cached_property
    def _started(self) -> list[Node]:
        """The files that the command names, and those in directories that it names."""
        found = [node for node in map(self._resolved, self._named_by_command) if node is not None]
        own = [path for path in self._directories if not _SHARED.fullmatch(path)]
        return found + [node for path in own for node in self._tree.children(path)]

    def _from_workdir(self, word: str) -> str:
        return word if word.startswith("/") else f"{self._workdir.rstrip('/')}/{word}"

    def _resolved(self, path: str) -> Node | None:
        try:
            return self._tree.resolve(path)
        except LinkLoop:
            return None

    def _keep(self, path: str, reason: Reason, keeping: Keeping) -> Node | None:
        """Keep what is at `path`, of a directory what is in it, too; the node of a file."""
        node = self._resolved(path)
        if node is None or node.path == ROOT:
            return None
        keeping.keep(path, reason)
        if node.kind is not Kind.DIRECTORY:
            return node
        if not _SHARED.fullmatch(node.path):
            for one in self._tree.under(node.path):
                keeping.keep(one.path, reason)
        return None
