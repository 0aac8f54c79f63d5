"""What calls and strings in Python code lead to: the part of the search that is not imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from distil.model.ledger import Reason
from distil.model.node import Node
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
from distil.runtimes.python.reach.cuts import is_test
from distil.runtimes.python.reach.distributions import normal_name
from distil.runtimes.python.reach.encodings import encoding_module
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.patterns import absolute, literal_package, matches
from distil.runtimes.python.reach.result import Dynamic, Library
from distil.runtimes.python.reach.rules import Resolve, RuleFile, Source

if TYPE_CHECKING:
    from distil.runtimes.python.reach.search import Search

_METADATA: Final = frozenset(
    {"distribution", "metadata", "requires", "version", "get_distribution"}
)
_SCRIPTS: Final = frozenset({"console_scripts", "gui_scripts"})
_LAZY: Final = "lazy attributes"

COMPILED: Final = "compiled"
"""The scope of rules about what an extension module imports."""


class References:
    """Follows references for one search, and remembers what stays unexplained."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.unresolved: set[Dynamic] = set()
        self.resolved: set[tuple[Dynamic, str]] = set()
        self.libraries: set[Library] = set()
        self.everything = False
        self._surrounded: set[str] = set()
        self._conventions: set[str] = set()

    def follow(self, module: Module, source: PythonSource, reference: Reference) -> None:
        """Reach what one call in `module` names."""
        function = reference.function
        if function in IMPORTS:
            self._dynamic(module, source, reference)
        elif function in LIBRARIES:
            for name in reference.patterns:
                found = Library(name, module.path, reference.line, function == "find_library")
                self.libraries.add(found)
        elif function in GROUPS:
            self._groups(module, reference)
        elif function in _METADATA:
            self._metadata(module, reference)
        elif function not in FILES | PATHS:
            self._data(module, reference)

    def knows_compiled(self, module: Module) -> bool:
        """Whether a rule says what an extension module imports; if so, that is reached."""
        found = self._search.rules.resolving(module.name, COMPILED)
        if found is None or found[1].scope != COMPILED:
            return False
        place = Dynamic(module.path, 0, module.name, COMPILED)
        self.resolved.add((place, f"{found[0].name()}: {found[1].why}"))
        self._resolve(module, PythonSource(), found)
        return True

    def follow_compiled(self, module: Module, source: PythonSource, *, known: bool) -> None:
        """What an extension module may import: the names of modules that stand in it.

        Of what does not show its names a rule may know (`known`) what they are. Not for the
        standard library: rules say what its extension modules import.
        """
        search = self._search
        kinds = {reference.function for reference in source.references}
        if kinds and not known:
            self._surroundings(module)
            place = Dynamic(module.path, 0, module.name, HIDDEN)
            if HIDDEN in kinds and not search.follow_source_of(module) and not self.everything:
                self.unresolved.add(place)
        for name in self.named_in(module, source):
            detail = f"the compiled code holds the name {name}"
            search.reach(name, Reason("extension module", module.path, detail))

    def named_in(self, module: Module, source: PythonSource) -> Iterator[str]:
        """The modules whose names stand in the compiled code of `module`, and are meant as such."""
        finder = self._search.finder
        library = self._search.world.layout.library + "/"
        own = module.name.partition(".")[0]
        for name in source.strings:
            found = finder.find(name)
            if found is None or not found.path or name.startswith("test"):
                continue
            top = name.partition(".")[0]
            if found.path.startswith(library) or top == own or "." in name:
                yield name

    def _surroundings(self, module: Module) -> None:
        """What compiled code may import without showing its name: its package, what it requires."""
        world = self._search.world
        package = module.name.partition(".")[0]
        if package in self._surrounded:
            return
        self._surrounded.add(package)
        detail = "compiled code that does not show the names it imports"
        reason = Reason("extension module", module.path, detail)
        self.reach_pattern(f"{package}.*", reason)
        owner = world.owner.get(module.path)
        for name in owner.requires if owner is not None else ():
            required = world.by_name.get(name)
            if required is not None:
                self._search.keep_all_of(required, reason)

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
        if name and self._search.finder.find(name) is not None:
            self._search.reach(name, reason)

    def named(self, text: str, module: Module, reason: Reason) -> None:
        """A string that configures something: the module it may name, and what goes with it."""
        name = absolute(text, module.name, module.package) if text.startswith(".") else text
        search = self._search
        if search.reach_named(name, reason):
            found = search.finder.find(name)
            if found is not None and found.search:
                self._convention(name)
            elif name.count(".") >= 2:
                self._convention(name.rsplit(".", 2)[0])

    def _convention(self, package: str) -> None:
        """Submodules that a framework looks for in `package`, which the application names."""
        if package in self._conventions:
            return
        self._conventions.add(package)
        for file in self._search.rules.files:
            for convention in file.convention:
                for submodule in convention.submodules:
                    because = self._search.modules.get(package, "")
                    reason = Reason(file.name(), because, convention.why)
                    self.reach_pattern(f"{package}.{submodule}", reason)

    def follow_strings_of(self, name: str, reason: Reason) -> None:
        """Treat the string literals of module `name` as if they were the application's."""
        search = self._search
        module = search.finder.find(name)
        node = search.world.tree.resolve(module.path) if module and module.path else None
        if module is not None and node is not None and node.blob is not None:
            for text in search.analyses.of(node, strings=True).strings:
                self.named(text, module, reason)

    def reach_pattern(self, pattern: str, reason: Reason) -> bool:
        """Reach every module that `pattern` stands for; whether there is one."""
        search = self._search
        if "*" not in pattern:
            return search.finder.find(pattern) is not None and search.reach(pattern, reason)
        found = False
        for name in self._candidates(pattern):
            module = search.finder.find(name)
            if module is not None and matches(pattern, name) and not _tests(module):
                found = search.reach(name, reason) or found
        return found

    def _candidates(self, pattern: str) -> Iterator[str]:
        """Names of modules that `pattern` may stand for."""
        finder = self._search.finder
        package = literal_package(pattern)
        if package:
            found = finder.find(package)
            if found is not None and found.search:
                yield from finder.all_below(found)
            return
        for name in finder.names_in(finder.search):
            yield name
            found = finder.find(name)
            if found is not None and found.search and "." in pattern:
                yield from finder.all_below(found)

    # --- dynamic imports -------------------------------------------------------------------

    def _dynamic(self, module: Module, source: PythonSource, reference: Reference) -> None:
        search = self._search
        found = search.rules.resolving(module.name, reference.scope)
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
        elif self._search.reach_named(name, reason) and function == "run_module":
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
            self.resolved.add((place, f"{found[0].name()}: {found[1].why}"))
        elif reference.scope.partition(".")[0] == "__getattr__":
            self._strings_of_file(module, source, Reason(_LAZY, module.path, str(place)))
            self.resolved.add((place, f"{_LAZY}: the names are among the file's strings"))
        elif not self.everything and not self._known(place):
            self.unresolved.add(place)

    def _known(self, place: Dynamic) -> bool:
        """Whether `place` is listed already: a script is also a module by its own name."""
        return any((one.path, one.line) == (place.path, place.line) for one in self.unresolved)

    def _resolve(
        self, module: Module, source: PythonSource, found: tuple[RuleFile, Resolve]
    ) -> None:
        file, rule = found
        self._search.named_rules.add(file.name())
        reason = Reason(file.name(), module.path, rule.why)
        for pattern in rule.modules:
            self.reach_pattern(pattern, reason)
        if Source.STRINGS in rule.sources:
            self._strings_of_file(module, source, reason)

    def _strings_of_file(self, module: Module, source: PythonSource, reason: Reason) -> None:
        search = self._search
        for text in source.strings:
            relative = f"{module.package}.{text.lstrip('.')}" if module.package else text
            if search.finder.find(relative) is not None:
                search.reach(relative, reason)
            elif not text.startswith(".") and search.finder.find(text) is not None:
                search.reach(text, reason)

    # --- metadata --------------------------------------------------------------------------

    def _groups(self, module: Module, reference: Reference) -> None:
        patterns = [p for p in reference.patterns if p != "**"] or ["*"]
        for distribution in self._search.world.distributions:
            for group, entries in distribution.groups.items():
                if any(self._asks(pattern, group) for pattern in patterns):
                    for name, target in entries:
                        detail = f"line {reference.line} looks for the entry point {group}: {name}"
                        reason = Reason("entry point", module.path, detail)
                        self._search.reach(target.partition(":")[0].strip(), reason)

    def _asks(self, pattern: str, group: str) -> bool:
        if not is_definite(pattern):
            return group not in _SCRIPTS
        return matches(pattern, group)

    def _metadata(self, module: Module, reference: Reference) -> None:
        for pattern in reference.patterns:
            name = absolute(pattern, module.name, module.package)
            distribution = self._search.world.by_name.get(normal_name(name))
            if distribution is not None:
                detail = f"line {reference.line} asks for the metadata of {distribution.name}"
                self._search.use(distribution, Reason("metadata", module.path, detail))

    def _data(self, module: Module, reference: Reference) -> None:
        for pattern in reference.patterns:
            name = absolute(pattern, module.name, module.package)
            if name and "*" not in name and self._search.finder.find(name) is not None:
                detail = f"line {reference.line} opens data of {name}"
                self._search.reach(name, Reason("package data", module.path, detail))


def _tests(module: Module) -> bool:
    """Whether `module` is part of a test-suite; a namespace package is by its directories."""
    return is_test(module.path or f"{module.search[0]}/")
