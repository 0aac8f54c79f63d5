"""Imports that a rule holds back until something asks for them (``[[lazy]]`` in the rules)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from distil.runtimes.python.formats.source import Import, PythonSource
from distil.runtimes.python.reach.modules import Finder, Module
from distil.runtimes.python.reach.patterns import absolute, matches
from distil.runtimes.python.reach.rules import Lazy, RuleFile, RuleSet


class HeldImports:
    """The statements that are held back so far, and what reached code mentions."""

    def __init__(self, rules: RuleSet, finder: Finder) -> None:
        self._rules = rules
        self._finder = finder
        self._asleep: list[tuple[Module, Import, Lazy]] = []
        self._mentioned: dict[str, set[str]] = {}
        self.rules: set[str] = set()
        """The names of the rule files that held something back."""

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        """Path and line of each statement that nothing has asked for."""
        return frozenset((module.path, statement.line) for module, statement, _ in self._asleep)

    def mention(self, module: Module, words: Iterable[str]) -> None:
        """Remember which watched texts stand in the file of `module`."""
        for word in words:
            self._mentioned.setdefault(word, set()).add(module.name)

    def mention_names(self, module: Module, compiled: PythonSource) -> None:
        """The same for the names that stand in compiled code."""
        names = set(compiled.strings)
        self.mention(module, (word for word in self._rules.words if word.lstrip(".") in names))

    def hold(self, module: Module, statement: Import) -> bool:
        """Whether a rule says that `statement` does not run by itself; it is then held back."""
        found = self._holding(module, statement)
        if found is None:
            return False
        file, rule = found
        self.rules.add(file.name())
        self._asleep.append((module, statement, rule))
        return True

    def holds(self, module: Module, statement: Import) -> bool:
        """Whether a rule says that `statement` does not run by itself; it is not remembered."""
        return self._holding(module, statement) is not None

    def _holding(self, module: Module, statement: Import) -> tuple[RuleFile, Lazy] | None:
        lazies = self._rules.lazies(module.name)
        if not lazies:
            return None
        name = absolute(statement.module, module.name, module.package)
        names = {name, *(f"{name}.{asked}" for asked in statement.names)}
        for file, rule in lazies:
            if not matches(rule.scope, statement.scope):
                continue
            if not any(matches(pattern, one) for pattern in rule.imports for one in names):
                continue
            if rule.instead and not any(map(self._finder.find, rule.instead)):
                continue
            return file, rule
        return None

    def awake(self, reached: Container[str]) -> Iterator[tuple[Module, Import]]:
        """The statements that something among the `reached` modules asks for by now, once."""
        asleep, self._asleep = self._asleep, []
        for module, statement, rule in asleep:
            if self._is_wanted(rule, reached):
                yield module, statement
            else:
                self._asleep.append((module, statement, rule))

    def _is_wanted(self, rule: Lazy, reached: Container[str]) -> bool:
        if any(need in reached for need in rule.needs):
            return True
        silent = {rule.module, *rule.except_in}
        return any(self._mentioned.get(word, set()) - silent for word in rule.mentions)
