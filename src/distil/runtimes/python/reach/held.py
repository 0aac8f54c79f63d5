"""Imports that a rule holds back until something asks for them (``[[lazy]]`` in the rules)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

import msgspec

from distil.runtimes.python.formats.source import Import, PythonSource
from distil.runtimes.python.reach.modules import Finder, Module
from distil.runtimes.python.reach.patterns import absolute, matches
from distil.runtimes.python.reach.rules import Lazy, RuleFile, RuleSet


class HeldImports(msgspec.Struct):
    """The statements that are held back so far, and what reached code mentions.

    `used` are the names of the rule files that held something back.
    """

    rules: RuleSet
    finder: Finder
    asleep: list[tuple[Module, Import, Lazy]] = []
    mentioned: dict[str, set[str]] = {}
    used: set[str] = set()

    def copy(self, finder: Finder) -> HeldImports:
        """The same, to go on with by itself; `finder` looks modules up."""
        mentioned = {word: set(names) for word, names in self.mentioned.items()}
        return HeldImports(self.rules, finder, list(self.asleep), mentioned, set(self.used))

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        """Path and line of each statement that nothing has asked for."""
        return frozenset((module.path, statement.line) for module, statement, _ in self.asleep)

    def mention(self, module: Module, words: Iterable[str]) -> None:
        """Remember which watched texts stand in the file of `module`."""
        for word in words:
            self.mentioned.setdefault(word, set()).add(module.name)

    def mention_names(self, module: Module, compiled: PythonSource) -> None:
        """The same for the names that stand in compiled code."""
        names = set(compiled.strings)
        self.mention(module, (word for word in self.rules.words if word.lstrip(".") in names))

    def hold(self, module: Module, statement: Import) -> bool:
        """Whether a rule says that `statement` does not run by itself; it is then held back."""
        found = self._holding(module, statement)
        if found is None:
            return False
        file, rule = found
        self.used.add(file.name())
        self.asleep.append((module, statement, rule))
        return True

    def holds(self, module: Module, statement: Import) -> bool:
        """Whether a rule says that `statement` does not run by itself; it is not remembered."""
        return self._holding(module, statement) is not None

    def _holding(self, module: Module, statement: Import) -> tuple[RuleFile, Lazy] | None:
        lazies = self.rules.lazies(module.name)
        if not lazies:
            return None
        name = absolute(statement.module, module.name, module.package)
        names = {name, *(f"{name}.{asked}" for asked in statement.names)}
        for file, rule in lazies:
            if not matches(rule.scope, statement.scope):
                continue
            if not any(matches(pattern, one) for pattern in rule.imports for one in names):
                continue
            if rule.instead and not any(map(self.finder.find, rule.instead)):
                continue
            return file, rule
        return None

    def awake(self, reached: Container[str]) -> Iterator[tuple[Module, Import]]:
        """The statements that something among the `reached` modules asks for by now, once."""
        asleep, self.asleep = self.asleep, []
        for module, statement, rule in asleep:
            if self._is_wanted(rule, reached):
                yield module, statement
            else:
                self.asleep.append((module, statement, rule))

    def _is_wanted(self, rule: Lazy, reached: Container[str]) -> bool:
        if any(need in reached for need in rule.needs):
            return True
        silent = {rule.module, *rule.except_in}
        return any(self.mentioned.get(word, set()) - silent for word in rule.mentions)
