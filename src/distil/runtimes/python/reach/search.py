"""Reachability over Python: from the command, module by module, to a set of files.

Sound first: what the code may import is kept, whatever a condition says about it; a
distribution of which anything is used is kept whole, but for what can never be imported or
opened (see `cuts`); a dynamic import that neither the code nor a rule explains keeps the
public standard library and everything that is installed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from distil.model.ledger import Reason, Reasons
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.runtimes.python.formats.calls import PATHS
from distil.runtimes.python.formats.extension import HIDDEN
from distil.runtimes.python.formats.source import Import, PythonSource, read_python_source
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.command import PythonCommand, is_python, read_command
from distil.runtimes.python.reach.configuration import FILE_NAME
from distil.runtimes.python.reach.cuts import is_test, sort_files
from distil.runtimes.python.reach.distributions import Distribution, find_distributions
from distil.runtimes.python.reach.held import HeldImports
from distil.runtimes.python.reach.modules import Finder, Module, find_layout, paths_of_pth
from distil.runtimes.python.reach.patterns import absolute
from distil.runtimes.python.reach.references import References
from distil.runtimes.python.reach.result import COMPUTED, PythonReach
from distil.runtimes.python.reach.rules import STANDARD_LIBRARY, RuleSet, shipped_rules
from distil.runtimes.python.reach.standard_library import named_modules, public_modules
from distil.runtimes.python.reach.startable import Startable
from distil.runtimes.python.reach.stubs import READS_STUB, Stubs
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

    `distributions` are those installed (read from the tree's metadata by default), `rules`
    what is known about them, `analyses` the memory of what files import; the caller saves it.
    """
    layout = find_layout(tree, interpreter)
    if distributions is None:
        distributions = find_distributions(tree, layout.sites)
    versions = {distribution.name: distribution.version for distribution in distributions}
    versions[STANDARD_LIBRARY] = interpreter.version
    start = read_command(command, tree)
    search = Search(
        World(tree, layout, distributions, start, command),
        interpreter,
        (rules or shipped_rules()).for_versions(versions),
        analyses or Analyses(),
    )
    return search.run()


class Search:
    """The work list and what has come of it so far."""

    def __init__(
        self, world: World, interpreter: PythonInterpreter, rules: RuleSet, analyses: Analyses
    ) -> None:
        self.world = world
        self.rules = rules
        self.analyses = analyses
        library = world.layout.library
        path = [*world.start.search, library, world.layout.extensions, *world.layout.sites]
        self.pth = list(self._pth_files())
        for node, text in self.pth:
            path += paths_of_pth(text, node.parent)[0]
        self.finder = Finder(world.tree, interpreter, path)
        analyses.watch((*rules.words, READS_STUB), tuple(named_modules(self.finder, world.layout)))
        self.reasons = Reasons()
        self.kept = self.reasons.first
        self.modules: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.used: dict[str, Reason] = {}
        self.named_rules: set[str] = set()
        self.references = References(self)
        self.stubs = Stubs(self)
        self._queue: deque[Module] = deque()
        self.held = HeldImports(rules, self.finder)

    def run(self) -> PythonReach:
        """Work until nothing new comes."""
        self._begin()
        self._drain()
        self._keep_requested()
        self._drain()
        self._explain()
        startable = Startable(self)
        while startable.keep():
            self._drain()
            self._explain()
        removed = sort_files(self)
        return PythonReach(
            kept=dict(sorted(self.kept.items())),
            further=self.reasons.further,
            removed=dict(sorted(removed.items())),
            modules=dict(sorted(self.modules.items())),
            unresolved=tuple(sorted(self.references.unresolved)),
            resolved=tuple(sorted(self.references.resolved)),
            libraries=tuple(sorted(self.references.libraries)),
            missing=dict(sorted(self.missing.items())),
            held=self.held.places,
            rules=tuple(sorted(self.named_rules | self.held.rules)),
        )

    def _explain(self) -> None:
        """Keep everything that could be meant by dynamic imports which nothing explains."""
        while self.references.unresolved and not self.references.everything:
            self._keep_everything()
            self._drain()

    # --- beginnings ------------------------------------------------------------------------

    def _pth_files(self) -> Iterable[tuple[Node, str]]:
        for site in self.world.layout.sites:
            for node in self.world.tree.children(site):
                if node.name.endswith(".pth") and node.blob is not None and node.size < 1 << 20:
                    yield node, node.blob.read().decode("utf-8", "replace")

    def _begin(self) -> None:
        self.add_for("")
        for node, text in self.pth:
            reason = Reason("interpreter start", "", "a .pth file is read by every start")
            self.keep(node.path, reason)
            code = "\n".join(paths_of_pth(text, node.parent)[1])
            self.follow(Module("", node.path), self._read(code))
        start = self.world.start
        for name in start.modules:
            self._run_module(name)
        for path in start.scripts:
            self._run_file(path, Reason("entrypoint", "", "the container's command runs it"))
        if start.code:
            self.follow(Module("__main__", ""), self._read(start.code))
        for name in start.names:
            self.reach_named(name, Reason("command", "", f"the command names {name}"))
        for node in self.world.application:
            self._application_file(node)
        for path in self.world.files:
            self._kept_file(path)

    def _read(self, code: str) -> PythonSource:
        return read_python_source(code.encode(), words=self.rules.words)

    def _run_module(self, name: str) -> None:
        reason = Reason("entrypoint", "", f"the container's command runs -m {name}")
        self.reach(name, reason)
        module = self.finder.find(name)
        if module is not None and module.search:
            self.reach(f"{name}.__main__", reason)
            module = self.finder.find(f"{name}.__main__")
        if module is not None and module.path:
            source = self.analyses.of(self.world.tree[module.path])
            self.follow(module, source, main=True)

    def _run_file(self, path: str, reason: Reason) -> None:
        self.keep(path, reason)
        self._own(path)
        node = self.world.tree[path]
        self.follow(Module("__main__", path), self.analyses.of(node), main=True)

    def _application_file(self, node: Node) -> None:
        """A file of the application stays; Python code may be imported, or run by itself.

        Jobs and management commands run in the same image, so what a file does only when it is
        the program counts whether or not the image's own command runs it.
        """
        reason = Reason("application", "", "a file of the application")
        self.keep(node.path, reason)
        self.references.follow_configuration(node)
        may_run = node.name.endswith(".py") or node.mode & 0o111
        if node.blob is None or not may_run or not is_python(node) or is_test(node.path):
            return
        name = self.finder.name_of(node.path)
        found = self.finder.find(name) if name else None
        if found is not None and found.path == node.path:
            self.reach(name, reason)
        else:
            found = None
        self.follow(found or Module(name, node.path), self.analyses.of(node), main=True)

    def _kept_file(self, path: str) -> None:
        """A Python file that something else than an import keeps: a module, or a program."""
        name = self.finder.name_of(path)
        found = self.finder.find(name) if name else None
        reason = Reason("kept file", "", "it is kept, so what it imports is")
        if found is not None and found.path == path:
            self.reach(name, reason)
        else:
            self._run_file(path, reason)

    def _keep_requested(self) -> None:
        """Distributions that the application asks for, though nothing is seen to import them."""
        for name in self.world.requested:
            distribution = self.world.by_name.get(name)
            if distribution is not None and name not in self.used:
                detail = f"the application asks for {name}; nothing is seen to import it"
                self.keep_all_of(distribution, Reason("requirement", "", detail))

    def keep_all_of(self, distribution: Distribution, reason: Reason) -> None:
        """Any module of `distribution` may be imported."""
        self.use(distribution, reason)
        for path in distribution.files:
            name = self.finder.name_of(path) if path.endswith((".py", ".so")) else ""
            if name and not is_test(path):
                self.reach(name, reason)

    def _keep_everything(self) -> None:
        self.references.everything = True
        first = min(self.references.unresolved)
        for name in public_modules(self.finder, self.world.layout):
            self.reach(name, Reason(COMPUTED, first.path, f"{first} may import {name}"))
        for distribution in self.world.distributions:
            detail = f"{first} may import any of {distribution.name}"
            self.keep_all_of(distribution, Reason(COMPUTED, first.path, detail))

    # --- the work list ---------------------------------------------------------------------

    def _drain(self) -> None:
        while self._queue:
            module = self._queue.popleft()
            if module.path:
                self._follow_file(module)
            self.add_for(module.name)
            if not self._queue:
                for held in list(self.held.awake(self.modules)):
                    self._import(*held)

    def _follow_file(self, module: Module) -> None:
        """Everything the file of `module` leads to."""
        node = self.world.tree.resolve(module.path)
        if node is None or node.blob is None:
            return
        if not module.path.endswith(".so"):
            self.follow(module, self.analyses.of(node))
        elif not module.path.startswith(self.world.layout.library + "/"):
            known = self.references.knows_compiled(module)
            source = self.analyses.of(node, known=known)
            self.held.mention_names(module, source)
            self.references.follow_compiled(module, source, known=known)
            hidden = any(reference.function == HIDDEN for reference in source.references)
            plain = any(path.endswith(".py") for path in self.finder.sources(module.path))
            if plain and (known or not hidden):
                self.follow_source_of(module)  # mypyc's modules import as their sources do

    def follow_source_of(self, module: Module) -> bool:
        """Follow the source that compiled code was made from; whether it lies beside it."""
        for path in self.finder.sources(module.path):
            node = self.world.tree.resolve(path)
            if node is not None and node.blob is not None:
                source = self.analyses.of(node)
                self.follow(Module(module.name, path, module.search), source)
                return source.complete
        return False

    def reach(self, name: str, reason: Reason) -> bool:
        """Keep module `name` and the packages around it; whether the tree has it."""
        if name in self.modules:
            path = self.modules[name]
            if path in self.kept:
                self.reasons.add(path, reason)
            return True
        parent = name.rpartition(".")[0]
        if parent and not self.reach(parent, reason):
            return False
        module = self.finder.find(name)
        if module is None:
            self.missing.setdefault(name, reason.because)
            return False
        self.modules[name] = module.path
        if module.path:
            self.keep_module(module.path, reason)
        self._queue.append(module)
        return True

    def keep_module(self, path: str, reason: Reason) -> None:
        """Keep the module file `path`, and the distribution that it is of."""
        self.keep(path, reason)
        for twin in self.finder.twins(path):
            self.keep(twin, Reason("same module", path, "byte-code or source of it"))
        self._own(path)

    def reach_named(self, name: str, reason: Reason) -> bool:
        """Keep the longest beginning of the dotted `name` that is a module, if there is one.

        A word without a dot, or the name of a file, counts only when it is not one of the
        standard library, whose short names (``code``, ``test``, ``time``) are ordinary words too.
        """
        word = "." not in name or bool(FILE_NAME.search(name))
        while name:
            module = self.finder.find(name)
            if module is not None:
                plain = word and "." not in name
                if plain and module.path.startswith(self.world.layout.library + "/"):
                    return False
                if not module.path and plain:
                    return False
                return self.reach(name, reason)
            name = name.rpartition(".")[0]
        return False

    def keep(self, path: str, reason: Reason) -> None:
        """Keep `path` and, when it is a symbolic link, what it leads to."""
        if path not in self.world.tree or not self.reasons.add(path, reason):
            return
        node = self.world.tree[path]
        if node.kind is Kind.SYMLINK:
            target = self.world.tree.resolve(path)
            if target is not None:
                why = Reason("link target", path, "a symbolic link leads here")
                self.reasons.add(target.path, why)

    def use(self, distribution: Distribution, reason: Reason) -> None:
        """Something of `distribution` is used, so all of it stays."""
        self.used.setdefault(distribution.name, reason)

    def _own(self, path: str) -> None:
        owner = self.world.owner.get(path)
        if owner is not None:
            self.use(owner, Reason("distribution", path, f"{owner.name} is kept whole"))

    # --- one file --------------------------------------------------------------------------

    def follow(self, module: Module, source: PythonSource, *, main: bool = False) -> None:
        """Everything that the text of `module` leads to; `main` when it is the program."""
        self.held.mention(module, source.mentions)
        if any(reference.function in PATHS for reference in source.references):
            module = self.finder.extend(module)
        for statement in source.imports:
            if statement.main and not main:
                continue
            # What only runs in a module that is the program runs in this one.
            if main or not self.held.hold(module, statement):
                self._import(module, statement)
        for reference in source.references:
            if main or not reference.main:
                self.references.follow(module, source, reference)
        if module.path in self.world.application_paths:
            self.references.follow_strings(module, source)
        elif module.path in self.world.owner:
            self.references.follow_encodings(module, source)
            self.stubs.follow(module, source)

    def _import(self, module: Module, statement: Import) -> None:
        name = absolute(statement.module, module.name, module.package)
        if not name:
            return
        reason = Reason("import", module.path, f"line {statement.line} imports {name}")
        if not self.reach(name, reason):
            return
        found = self.finder.find(name)
        if found is None or not found.search:
            return
        for asked in statement.names:
            if asked == "*":
                self._import_all(found, reason)
            elif self.finder.find(f"{name}.{asked}") is not None:
                detail = f"line {statement.line} imports {asked} from {name}"
                self.reach(f"{name}.{asked}", Reason("import", module.path, detail))

    def _import_all(self, package: Module, reason: Reason) -> None:
        """``from package import *``: submodules that its ``__all__`` may name."""
        node = self.world.tree.resolve(package.path) if package.path else None
        if node is None or node.blob is None:
            return
        for word in self.analyses.of(node).strings:
            if self.finder.find(f"{package.name}.{word}") is not None:
                self.reach(f"{package.name}.{word}", reason)

    # --- rules -----------------------------------------------------------------------------

    def add_for(self, name: str) -> None:
        """What the rules add because module `name` is reached (empty: in any case)."""
        for file, add in self.rules.adding(name):
            because = self.modules.get(name, "")
            self.named_rules.add(file.name())
            reason = Reason(file.name(), because, add.why)
            for pattern in add.modules:
                self.references.reach_pattern(pattern, reason)
            for module in add.strings:
                self.references.follow_strings_of(module, reason)
            for pattern in add.files:
                for node in self.world.tree.under(pattern):
                    if node.kind is not Kind.DIRECTORY:
                        self.keep(node.path, reason)
