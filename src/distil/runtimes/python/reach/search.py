"""Reachability over Python: from the command, module by module, to a set of files.

Sound first: what the code may import is kept, whatever a condition says about it; a
distribution of which anything is used is kept whole, but for what can never be imported or
opened (see `cuts`); a dynamic import that neither the code nor a rule explains keeps the
public standard library and everything that is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from distil.model.ledger import Reason
from distil.model.node import Node
from distil.model.tree import Tree
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.beginning import (
    follow_application,
    follow_kept,
    follow_start,
    follow_text,
)
from distil.runtimes.python.reach.command import PythonCommand, Start, read_command
from distil.runtimes.python.reach.distributions import Distribution, find_distributions
from distil.runtimes.python.reach.finishing import finish
from distil.runtimes.python.reach.following import Following
from distil.runtimes.python.reach.held import HeldImports
from distil.runtimes.python.reach.modules import Finder, Module, find_layout, paths_of_pth
from distil.runtimes.python.reach.result import PythonReach
from distil.runtimes.python.reach.rules import STANDARD_LIBRARY, RuleSet, shipped_rules
from distil.runtimes.python.reach.standard_library import named_modules
from distil.runtimes.python.reach.state import State
from distil.runtimes.python.reach.stubs import READS_STUB
from distil.runtimes.python.reach.world import World


def reach_python(
    tree: Tree,
    command: PythonCommand,
    interpreter: PythonInterpreter,
    *,
    rules: RuleSet | None = None,
    distributions: Sequence[Distribution] | None = None,
    analyses: Analyses | None = None,
) -> PythonReach:
    """Which files of `tree` the Python program started by `command` can import or open.

    The arguments are those of `PythonSearch`.
    """
    search = PythonSearch(
        tree, interpreter, rules=rules, distributions=distributions, analyses=analyses
    )
    return search.run(command)


class PythonSearch:
    """Searches `tree` for a command that may grow, each time from where it was.

    `distributions` are those installed (read from the tree's metadata by default), `rules`
    what is known about them, `analyses` the memory of what files import; the caller saves it.
    """

    def __init__(
        self,
        tree: Tree,
        interpreter: PythonInterpreter,
        *,
        rules: RuleSet | None = None,
        distributions: Sequence[Distribution] | None = None,
        analyses: Analyses | None = None,
    ) -> None:
        self._tree = tree
        self._interpreter = interpreter
        self._layout = find_layout(tree, interpreter)
        if distributions is None:
            distributions = find_distributions(tree, self._layout.sites)
        self._distributions = distributions
        versions = {distribution.name: distribution.version for distribution in distributions}
        versions[STANDARD_LIBRARY] = interpreter.version
        self._rules = (rules or shipped_rules()).for_versions(versions)
        self._analyses = analyses or Analyses()
        self._pth = list(self._pth_files())
        self._last: _Last | None = None
        self.begun = 0
        """How often the search had to begin from nothing."""

    def run(self, command: PythonCommand) -> PythonReach:
        """What `command` reaches, and why: the same files whatever was searched before.

        Goes on from the last command if `command` is that one with more in `also` and `files`.
        What reached code needs as a whole is found anew each time: see `finish`.
        """
        start = read_command(command, self._tree)
        state = self._grown(command, start) or self._begun(command, start)
        last = self._last
        found = last.found if last is not None and last.state == state else finish(state)
        self._last = _Last(command, start, state, found)
        return found

    def _grown(self, command: PythonCommand, start: Start) -> State | None:
        """What is reached from the last state on; None where that may not be all or too much."""
        last = self._last
        if last is None or not _grew(last.command, command):
            return None
        if last.start.without(start) != Start():
            return None
        # Directories of further scripts come first on sys.path. It is rare that another module
        # lies there by a name that was looked up before. As rare are packages that get more
        # directories on the way, so that what was looked up in them before may not hold.
        finder = last.state.finder.along(self._path(start))
        if finder is None:
            return None
        state = last.state.copy(finder)
        following = Following(state)
        more = start.without(last.start)
        follow_start(following, more)
        follow_kept(following, more.files)
        following.drain()
        return None if finder.extended else state

    def _begun(self, command: PythonCommand, start: Start) -> State:
        """What is reached from nothing on."""
        self.begun += 1
        self._last = None
        finder = Finder(self._tree, self._interpreter, self._path(start))
        words = (*self._rules.words, READS_STUB)
        self._analyses.watch(words, tuple(named_modules(finder, self._layout)))
        world = World(self._tree, self._layout, self._distributions, command)
        state = State(world, finder, self._rules, self._analyses, HeldImports(self._rules, finder))
        following = Following(state)
        following.references.add_for("")
        for node, text in self._pth:
            reason = Reason("interpreter start", "", "a .pth file is read by every start")
            state.keep(node.path, reason)
            code = "\n".join(paths_of_pth(text, node.parent)[1])
            follow_text(following, Module("", node.path), code)
        follow_start(following, start)
        for node in world.application:
            follow_application(following, node)
        follow_kept(following, start.files)
        following.drain()
        return state

    def _pth_files(self) -> Iterator[tuple[Node, str]]:
        for site in self._layout.sites:
            for node in self._tree.children(site):
                if node.name.endswith(".pth") and node.blob is not None and node.size < 1 << 20:
                    yield node, node.blob.read().decode("utf-8", "replace")

    def _path(self, start: Start) -> list[str]:
        """``sys.path``, as it is when any of the scripts is started."""
        layout = self._layout
        path = [*start.search, layout.library, layout.extensions, *layout.sites]
        for node, text in self._pth:
            path += paths_of_pth(text, node.parent)[0]
        return path


class _Last(NamedTuple):
    """How the last search began, what it came to, and what it said."""

    command: PythonCommand
    start: Start
    state: State
    found: PythonReach


def _grew(earlier: PythonCommand, later: PythonCommand) -> bool:
    """Whether two commands differ only in what is run or kept besides."""
    return msgspec.structs.replace(later, also=earlier.also, files=earlier.files) == earlier
