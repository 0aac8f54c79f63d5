"""Following a maintainer script through its branches, without running anything.

Every question is answered for a first installation with all packages unpacked. A branch that
depends on something unknown is followed too, but what it would change is reported, not done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from distil.distros.debian.effects.expansion import Text, matches, text_of, words_of
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import DONE, UNKNOWN, Leave, Result
from distil.distros.debian.formats.shell import parse_script
from distil.distros.debian.formats.shell_syntax import (
    AndOr,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Statement,
    While,
)
from distil.errors import MalformedScript

SHELL: Final = re.compile(rb"#! ?(?:/usr)?/bin/(?:sh|bash|dash)\b")
"""How a script begins that can be followed."""

MAX_STEPS: Final = 10_000
"""Commands followed in one script; the longest real ones need a few hundred."""

_MAX_DEPTH: Final = 40
_IGNORED_TARGETS: Final = ("/dev/", "/tmp/", "/run/", "/var/log/", "/proc/")  # noqa: S108

Handler = Callable[["Evaluation", list[Text]], Result]
"""What a command does, given its arguments."""


class Evaluation:
    """One script of one package on `machine`."""

    def __init__(self, machine: Machine, package: str, commands: Mapping[str, Handler]) -> None:
        self.machine = machine
        self.package = package
        self.commands = commands
        self.answers: Mapping[str, str] = {}
        self.arguments: list[Text] = []
        self.input: Text = ""
        self.unhandled: list[str] = []
        self.functions: dict[str, Statement] = {}
        self._variables: dict[str, Text] = {}
        self._uncertain = 0
        self._doubts = 0
        self._steps = 0
        self._depth = 0
        self._last: bool | None = True

    # --- what handlers use -----------------------------------------------------------------

    def variable(self, name: str) -> Text:
        if name.isdigit() and name != "0":
            number = int(name)
            return self.arguments[number - 1] if number <= len(self.arguments) else ""
        if name == "#":
            return str(len(self.arguments))
        if name == "?":
            return {True: "0", False: "1", None: None}[self._last]
        if name in "$!-":
            return None
        return self._variables.get(name, "")

    def assign(self, name: str, value: Text) -> None:
        self._variables[name] = value

    def report(self, what: str) -> Result:
        """Something that cannot be done or understood."""
        if what not in self.unhandled:
            self.unhandled.append(what)
        return UNKNOWN

    def change(self, what: str, action: Callable[[], object]) -> Result:
        """Do something to the machine, or report it when it is not certain to happen."""
        if self._uncertain or self._doubts:
            return self.report(f"may {what}")
        action()
        return DONE

    def output_of(self, body: tuple[Statement, ...]) -> Text:
        """What commands print, in a subshell of their own."""
        saved = dict(self._variables)
        try:
            output = self.run(body).output
        except Leave as leave:
            output = leave.output
        self._variables = saved
        return None if output is None else output.rstrip("\n")

    def call(self, words: list[Text]) -> Result:
        """Run a function, or a command by its handler."""
        name = words[0]
        if name is None:
            return self.report("runs a command whose name is computed")
        if name in self.functions:
            return self._call_function(name, words[1:])
        handler = self.commands.get(name.rsplit("/", 1)[-1])
        if handler is None:
            followed = self._follow_program(name, words[1:])
            if followed is not None:
                return followed
            shown = " ".join("…" if word is None else word for word in words)
            return self.report(f"runs {shown[:120]}")
        return handler(self, words[1:])

    def _follow_program(self, name: str, arguments: list[Text]) -> Result | None:
        """Follow a program that is a shell script of a package itself; None: it is not."""
        path = self.machine.executable(name)
        data = self.machine.contents(path) if path else None
        if data is None or not SHELL.match(data) or self._depth >= _MAX_DEPTH:
            return None
        try:
            body = parse_script(data.decode("utf-8", "surrogateescape"))
        except MalformedScript:
            return None
        outer = (self.arguments, self._variables, self.functions)
        self.arguments, self._variables = arguments, {**self._variables, "0": path}
        self.functions = {}
        self._depth += 1
        try:
            return self.run(body)
        except Leave as leave:
            return Result(leave.status, leave.output)
        finally:
            self._depth -= 1
            self.arguments, self._variables, self.functions = outer

    # --- statements ------------------------------------------------------------------------

    def run(self, body: Iterable[Statement]) -> Result:
        """Run statements one after the other; their output is joined."""
        result = DONE
        outputs: list[Text] = []
        for statement in body:
            try:
                result = self.step(statement)
            except Leave as leave:
                leave.output = _joined([*outputs, leave.output])
                raise
            outputs.append(result.output)
        return Result(result.status, _joined(outputs))

    def step(self, statement: Statement) -> Result:
        """Run one statement."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            self.report("does not come to an end")
            raise Leave("exit", None)
        result: Result = _STEPS[type(statement)](self, statement)
        self._last = result.status
        return result

    def _command(self, command: Command) -> Result:
        words = [text for word in command.words for text in words_of(word, self)]
        if not words:
            for name, value in command.assignments:
                self.assign(name, text_of(value, self))
            result = DONE
        else:
            with self._redirected_input(command.redirects):
                saved = dict(self._variables)
                for name, value in command.assignments:
                    self.assign(name, text_of(value, self))
                result = self.call(words)
                for name, _ in command.assignments:
                    self.assign(name, saved.get(name, ""))
        return self._redirected_output(command.redirects, result)

    def _pipeline(self, pipeline: Pipeline) -> Result:
        saved = self.input
        result = DONE
        for number, command in enumerate(pipeline.commands):
            if number:
                self.input = result.output
            try:
                result = self.step(command)
            except Leave as leave:
                if len(pipeline.commands) == 1:
                    raise
                result = Result(leave.status, leave.output)
        self.input = saved
        if not pipeline.negated:
            return result
        return Result(None if result.status is None else not result.status, result.output)

    def _and_or(self, statement: AndOr) -> Result:
        result = self.step(statement.first)
        outputs = [result.output]
        for operator, following in statement.rest:
            if result.status is None:
                more = self.perhaps((following,))
                outputs.append(more.output)
                result = UNKNOWN
            elif result.status is (operator == "&&"):
                result = self.step(following)
                outputs.append(result.output)
        return Result(result.status, _joined(outputs))

    def _if(self, statement: If) -> Result:
        outputs: list[Text] = []
        for condition, body in statement.branches:
            known = self.run(condition)
            outputs.append(known.output)
            if known.status is True:
                result = self.run(body)
                return Result(result.status, _joined([*outputs, result.output]))
            if known.status is None:
                self.perhaps(body)
                self._rest_of_if(statement, condition)
                return UNKNOWN
        result = self.run(statement.otherwise)
        return Result(result.status, _joined([*outputs, result.output]))

    def _rest_of_if(self, statement: If, reached: tuple[Statement, ...]) -> None:
        """Follow the branches behind one whose condition is unknown."""
        conditions = [condition for condition, _ in statement.branches]
        later = statement.branches[conditions.index(reached) + 1 :]
        if later or statement.otherwise:
            rest = If(later, statement.otherwise) if later else Group(statement.otherwise, ())
            self.perhaps((rest,))

    def _while(self, statement: While) -> Result:
        outputs: list[Text] = []
        while True:
            condition = self.run(statement.condition)
            status = condition.status
            if status is None:
                self.perhaps(statement.body)
                return UNKNOWN
            if status is statement.until:
                return Result(status=True, output=_joined(outputs))
            if not self._turn(statement.body, outputs):
                return Result(status=True, output=_joined(outputs))

    def _for(self, statement: For) -> Result:
        if statement.words is None:
            words = list(self.arguments)
        else:
            words = [text for word in statement.words for text in words_of(word, self)]
        outputs: list[Text] = []
        for word in words:
            self.assign(statement.name, word)
            if word is None:
                self.perhaps(statement.body)
                outputs.append(None)
            elif not self._turn(statement.body, outputs):
                break
        return Result(status=True, output=_joined(outputs))

    def _turn(self, body: tuple[Statement, ...], outputs: list[Text]) -> bool:
        """One turn of a loop; whether there may be another."""
        try:
            outputs.append(self.run(body).output)
        except Leave as leave:
            outputs.append(leave.output)
            if leave.word == "break":
                return False
            if leave.word != "continue":
                raise
        return True

    def _case(self, statement: Case) -> Result:
        subject = text_of(statement.subject, self)
        for item in statement.items:
            found = [None if subject is None else matches(p, subject, self) for p in item.patterns]
            if True in found:
                return self.run(item.body)
            if None in found:
                self.perhaps(item.body)
        return DONE if subject is not None else UNKNOWN

    def _group(self, group: Group) -> Result:
        with self._redirected_input(group.redirects):
            if not group.subshell:
                result = self.run(group.body)
            else:
                saved = dict(self._variables)
                try:
                    result = self.run(group.body)
                except Leave as leave:
                    result = Result(leave.status, leave.output)
                self._variables = saved
        return self._redirected_output(group.redirects, result)

    def _function(self, function: Function) -> Result:
        self.functions[function.name] = function.body
        return DONE

    def _call_function(self, name: str, arguments: list[Text]) -> Result:
        if self._depth >= _MAX_DEPTH:
            return self.report("calls itself without end")
        saved, self.arguments = self.arguments, arguments
        doubts = self._doubts
        self._depth += 1
        try:
            return self.step(self.functions[name])
        except Leave as leave:
            if leave.word != "return":
                raise
            return Result(leave.status, leave.output)
        finally:
            self._depth -= 1
            self._doubts = doubts
            self.arguments = saved

    # --- uncertainty and redirections ------------------------------------------------------

    def perhaps(self, body: tuple[Statement, ...]) -> Result:
        """Follow what may or may not run: nothing is done, changed variables become unknown."""
        before = dict(self._variables)
        self._uncertain += 1
        try:
            self.run(body)
        except Leave as leave:
            # What follows may then not be reached. A script that fails is not our case, though.
            if leave.word != "exit" or leave.status is not False:
                self._doubts += 1
        finally:
            self._uncertain -= 1
        for name in {*before, *self._variables}:
            if before.get(name, "") != self._variables.get(name, ""):
                self._variables[name] = None
        return UNKNOWN

    @contextmanager
    def _redirected_input(self, redirects: tuple[Redirect, ...]) -> Iterator[None]:
        inputs = [redirect for redirect in redirects if redirect.operator in ("<", "<<", "<<-")]
        if not inputs:
            yield  # What `read` takes from a pipe stays taken.
            return
        saved = self.input
        for redirect in inputs:
            if redirect.operator.startswith("<<"):
                self.input = text_of(redirect.target, self)
            else:
                path = text_of(redirect.target, self)
                data = None if path is None else self.machine.contents(path)
                self.input = None if data is None else data.decode("utf-8", "surrogateescape")
        try:
            yield
        finally:
            self.input = saved

    def _redirected_output(self, redirects: tuple[Redirect, ...], result: Result) -> Result:
        for redirect in redirects:
            if redirect.operator not in (">", ">>", ">|", ">&") or redirect.number == "2":
                continue
            self._write(redirect, result.output)
            result = Result(result.status)
        return result

    def _write(self, redirect: Redirect, output: Text) -> None:
        path = text_of(redirect.target, self)
        if redirect.operator == ">&" or (path and path.startswith(_IGNORED_TARGETS)):
            return
        if path is None or output is None:
            self.report(f"writes {path or 'a file whose name is computed'}")
            return
        data = output.encode("utf-8", "surrogateescape")
        if redirect.operator == ">>":
            data = (self.machine.contents(path) or b"") + data
        self.change(f"write {path}", lambda: self.machine.write(path, data, self.package))


def _joined(outputs: Iterable[Text]) -> Text:
    known = []
    for output in outputs:
        if output is None:
            return None
        known.append(output)
    return "".join(known)


_STEPS: Final[dict[type, Callable[..., Result]]] = {
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
