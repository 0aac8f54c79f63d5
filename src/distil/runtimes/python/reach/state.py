"""What one search looks at, and what has come of it so far: its parts share this value."""

from __future__ import annotations

from collections import deque

import msgspec

from distil.model.ledger import Reason, Reasons
from distil.model.node import Kind
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.configuration import FILE_NAME
from distil.runtimes.python.reach.distributions import Distribution
from distil.runtimes.python.reach.held import HeldImports
from distil.runtimes.python.reach.modules import Finder, Module
from distil.runtimes.python.reach.result import Dynamic, Library
from distil.runtimes.python.reach.rules import RuleSet
from distil.runtimes.python.reach.suites import is_test
from distil.runtimes.python.reach.world import World


class State(msgspec.Struct):
    """The modules and files that are kept so far. Everything in it only grows, but the `queue`.

    It has the ways to add to it that need not follow anything: reached modules wait in `queue`.
    With `everything`, all that dynamic imports can mean is kept, and no more of them are listed.
    """

    world: World
    finder: Finder
    rules: RuleSet
    analyses: Analyses
    held: HeldImports
    queue: deque[Module] = msgspec.field(default_factory=deque)
    reasons: Reasons = msgspec.field(default_factory=Reasons)
    modules: dict[str, str] = {}
    missing: dict[str, str] = {}
    used: dict[str, Reason] = {}
    named_rules: set[str] = set()
    unresolved: set[Dynamic] = set()
    resolved: set[tuple[Dynamic, str]] = set()
    libraries: set[Library] = set()
    everything: bool = False
    surrounded: set[tuple[str, str]] = set()
    conventions: set[str] = set()

    def copy(self, finder: Finder) -> State:
        """The same, to go on with by itself; `finder` looks modules up."""
        return msgspec.structs.replace(
            self,
            finder=finder,
            held=self.held.copy(finder),
            queue=self.queue.copy(),
            reasons=self.reasons.copy(),
            modules=self.modules.copy(),
            missing=self.missing.copy(),
            used=self.used.copy(),
            named_rules=self.named_rules.copy(),
            unresolved=self.unresolved.copy(),
            resolved=self.resolved.copy(),
            libraries=self.libraries.copy(),
            surrounded=self.surrounded.copy(),
            conventions=self.conventions.copy(),
        )

    @property
    def kept(self) -> dict[str, Reason]:
        """The paths that are kept, each with the reason that was found first."""
        return self.reasons.first

    # --- modules ---------------------------------------------------------------------------

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
        self.queue.append(module)
        return True

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

    # --- distributions ---------------------------------------------------------------------

    def use(self, distribution: Distribution, reason: Reason) -> None:
        """Something of `distribution` is used, so all of it stays."""
        self.used.setdefault(distribution.name, reason)

    def use_owner(self, path: str) -> None:
        """The distribution that has the file `path` is used, if it is of one."""
        owner = self.world.owner.get(path)
        if owner is not None:
            self.use(owner, Reason("distribution", path, f"{owner.name} is kept whole"))

    def reach_all_of(self, distribution: Distribution, reason: Reason) -> None:
        """Any module of `distribution` may be imported."""
        self.use(distribution, reason)
        for path in distribution.files:
            name = self.finder.name_of(path) if path.endswith((".py", ".so")) else ""
            if name and not is_test(path):
                self.reach(name, reason)

    # --- files -----------------------------------------------------------------------------

    def keep_module(self, path: str, reason: Reason) -> None:
        """Keep the module file `path`, and the distribution that it is of."""
        self.keep(path, reason)
        for twin in self.finder.twins(path):
            self.keep(twin, Reason("same module", path, "byte-code or source of it"))
        self.use_owner(path)

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
