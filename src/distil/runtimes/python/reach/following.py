"""Following what code imports, module by module, until nothing new comes."""

from __future__ import annotations

from distil.model.ledger import Reason
from distil.runtimes.python.formats.calls import PATHS
from distil.runtimes.python.formats.extension import HIDDEN
from distil.runtimes.python.formats.source import Import, PythonSource
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.patterns import absolute
from distil.runtimes.python.reach.references import References
from distil.runtimes.python.reach.state import State
from distil.runtimes.python.reach.stubs import keep_stub


class Following:
    """Works the queue of one `state` off, and what its modules lead to."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.references = References(state)

    def drain(self) -> None:
        """Follow every module that is reached, and what reached code wakes."""
        state = self.state
        while True:
            while state.queue:
                module = state.queue.popleft()
                if module.path:
                    self._follow_file(module)
                self.references.add_for(module.name)
            awake = list(state.held.awake(state.modules))
            if not awake:
                return
            for held in awake:
                self._import(*held)

    def follow(self, module: Module, source: PythonSource, *, main: bool = False) -> None:
        """Everything that the text of `module` leads to; `main` when it is the program."""
        state = self.state
        state.held.mention(module, source.mentions)
        if any(reference.function in PATHS for reference in source.references):
            module = state.finder.extend(module)
        for statement in source.imports:
            if statement.main and not main:
                continue
            # What only runs in a module that is the program runs in this one.
            if main or not state.held.hold(module, statement):
                self._import(module, statement)
        for reference in source.references:
            if main or not reference.main:
                self.references.follow(module, source, reference)
        if module.path in state.world.application_paths:
            self.references.follow_strings(module, source)
        elif module.path in state.world.owner:
            self.references.follow_encodings(module, source)
            self._follow_stub(module, source)

    def _follow_stub(self, module: Module, source: PythonSource) -> None:
        """What the stub of `module` imports: its attributes come from there when asked for."""
        path = keep_stub(self.state, module, source)
        node = self.state.world.tree.resolve(path) if path else None
        if node is not None:
            self.follow(Module(module.name, path, module.search), self.state.analyses.of(node))

    # --- files -----------------------------------------------------------------------------

    def _follow_file(self, module: Module) -> None:
        """Everything the file of `module` leads to."""
        state = self.state
        node = state.world.tree.resolve(module.path)
        if node is None or node.blob is None:
            return
        if not module.path.endswith(".so"):
            self.follow(module, state.analyses.of(node))
        elif not module.path.startswith(state.world.layout.library + "/"):
            known = self.references.knows_compiled(module)
            source = state.analyses.of(node, known=known)
            state.held.mention_names(module, source)
            self._follow_compiled(module, source, known=known)

    def _follow_compiled(self, module: Module, source: PythonSource, *, known: bool) -> None:
        """What an extension module may import, by the names in it and by its source.

        Of what does not show its names a rule may know (`known`) what they are. Not for the
        standard library: rules say what its extension modules import.
        """
        hidden = any(reference.function == HIDDEN for reference in source.references)
        if source.references and not known:
            self.references.follow_surroundings(module)
            if hidden and not self._follow_source_of(module):
                self.references.leave_hidden(module)
        self.references.follow_compiled(module, source)
        plain = any(path.endswith(".py") for path in self.state.finder.sources(module.path))
        if plain and (known or not hidden):
            self._follow_source_of(module)  # mypyc's modules import as their sources do

    def _follow_source_of(self, module: Module) -> bool:
        """Follow the source that compiled code was made from; whether it lies beside it."""
        for path in self.state.finder.sources(module.path):
            node = self.state.world.tree.resolve(path)
            if node is not None and node.blob is not None:
                source = self.state.analyses.of(node)
                self.follow(Module(module.name, path, module.search), source)
                return source.complete
        return False

    # --- statements ------------------------------------------------------------------------

    def _import(self, module: Module, statement: Import) -> None:
        state = self.state
        name = absolute(statement.module, module.name, module.package)
        if not name:
            return
        reason = Reason("import", module.path, f"line {statement.line} imports {name}")
        if not state.reach(name, reason):
            return
        found = state.finder.find(name)
        if found is None or not found.search:
            return
        for asked in statement.names:
            if asked == "*":
                self._import_all(found, reason)
            elif state.finder.find(f"{name}.{asked}") is not None:
                detail = f"line {statement.line} imports {asked} from {name}"
                state.reach(f"{name}.{asked}", Reason("import", module.path, detail))

    def _import_all(self, package: Module, reason: Reason) -> None:
        """``from package import *``: submodules that its ``__all__`` may name."""
        state = self.state
        node = state.world.tree.resolve(package.path) if package.path else None
        if node is None or node.blob is None:
            return
        for word in state.analyses.of(node).strings:
            if state.finder.find(f"{package.name}.{word}") is not None:
                state.reach(f"{package.name}.{word}", reason)
