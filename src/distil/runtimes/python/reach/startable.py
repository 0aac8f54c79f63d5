"""What used distributions need to work as a whole, though nothing is seen to ask for it.

A distribution is kept whole, its console scripts with it: a person in the container may start
one, and a name that nobody sees may lead to any of its modules. So what a script imports on its
way, whatever happens, stays as well, and what a public module imports when it is imported. What
they import later, in functions, does not stay for their sake; of compiled code nobody can tell
what it imports when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from distil.model.ledger import Reason
from distil.runtimes.python.formats.source import PythonSource
from distil.runtimes.python.reach.command import is_python
from distil.runtimes.python.reach.distributions import Distribution
from distil.runtimes.python.reach.encodings import encoding_module
from distil.runtimes.python.reach.imports import with_parents
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.patterns import absolute
from distil.runtimes.python.reach.references import References
from distil.runtimes.python.reach.state import State
from distil.runtimes.python.reach.stubs import keep_stub
from distil.runtimes.python.reach.suites import is_test

_CODE: Final = (".py", ".so")
SCRIPT_GROUPS: Final = frozenset({"console_scripts", "gui_scripts"})
STARTS: Final = "script starts"
WHOLE: Final = "distribution works whole"


class Startable:
    """Keeps, for one search, what scripts and modules of used distributions import at once."""

    def __init__(self, state: State, references: References) -> None:
        self._state = state
        self._references = references
        self._followed: set[str] = set()
        self._scripts: set[str] = set()
        self._known = set(state.modules)
        """Modules whose rules have had their say."""

    def keep(self) -> bool:
        """Follow everything of every used distribution, those that this brings included.

        Whether modules were reached on the way, so that the search has to go on.
        """
        before = len(self._state.modules)
        used: set[str] = set()
        while used != self._state.used.keys():
            used = set(self._state.used)
            for name in sorted(used):
                distribution = self._state.world.by_name[name]
                for path in distribution.files:
                    if path.rpartition("/")[0].endswith("/bin") and path not in self._scripts:
                        self._scripts.add(path)
                        self._follow_script(path)
                for module in (*self._public(distribution), *self._plugins(distribution)):
                    self._follow(module, module.path, Reason(WHOLE, "", f"{module.name} stays"))
        return len(self._state.modules) > before

    def _public(self, distribution: Distribution) -> Iterator[Module]:
        """The modules that programs are meant to import and nothing has reached."""
        finder = self._state.finder
        for path in distribution.files:
            if not path.endswith(_CODE) or path in self._followed or is_test(path):
                continue
            name = finder.name_of(path)
            if not name or any(part.startswith("_") for part in name.split(".")):
                continue
            found = finder.find(name)
            if found is not None and found.path == path and name not in self._state.modules:
                yield found

    def _plugins(self, distribution: Distribution) -> Iterator[Module]:
        """The modules that entry points lead to, of this distribution or another."""
        for group, entries in distribution.groups.items():
            for name, reference in () if group in SCRIPT_GROUPS else entries:
                why = Reason(WHOLE, "", f"the entry point {group}: {name} leads there")
                module = "" if "[" in reference else reference.partition(":")[0].strip()
                yield from self._kept(with_parents(module), distribution.metadata, why)

    def _follow_script(self, script: str) -> None:
        node = self._state.world.tree.get(script)
        if node is None or node.blob is None or not node.mode & 0o111 or not is_python(node):
            return
        self._follow(Module("", script), script, Reason(STARTS, "", f"{script} needs it to start"))

    def _follow(self, first: Module, script: str, why: Reason) -> None:
        """Keep what `first` imports at once, and what that imports."""
        queue = deque([first])
        while queue:
            module = queue.popleft()
            if module.path in self._followed or not module.path.endswith((*_CODE, script)):
                continue
            self._followed.add(module.path)
            queue.extend(self._kept(self._at_once(module), module.path, why))

    def _at_once(self, module: Module) -> Iterator[str]:
        """The names of modules that importing `module` may import; it does no harm to lack one."""
        state = self._state
        file = state.world.tree.resolve(module.path)
        if file is None:
            return
        if not module.path.endswith(".so"):
            yield from self._in_source(module, state.analyses.of(file))
        elif not module.path.startswith(f"{state.world.layout.library}/"):
            known = self._references.knows_compiled(module)
            yield from self._references.named_in(module, state.analyses.of(file, known=known))
            for path in state.finder.sources(module.path):
                source = state.analyses.of(state.world.tree[path])
                yield from self._in_source(Module(module.name, path, module.search), source)

    def _in_source(self, module: Module, source: PythonSource) -> Iterator[str]:
        state = self._state
        if module.path in state.world.owner:
            keep_stub(state, module, source)
            yield from filter(None, map(encoding_module, source.encodings))
        for statement in source.imports if source.complete else ():
            if statement.scope or statement.main or state.held.holds(module, statement):
                continue
            name = absolute(statement.module, module.name, module.package)
            yield from (*with_parents(name), *(f"{name}.{one}" for one in statement.names))

    def _kept(self, names: Iterable[str], importer: str, why: Reason) -> list[Module]:
        """The modules of `names` that exist, kept."""
        found = []
        for name in names:
            module = self._state.finder.find(name)
            if module is not None and module.path:
                detail = f"imports {name}; {why.detail}"
                self._state.keep_module(module.path, Reason(why.rule, importer, detail))
                found.append(module)
            if module is not None and name not in self._known:
                self._known.add(name)
                self._references.add_for(name)
        return found
