"""Where reachability begins: the command, what the user names, and what every image has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from distil.formats.globs import Globs
from distil.formats.patterns import name_globs, path_globs
from distil.model.certificates import RULE as CERTIFICATES
from distil.model.draft import PARENT_RULE
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import (
    MADE_BY_SCRIPTS,
    ApplicationOrigin,
    GeneratedOrigin,
    PackageOrigin,
)
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.packages import SystemPackages

ENTRYPOINT: Final = "entrypoint"
HEALTH_CHECK: Final = "health check"
KEEP_RULE: Final = "[reach] keep"
APPLICATION: Final = "application"
GENERATED: Final = "every image"

_BY_POLICY: Final = frozenset({CERTIFICATES, PARENT_RULE.rule})
"""Rules whose generated paths only stay when something else keeps them, or what is below."""


class Roots(msgspec.Struct, frozen=True):
    """Where reaching begins, and what is known about the tree.

    `program` is the process that plug-ins are loaded into, empty where there is none to be
    named. `names` say how the components are called by their purls, those of `packages` among
    them. `keep` are the user's patterns; `named` are paths that are needed for the reason given,
    whatever else there is.
    """

    command: Command
    platform: Platform
    program: str = ""
    packages: SystemPackages = SystemPackages()
    names: Mapping[str, str] = {}
    keep: tuple[str, ...] = ()
    named: Mapping[str, Reason] = {}


class Beginning(EvidenceProvider):
    """Keeps what `roots` name, and what of a tree every image has."""

    def __init__(self, tree: Tree, roots: Roots, covers: Callable[[str], bool]) -> None:
        self._tree = tree
        self._roots = roots
        self._covers = covers

    def begin(self, keeping: Keeping) -> None:
        """Keep it all."""
        for path, reason in self._roots.named.items():
            keeping.keep(path, reason)
        for number, words in enumerate(self._roots.command.commands):
            for word in words:
                self._keep_word(word, ENTRYPOINT if number == 0 else HEALTH_CHECK, keeping)
        paths, names = _globs(self._roots.keep)
        for node in self._tree:
            why = self._reason(node, paths, names)
            if why is not None:
                keeping.keep(node.path, why)

    def _keep_word(self, word: str, rule: str, keeping: Keeping) -> None:
        """Keep the program or file that a word of a command may mean."""
        for path in self._roots.command.candidates(word):
            if path != "/" and self._tree.resolve(path) is not None:
                keeping.keep(path, Reason(rule, "", word))
                break

    def _reason(self, node: Node, paths: Globs, names: Globs) -> Reason | None:
        origin = node.origin
        if isinstance(origin, GeneratedOrigin) and not self._is_judged(node, origin.rule):
            return Reason(GENERATED, "", origin.rule)
        if isinstance(origin, ApplicationOrigin) and node.kind is Kind.DIRECTORY:
            return Reason(APPLICATION, "", origin.source)
        if node.path in paths:
            return Reason(KEEP_RULE, "", node.path)
        if isinstance(origin, PackageOrigin) and node.kind is not Kind.DIRECTORY:
            name = self._roots.names.get(origin.purl, "")
            if name in names:
                return Reason(KEEP_RULE, "", name)
        return None

    def _is_judged(self, node: Node, rule: str) -> bool:
        """Whether something else has to keep a generated path.

        So it is with the files and links of packages that are judged file by file: what their
        scripts made, and what alternatives lead to.
        """
        if rule in _BY_POLICY or node.kind is Kind.DIRECTORY:
            return rule in _BY_POLICY
        if rule.startswith(MADE_BY_SCRIPTS):
            return self._covers(rule.removeprefix(MADE_BY_SCRIPTS))
        target = self._tree.resolve(node.path) if node.kind is Kind.SYMLINK else None
        # A link to a directory, such as /var/run, is a place and no file.
        is_file = target is not None and target.kind is not Kind.DIRECTORY
        origin = target.origin if is_file and target is not None else None
        names = self._roots.packages.names
        return isinstance(origin, PackageOrigin) and self._covers(names.get(origin.purl, ""))


def _globs(patterns: Sequence[str]) -> tuple[Globs, Globs]:
    """The user's patterns for paths and for names of components."""
    paths = [pattern for pattern in patterns if pattern.startswith("/")]
    names = [pattern for pattern in patterns if not pattern.startswith("/")]
    return path_globs(paths), name_globs(names)
