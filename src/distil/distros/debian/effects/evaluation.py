"""Following a maintainer script through its branches, without running anything.

Every question is answered for a first installation with all packages unpacked. A branch that
depends on something unknown is followed too, but what it would change is reported, not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from distil.distros.debian.effects.expansion import Input, State
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import STEP, Leave, Refused, Status, Text, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.distros.debian.effects.streams import joined
from distil.distros.debian.formats.shell_syntax import (
    AndOr,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Pipeline,
    Statement,
    While,
    Word,
)

MAX_DEPTH: Final = 60
"""Statements inside each other, through functions and everything else that is followed."""


class Evaluation(Shell):
    """One script of one package on `machine`."""

    def __init__(
        self, machine: Machine, package: str, commands: Mapping[str, Handler], state: State
    ) -> None:
        super().__init__(machine, package, commands, state)
        self._depth = 0

    def whole(self, script: bytes) -> None:
        """Follow a script from its beginning to its end, and what it does at the end.

        Raises `MalformedScript`, `Exhausted`.
        """
        status = self._ended(self.parsed(script))
        if self.at_end is None:
            self.report("does something at its end that is computed")
        elif self.at_end:
            self._ended(self.parsed(self.at_end))
        if status is False:
            self.report("stops with an error")

    def _ended(self, body: tuple[Statement, ...]) -> Status:
        try:
            return self.run(body)
        except Leave as leave:
            return leave.status

    # --- statements ------------------------------------------------------------------------

    def run(self, body: Iterable[Statement]) -> Status:
        """Run statements one after the other."""
        status: Status = True
        for statement in body:
            status = self.step(statement)
        return status

    def step(self, statement: Statement) -> Status:
        """Run one statement; with ``set -e``, leave when it fails and nothing tests it.

        Once something was reported, what fails may do so for want of it, and nothing is left.
        """
        self.machine.budget.spend(STEP)
        if self._depth >= MAX_DEPTH:
            self.report("nests too deeply")
            raise Leave("exit", None)
        self._depth += 1
        try:
            self.machine.directory = self.state.directory
            status: Status = _STEPS[type(statement)](self, statement)
        except (Unclear, Refused):
            status = self.report("does something that is not understood")
        finally:
            self._depth -= 1
        failure = self.failure if isinstance(statement, Command) else self.state.code
        self.state.code = self.exit_code(status, failure)
        refused, self.refused = self.refused, False
        if (
            status is False
            and "e" in self.state.options
            and not self.tested
            and not self.unhandled
            and (refused or _ends(statement))
        ):
            raise Leave("exit", self.state.code)
        return status

    def _testing(self, body: tuple[Statement, ...]) -> Status:
        """Run statements whose failure is a condition."""
        self.tested += 1
        try:
            return self.run(body)
        finally:
            self.tested -= 1

    def _command(self, command: Command) -> Status:
        words = [text for word in command.words for text in self.words_of(word)]
        if words[:1] in (["export"], ["local"], ["readonly"]):
            words = self._declared(command.words, words)
        self.failure = "1"
        if not words:
            return self.redirected(command.redirects, lambda: self._assignments(command))
        if words == ["exec"] and any(one.operator != ">&" for one in command.redirects):
            return self.report("redirects all that follows")
        known = self.state.variables
        saved = {name: (name in known, known.get(name)) for name, _ in command.assignments}
        for name, value in command.assignments:
            self.assign(name, self.text_of(value))
        try:
            return self.redirected(command.redirects, lambda: self.call(words))
        finally:
            for name, before in saved.items():
                self.restore(name, before)

    def _assignments(self, command: Command) -> Status:
        """Without a command, the status is that of the last command substitution."""
        self.substituted = "0"
        for name, value in command.assignments:
            self.assign(name, self.text_of(value))
        self.failure = self.substituted
        return None if self.failure is None else self.failure == "0"

    def _declared(self, words: tuple[Word, ...], expanded: list[Text]) -> list[Text]:
        """Of a value that is not known, at least the name that it is for."""
        if None not in expanded or len(words) != len(expanded):
            return expanded
        firsts = [word[0].text if isinstance(word[0], Literal) else "" for word in words]
        for first, text in zip(firsts, expanded, strict=True):
            if text is None and "=" in first:
                name = first.partition("=")[0]
                if expanded[0] == "local":
                    self.make_local(name)
                self.assign(name, None)
        pairs = zip(firsts, expanded, strict=True)
        return [text for first, text in pairs if text is not None or "=" not in first]

    def _pipeline(self, pipeline: Pipeline) -> Status:
        if pipeline.negated:
            rest = (Pipeline(pipeline.commands, negated=False),)
            status = self._testing(rest if len(pipeline.commands) > 1 else pipeline.commands)
            return None if status is None else not status
        outer, status = self.state.input, True
        for number, command in enumerate(pipeline.commands):
            with self.capture() as printed:
                status = self.subshell(partial(self.step, command))
            self.state.code = self.left
            if number < len(pipeline.commands) - 1:
                self.state.input = Input(joined(printed))
            else:
                self.printed += printed
        self.state.input = outer
        return status

    def _and_or(self, statement: AndOr) -> Status:
        parts = [("", statement.first), *statement.rest]
        status: Status = True
        for number, (operator, part) in enumerate(parts):
            last = number == len(parts) - 1
            if number and status is None:
                if last:
                    self.perhaps((part,))
                else:
                    self.perhaps((part,), tested=True)
            elif not number or status is (operator == "&&"):
                status = self.step(part) if last else self._testing((part,))
        return status

    def _if(self, statement: If) -> Status:
        for number, (condition, body) in enumerate(statement.branches):
            known = self._testing(condition)
            if known is True:
                return self.run(body)
            if known is None:
                self.perhaps(body)
                later = statement.branches[number + 1 :]
                if later:
                    self.perhaps((If(later, statement.otherwise),))
                else:
                    self.perhaps(statement.otherwise)
                return None
        return self.run(statement.otherwise)

    def _while(self, statement: While) -> Status:
        def turns() -> Iterator[Status]:
            while (known := self._testing(statement.condition)) is not statement.until:
                yield known
                if known is None:
                    return

        return self._loop(turns(), statement.body)

    def _for(self, statement: For) -> Status:
        if statement.words is None:
            words = list(self.state.arguments)
        else:
            words = [text for word in statement.words for text in self.words_of(word)]

        def turns() -> Iterator[Status]:
            for word in words:
                self.assign(statement.name, word)
                yield None if word is None else True

        return self._loop(turns(), statement.body)

    def _loop(self, turns: Iterator[Status], body: tuple[Statement, ...]) -> Status:
        """Run `body` for each of `turns`; None: as often as nobody knows."""
        status: Status = True
        code: Text = "0"
        doubts = self.doubts & {"break", "continue"}
        for known in turns:
            self.machine.budget.spend(STEP)
            if known is None:
                # The second time, whatever a turn changes is unknown.
                self.perhaps(body, times=2)
                status = None
                continue
            going, status = self._turn(body)
            code = self.state.code
            if not going:
                break
        self.state.code = code
        self.doubts = self.doubts - {"break", "continue"} | doubts
        return status

    def _turn(self, body: tuple[Statement, ...]) -> tuple[bool, Status]:
        """One turn of a loop: whether there may be another, and its status."""
        self.loops += 1
        try:
            return True, self.run(body)
        except Leave as leave:
            if leave.word not in ("break", "continue"):
                raise
            if leave.count > 1 and self.loops > 1:
                raise Leave(leave.word, leave.code, leave.count - 1) from None
            return leave.word == "continue", True
        finally:
            self.loops -= 1

    def _case(self, statement: Case) -> Status:
        subject = self.text_of(statement.subject)
        possible = False
        for item in statement.items:
            found = self._matches(item.patterns, subject)
            if found is None or (found and possible):
                self.perhaps(item.body)
                possible = True
            if found is True:
                return None if possible else self.run(item.body)
        return None if possible else True

    def _matches(self, words: Iterable[Word], subject: Text) -> Status:
        answer: Status = False
        for word in words:
            pattern = self.pattern_of(word)
            if pattern is not None and pattern.everything:
                return True
            if pattern is None or subject is None:
                answer = None
                continue
            self.machine.budget.spend(pattern.work(subject))
            if pattern.matches(subject):
                return True
        return answer

    def _group(self, group: Group) -> Status:
        def inner() -> Status:
            return self.run(group.body)

        def aside() -> Status:
            status = self.subshell(inner)
            self.state.code = self.left
            return status

        return self.redirected(group.redirects, aside if group.subshell else inner)

    def _function(self, function: Function) -> Status:
        self.state.functions[function.name] = function.body
        return True

    # --- uncertainty and redirections ------------------------------------------------------

    def perhaps(self, body: tuple[Statement, ...], *, times: int = 1, tested: bool = False) -> None:
        """Follow what may or may not run: nothing is done, what it changes becomes unknown."""
        if not body:
            return
        for _ in range(times):
            before = self.state.copy()
            held = before.input.text
            self.machine.budget.spend(len(before.variables))
            self.uncertain += 1
            self.tested += tested
            try:
                with self.capture() as printed:
                    self.run(body)
            except Leave as leave:
                # What follows may then not be reached. A script that fails is not our case.
                if leave.word != "exit" or leave.status is not False:
                    self.doubts.add(leave.word)
            finally:
                self.uncertain -= 1
                self.tested -= tested
            if printed:
                self.print(None)
            self._blur(before, held)

    def _blur(self, before: State, held: Text) -> None:
        """Make unknown what is not as it was."""
        state = self.state
        for name in {*before.variables, *state.variables}:
            if before.variables.get(name, "") != state.variables.get(name, ""):
                state.variables[name] = None
        if before.arguments != state.arguments:
            state.arguments = [None] * max(len(before.arguments), len(state.arguments))
        if before.directory != state.directory:
            state.directory = None
        if before.mask != state.mask:
            state.mask = None
        if state.input.text != held:
            state.input.text = None
        state.options = before.options


def _ends(statement: Statement) -> bool:
    """Whether the shell ends with ``set -e`` where this fails."""
    if isinstance(statement, Pipeline):
        return not statement.negated
    return isinstance(statement, Command) or (isinstance(statement, Group) and statement.subshell)


_STEPS: Final[dict[type, Callable[..., Status]]] = {
    Command: Evaluation._command,
    Pipeline: Evaluation._pipeline,
    AndOr: Evaluation._and_or,
    If: Evaluation._if,
    While: Evaluation._while,
    For: Evaluation._for,
    Case: Evaluation._case,
    Group: Evaluation._group,
    Function: Evaluation._function,
}
