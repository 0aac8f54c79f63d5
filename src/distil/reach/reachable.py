"""Level ``reachable``: what static evidence reaches from the entrypoint, and nothing else.

Evidence is gathered to a fixpoint: the program that is started, the Python modules it can
import, what compiled code is linked with and names, the interpreters of scripts, policies for
what is opened by convention, and whole packages where nothing finer is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import msgspec

from distil.formats.elf import ElfFile
from distil.formats.globs import Globs
from distil.formats.patterns import name_globs, name_patterns, path_globs, path_patterns
from distil.model.digest import Digest
from distil.model.draft import PARENT_RULE
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, GeneratedOrigin, PackageOrigin
from distil.model.package import PythonInterpreter
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.documents import Documents
from distil.reach.keeping import Keeping
from distil.reach.native import Native, Strings
from distil.reach.packages import WHOLE, Packages
from distil.reach.policies import Found, Policies, shipped_policies
from distil.reach.scripts import Scripts
from distil.reach.soundness import search_path
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.cuts import is_test
from distil.runtimes.python.reach.modules import find_layout
from distil.runtimes.python.reach.result import PythonReach
from distil.runtimes.python.reach.rules import RuleSet
from distil.runtimes.python.reach.search import reach_python

ENTRYPOINT: Final = "entrypoint"
HEALTH_CHECK: Final = "health check"
KEEP_RULE: Final = "[reach] keep"
APPLICATION: Final = "application"
ASKED: Final = "asked for"
GENERATED: Final = "every image"
POLICY: Final = "policy"
OPENED: Final = "opened by name"


class Roots(msgspec.Struct, frozen=True):
    """Where reaching begins, and what is known about the tree.

    `asked` are the purls of packages that stay whole because the user or a distribution asks
    for them; `runtime` those of the interpreter, whose files the module search decides about;
    `depends` says for a purl what it depends on. `keep` are the user's patterns; `named` are
    paths that are needed for the reason given, whatever else there is.
    """

    command: PythonCommand
    interpreter: PythonInterpreter
    platform: Platform
    asked: frozenset[str] = frozenset()
    runtime: frozenset[str] = frozenset()
    depends: Mapping[str, Sequence[str]] = {}
    keep: tuple[str, ...] = ()
    named: Mapping[str, Reason] = {}


class Reached(msgspec.Struct, frozen=True):
    """The paths that are kept, each with a reason, some with `further` ones; why others are not.

    `python` is what the module search found out, its unresolved dynamic imports among it, and
    `analyses` what it has read.
    """

    kept: dict[str, Reason]
    further: dict[str, list[Reason]]
    removed: dict[str, str]
    python: PythonReach
    analyses: Analyses


def reach(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    roots: Roots,
    documents: Documents | None = None,
    *,
    rules: RuleSet | None = None,
) -> Reached:
    """What of `tree` is needed. `elf` says of each file's digest what it is as ELF.

    Analyses are remembered in `documents`; `rules` are those about dynamic Python code, the
    shipped ones by default. Raises `CorruptContent`, `LinkLoop`.
    """
    return _Reach(tree, elf, roots, documents, rules).run()


class _Reach:
    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        roots: Roots,
        documents: Documents | None,
        rules: RuleSet | None,
    ) -> None:
        self._tree = tree
        self._roots = roots
        self._rules = rules
        self._keeping = Keeping(tree)
        self._policies: Policies = shipped_policies()
        self._packages = Packages(tree, elf, roots.depends, self._one_by_one)
        self._strings = Strings(documents)
        self._analyses = Analyses(documents)
        program = roots.interpreter.executable
        self._native = Native(tree, elf, roots.platform, program, self._strings)
        self._scripts = Scripts(tree, elf)
        self._python_files: set[str] = set()
        self._licensed: set[str] = set()

    def run(self) -> Reached:
        python = self._reach_python(self._roots.command)
        for path, reason in self._roots.named.items():
            self._keeping.keep(path, reason)
        self._keep_roots()
        applied: set[str] = set()
        done = self._roots.command
        while True:
            self._keep_python(python)
            self._follow()
            while self._apply_policies(applied, python.modules):
                self._follow()
            command = self._with_found(python)
            if command == done:
                break
            done = command
            python = self._reach_python(command)
        self._strings.save()
        self._analyses.save()
        reasons = self._keeping.reasons
        for path, further in python.further.items():
            for reason in further:
                reasons.add(path, reason)
        return Reached(reasons.first, reasons.further, python.removed, python, self._analyses)

    def _reach_python(self, command: PythonCommand) -> PythonReach:
        return reach_python(
            self._tree,
            command,
            self._roots.interpreter,
            rules=self._rules,
            analyses=self._analyses,
        )

    def _with_found(self, python: PythonReach) -> PythonCommand:
        """The command with what shell scripts run, and Python code that is kept for itself."""
        command = self._roots.command
        layout = find_layout(self._tree, self._roots.interpreter)
        places = tuple(f"{place}/" for place in (layout.library, *layout.sites))
        importable = [
            path
            for path in self._keeping.kept
            if path.endswith(".py") and path.startswith(places) and not is_test(path)
        ]
        self._python_files |= {*importable, *self._scripts.python} - python.kept.keys()
        return msgspec.structs.replace(
            command,
            also=(*command.also, *self._scripts.commands),
            files=tuple(sorted(self._python_files)),
        )

    # --- roots -----------------------------------------------------------------------------

    def _keep_roots(self) -> None:
        for number, words in enumerate(self._roots.command.commands):
            for word in words:
                self._keep_word(word, ENTRYPOINT if number == 0 else HEALTH_CHECK)
        paths, names = _keep_globs(self._roots.keep)
        for node in self._tree:
            if isinstance(node.origin, GeneratedOrigin) and node.origin.rule not in _BY_POLICY:
                self._keeping.keep(node.path, Reason(GENERATED, "", node.origin.rule))
            elif isinstance(node.origin, ApplicationOrigin) and node.kind is Kind.DIRECTORY:
                self._keeping.keep(node.path, Reason(APPLICATION, "", node.origin.source))
            elif node.path in paths:
                self._keeping.keep(node.path, Reason(KEEP_RULE, "", node.path))
            elif isinstance(node.origin, PackageOrigin) and node.kind is not Kind.DIRECTORY:
                name = _name(node.origin.purl)
                if name in names:
                    self._keeping.keep(node.path, Reason(KEEP_RULE, "", name))
        for purl in sorted(self._roots.asked):
            self._packages.keep_whole(purl, Reason(ASKED, "", purl), self._keeping)

    def _keep_word(self, word: str, rule: str) -> None:
        """Keep the program or file that a word of a command may mean."""
        for path in _candidates(word, self._roots.command):
            if path != "/" and self._tree.resolve(path) is not None:
                self._keeping.keep(path, Reason(rule, "", word))
                break

    def _keep_python(self, python: PythonReach) -> None:
        for path, why in python.kept.items():
            self._keeping.keep(path, why)
        for library in python.libraries:
            names = [library.name]
            if library.searched:
                names = self._found_by_search(library.name)
            for name in names:
                found = self._native.find_library(name)
                if found is not None:
                    self._keeping.keep(found, Reason(OPENED, library.path, f"line {library.line}"))

    def _found_by_search(self, name: str) -> list[str]:
        """The libraries that ``find_library(name)`` may answer: those called lib<name>.so.N."""
        expression = re.compile(rf"lib{re.escape(name)}\.so(\.\d+)*")
        return [
            n.name
            for n in self._tree
            if n.kind is not Kind.DIRECTORY and expression.fullmatch(n.name)
        ]

    # --- the fixpoint ----------------------------------------------------------------------

    def _follow(self) -> None:
        """Look at everything that was kept since the last time, and at what that keeps."""
        while (node := self._keeping.next()) is not None:
            self._native.follow(node, self._keeping)
            self._scripts.follow(node, self._keeping)
            self._follow_package(node)

    def _follow_package(self, node: Node) -> None:
        """Keep the rest of the node's package, unless its files are judged one by one."""
        origin = node.origin
        if not isinstance(origin, PackageOrigin) or not origin.purl.startswith("pkg:deb/"):
            return
        if origin.purl not in self._licensed:
            self._licensed.add(origin.purl)
            self._packages.keep_licence(origin.purl, self._keeping)
        if node.kind is not Kind.DIRECTORY and not self._one_by_one(origin.purl):
            why = Reason(WHOLE, node.path, f"{_name(origin.purl)} is in use")
            self._packages.keep_whole(origin.purl, why, self._keeping)

    def _one_by_one(self, purl: str) -> bool:
        """Whether the files of a package are judged each for itself."""
        return purl in self._roots.runtime or self._policies.covers(_name(purl))

    def _apply_policies(self, applied: set[str], modules: dict[str, str]) -> bool:
        """Apply the policies that have a cause now; whether there was a new one."""
        new = False
        native = self._native
        found = Found(self._keeping.kept, native.functions, native.texts, modules)
        for policy in self._policies.all:
            if policy.name in applied:
                continue
            because = policy.because(found)
            if because is None:
                continue
            applied.add(policy.name)
            new = True
            for node in self._tree:
                if policy.paths.fullmatch(node.path):
                    self._keeping.keep(node.path, Reason(POLICY, because, policy.name))
        return new


_BY_POLICY: Final = frozenset({"CA certificates", PARENT_RULE.rule})
"""Rules whose generated paths only stay when something else keeps them, or what is below."""


def _name(purl: str) -> str:
    """The package's name in a Debian purl."""
    return unquote(purl.split("@", 1)[0].rpartition("/")[2])


def _keep_globs(patterns: Sequence[str]) -> tuple[Globs, Globs]:
    """The user's patterns for paths and for names of packages."""
    return path_globs(path_patterns(patterns)), name_globs(name_patterns(patterns))


def _candidates(word: str, command: PythonCommand) -> list[str]:
    """The paths that a word of the command may stand for."""
    workdir = command.workdir
    if word.startswith("/"):
        return [word]
    if "/" in word:
        return [f"{workdir.rstrip('/')}/{word}"]
    return [
        f"{directory}/{word}"
        for directory in (*search_path(command.environment), workdir.rstrip("/"))
    ]
