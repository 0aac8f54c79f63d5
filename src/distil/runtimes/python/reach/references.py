"""What calls, strings and rules lead to: the part of the search that is not imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.runtimes.python.formats.calls import (
    FILES,
    GROUPS,
    IMPORTS,
    LIBRARIES,
    PATHS,
    Reference,
    is_definite,
)
from distil.runtimes.python.formats.extension import HIDDEN
from distil.runtimes.python.formats.source import PythonSource
from distil.runtimes.python.reach.configuration import configured_names
from distil.runtimes.python.reach.distributions import normal_name
from distil.runtimes.python.reach.encodings import encoding_module
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.patterns import absolute, literal_package, matches
from distil.runtimes.python.reach.result import Dynamic, Library
from distil.runtimes.python.reach.rules import Resolve, RuleFile, Source
from distil.runtimes.python.reach.state import State
from distil.runtimes.python.reach.suites import is_test

_METADATA: Final = frozenset(
    {"distribution", "metadata", "requires", "version", "get_distribution"}
)
_SCRIPTS: Final = frozenset({"console_scripts", "gui_scripts"})
_LAZY: Final = "lazy attributes"

MAIN: Final = "__main__"
"""The name of the module that is the program."""

COMPILED: Final = "compiled"
"""The scope of rules about what an extension module imports."""


class References:
    """Follows references for one search, and lists in its `state` what stays unexplained."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_for(self, name: str) -> None:
        """What the rules add because module `name` is reached (empty: in any case)."""
        state = self._state
        for file, add in state.rules.adding(name):
            because = state.modules.get(name, "")
            state.named_rules.add(file.name())
            reason = Reason(file.name(), because, add.why)
            for pattern in add.modules:
                self.reach_pattern(pattern, reason)
            for module in add.strings:
                self.follow_strings_of(module, reason)
            for pattern in add.files:
                for node in state.world.tree.under(pattern):
                    if node.kind is not Kind.DIRECTORY:
                        state.keep(node.path, reason)

    def follow(self, module: Module, source: PythonSource, reference: Reference) -> None:
        """Reach what one call in `module` names."""
        function = reference.function
        if function in IMPORTS:
            self._dynamic(module, source, reference)
        elif function in LIBRARIES:
            for name in reference.patterns:
                found = Library(name, module.path, reference.line, function == "find_library")
                self._state.libraries.add(found)
        elif function in GROUPS:
            self._groups(module, reference)
        elif function in _METADATA:
            self._metadata(module, reference)
        elif function not in FILES | PATHS:
            self._data(module, reference)

    def knows_compiled(self, module: Module) -> bool:
        """Whether a rule says what an extension module imports; if so, that is reached."""
        found = self._state.rules.resolving(module.name, COMPILED)
        if found is None or found[1].scope != COMPILED:
            return False
        place = Dynamic(module.path, 0, module.name, COMPILED)
        self._state.resolved.add((place, f"{found[0].name()}: {found[1].why}"))
        self._resolve(module, PythonSource(), found)
        return True

    def follow_compiled(self, module: Module, source: PythonSource) -> None:
        """Reach the modules whose names stand in an extension module."""
        for name in self.named_in(module, source):
            detail = f"the compiled code holds the name {name}"
            self._state.reach(name, Reason("extension module", module.path, detail))

    def leave_hidden(self, module: Module) -> None:
        """List an extension module that shows none of the names it imports."""
        if not self._state.everything:
            self._state.unresolved.add(Dynamic(module.path, 0, module.name, HIDDEN))

    def named_in(self, module: Module, source: PythonSource) -> Iterator[str]:
        """The modules whose names stand in the compiled code of `module`, and are meant as such."""
        finder = self._state.finder
        library = self._state.world.layout.library + "/"
        own = module.name.partition(".")[0]
        for name in source.strings:
            found = finder.find(name)
            if found is None or not found.path or name.startswith("test"):
                continue
            top = name.partition(".")[0]
            if found.path.startswith(library) or top == own or "." in name:
                yield name

    def follow_surroundings(self, module: Module) -> None:
        """What compiled code may import without showing its name: its package, what it requires."""
        world = self._state.world
        package = module.name.partition(".")[0]
        owner = world.owner.get(module.path)
        place = (package, owner.metadata if owner is not None else "")
        if place in self._state.surrounded:
            return
        self._state.surrounded.add(place)
        detail = "compiled code that does not show the names it imports"
        reason = Reason("extension module", module.path, detail)
        self.reach_pattern(f"{package}.*", reason)
        for name in owner.requires if owner is not None else ():
            required = world.by_name.get(name)
            if required is not None:
                self._state.reach_all_of(required, reason)

    def follow_strings(self, module: Module, source: PythonSource) -> None:
        """String literals of the application that name modules."""
        for text in source.strings:
            reason = Reason("application string", module.path, f"it holds the string {text!r}")
            self.named(text, module, reason)
            self._encoding(text, reason)

    def follow_configuration(self, node: Node) -> None:
        """Words of a configuration file of the application that name modules."""
        for word in configured_names(node):
            reason = Reason("application configuration", node.path, f"it holds the word {word}")
            self.named(word, Module("", node.path), reason)
            self._encoding(word, reason)

    def follow_encodings(self, module: Module, source: PythonSource) -> None:
        """String literals of a distribution that name character encodings."""
        for text in source.encodings:
            self._encoding(text, Reason("encoding", module.path, f"it holds the string {text!r}"))

    def _encoding(self, text: str, reason: Reason) -> None:
        """Reach the codec that `text` may name: any function that reads text takes such names."""
        name = encoding_module(text)
        if name and self._state.finder.find(name) is not None:
            self._state.reach(name, reason)

    def named(self, text: str, module: Module, reason: Reason) -> None:
        """A string that configures something: the module it may name, and what goes with it."""
        name = absolute(text, module.name, module.package) if text.startswith(".") else text
        state = self._state
        if state.reach_named(name, reason):
            found = state.finder.find(name)
            if found is not None and found.search:
                self._convention(name)
            elif name.count(".") >= 2:
                self._convention(name.rsplit(".", 2)[0])

    def _convention(self, package: str) -> None:
        """Submodules that a framework looks for in `package`, which the application names."""
        if package in self._state.conventions:
            return
        self._state.conventions.add(package)
        for file in self._state.rules.files:
            for convention in file.convention:
                for submodule in convention.submodules:
                    because = self._state.modules.get(package, "")
                    reason = Reason(file.name(), because, convention.why)
                    self.reach_pattern(f"{package}.{submodule}", reason)

    def follow_strings_of(self, name: str, reason: Reason) -> None:
        """Treat the string literals of module `name` as if they were the application's."""
        state = self._state
        module = state.finder.find(name)
        node = state.world.tree.resolve(module.path) if module and module.path else None
        if module is not None and node is not None and node.blob is not None:
            for text in state.analyses.of(node, strings=True).strings:
                self.named(text, module, reason)

    def reach_pattern(self, pattern: str, reason: Reason) -> bool:
        """Reach every module that `pattern` stands for; whether there is one."""
        state = self._state
        if "*" not in pattern:
            return state.finder.find(pattern) is not None and state.reach(pattern, reason)
        found = False
        for name in self._candidates(pattern):
            module = state.finder.find(name)
            if module is not None and matches(pattern, name) and not _tests(module):
                found = state.reach(name, reason) or found
        return found

    def _candidates(self, pattern: str) -> Iterator[str]:
        """Names of modules that `pattern` may stand for."""
        finder = self._state.finder
        package = literal_package(pattern)
        if package:
            found = finder.find(package)
            if found is not None and found.search:
                yield from finder.all_below(found)
            return
        for name in finder.top_level():
            yield name
            found = finder.find(name)
            if found is not None and found.search and "." in pattern:
                yield from finder.all_below(found)

    # --- dynamic imports -------------------------------------------------------------------

    def _dynamic(self, module: Module, source: PythonSource, reference: Reference) -> None:
        state = self._state
        found = state.rules.resolving(module.name, reference.scope)
        open_ended = False
        for pattern in reference.patterns:
            name = absolute(pattern, module.name, module.package)
            if not is_definite(pattern) or name == "*" or ("*" in name and found is not None):
                open_ended = True
            elif name:
                detail = f"line {reference.line}: {reference.function}({pattern!r})"
                self._imported(
                    reference.function, name, Reason("dynamic import", module.path, detail)
                )
        if open_ended and reference.function not in {"find_spec", "find_loader"}:
            self._open_ended(module, source, reference, found)

    def _imported(self, function: str, name: str, reason: Reason) -> None:
        if function not in {"resolve_name", "run_module"} or "*" in name:
            self.reach_pattern(name, reason)
        elif self._state.reach_named(name, reason) and function == "run_module":
            self.reach_pattern(f"{name}.__main__", reason)

    def _open_ended(
        self,
        module: Module,
        source: PythonSource,
        reference: Reference,
        found: tuple[RuleFile, Resolve] | None,
    ) -> None:
        place = Dynamic(
            module.path, reference.line, module.name, reference.function, reference.scope
        )
        if found is not None:
            self._resolve(module, source, found)
            self._state.resolved.add((place, f"{found[0].name()}: {found[1].why}"))
        elif reference.scope.partition(".")[0] == "__getattr__":
            self._strings_of_file(module, source, Reason(_LAZY, module.path, str(place)))
            self._state.resolved.add((place, f"{_LAZY}: the names are among the file's strings"))
        elif not self._state.everything:
            self._leave_open(place)

    def _leave_open(self, place: Dynamic) -> None:
        """List `place`, unless it is by another name: a script can also be a module, say."""
        unresolved = self._state.unresolved
        for one in unresolved:
            if (one.path, one.line) == (place.path, place.line):
                if _standing(one) <= _standing(place):
                    return
                unresolved.remove(one)
                break
        unresolved.add(place)

    def _resolve(
        self, module: Module, source: PythonSource, found: tuple[RuleFile, Resolve]
    ) -> None:
        file, rule = found
        self._state.named_rules.add(file.name())
        reason = Reason(file.name(), module.path, rule.why)
        for pattern in rule.modules:
            self.reach_pattern(pattern, reason)
        if Source.STRINGS in rule.sources:
            self._strings_of_file(module, source, reason)

    def _strings_of_file(self, module: Module, source: PythonSource, reason: Reason) -> None:
        state = self._state
        for text in source.strings:
            relative = f"{module.package}.{text.lstrip('.')}" if module.package else text
            if state.finder.find(relative) is not None:
                state.reach(relative, reason)
            elif not text.startswith(".") and state.finder.find(text) is not None:
                state.reach(text, reason)

    # --- metadata --------------------------------------------------------------------------

    def _groups(self, module: Module, reference: Reference) -> None:
        patterns = [p for p in reference.patterns if p != "**"] or ["*"]
        for distribution in self._state.world.distributions:
            for group, entries in distribution.groups.items():
                if any(self._asks(pattern, group) for pattern in patterns):
                    for name, target in entries:
                        detail = f"line {reference.line} looks for the entry point {group}: {name}"
                        reason = Reason("entry point", module.path, detail)
                        self._state.reach(target.partition(":")[0].strip(), reason)

    def _asks(self, pattern: str, group: str) -> bool:
        if not is_definite(pattern):
            return group not in _SCRIPTS
        return matches(pattern, group)

    def _metadata(self, module: Module, reference: Reference) -> None:
        for pattern in reference.patterns:
            name = absolute(pattern, module.name, module.package)
            distribution = self._state.world.by_name.get(normal_name(name))
            if distribution is not None:
                detail = f"line {reference.line} asks for the metadata of {distribution.name}"
                self._state.use(distribution, Reason("metadata", module.path, detail))

    def _data(self, module: Module, reference: Reference) -> None:
        for pattern in reference.patterns:
            name = absolute(pattern, module.name, module.package)
            if name and "*" not in name and self._state.finder.find(name) is not None:
                detail = f"line {reference.line} opens data of {name}"
                self._state.reach(name, Reason("package data", module.path, detail))


def _standing(place: Dynamic) -> tuple[bool, str]:
    """Which of several names of one place is listed, whatever is met first: the program's."""
    return place.module != MAIN, place.module


def _tests(module: Module) -> bool:
    """Whether `module` is part of a test-suite; a namespace package is by its directories."""
    return is_test(module.path or f"{module.search[0]}/")
