"""Following a maintainer script through its branches, without running anything.

Every question is answered for a first installation with all packages unpacked. A branch that
depends on something unknown is followed too, but what it would change is reported, not done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

from distil.errors import MalformedScript
from distil.formats.shell import parse_script
from distil.formats.shell_syntax import (
    AndOr,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Pipeline,
    Redirect,
    Statement,
    While,
    Word,
)
from distil.model.node import Kind
from distil.packages.effects.expansion import Input, State, Words
from distil.packages.effects.machine import Machine
from distil.packages.effects.outcome import STEP, Leave, Refused, Status, Text, Unclear

SHELL: Final = re.compile(rb"#! ?(?:/usr)?/bin/(?:sh|bash|dash)\b")
"""How a script begins that can be followed."""

MAX_DEPTH: Final = 60
"""Statements inside each other, through functions and everything else that is followed."""

_IGNORED_TARGETS: Final = ("/dev/", "/proc/", "/sys/")
_EMPTY_AT_FIRST: Final = ("/tmp/", "/run/", "/var/run/", "/var/log/")  # noqa: S108
"""Where files are begun, and what is written to them is no part of an image."""

_SHOWN: Final = 120
MAX_REPORTED: Final = 20
"""What is reported of one script at most."""

Handler = Callable[["Evaluation", list[Text]], Status]
"""What a command does, given its arguments."""


class Evaluation(Words):
    """One script of one package on `machine`."""

    def __init__(
        self, machine: Machine, package: str, commands: Mapping[str, Handler], state: State
    ) -> None:
        super().__init__(machine, state)
        self.package = package
        self.commands = commands
        self.answers: dict[str, Text] = {}
        self.unhandled: dict[str, None] = {}
        self.at_end: Text = ""
        self._printed: list[Text] = []
        self._locals: list[dict[str, tuple[bool, Text]]] = []
        self._uncertain = 0
        self._doubts: set[str] = set()
        self._tested = 0
        self._depth = 0
        self.failure: Text = "1"
        """The exit code of the command that fails now."""
        self._substituted: Text = "0"
        self._left: Text = "0"
        self._refused = False
        self._begun_anew: set[str] = set()
        self.loops = 0

    # --- what handlers use -----------------------------------------------------------------

    def print(self, text: Text) -> None:
        """Print to wherever standard output goes; None: something that is not known."""
        self.machine.budget.spend(len(text or ""))
        self._printed.append(text)

    def report(self, what: str) -> Status:
        """Something that cannot be done or understood."""
        what = what[:_SHOWN]
        if what not in self.unhandled:
            self.unhandled["does more that is not followed" if self._full() else what] = None
        return None

    def _full(self) -> bool:
        return len(self.unhandled) >= MAX_REPORTED

    def change(self, what: str, action: Callable[[], object]) -> Status:
        """Do something to the machine, or report it when it is not certain to happen."""
        if self._uncertain or self._doubts:
            return self.report(f"may {what}")
        action()
        return True

    def make_local(self, name: str) -> None:
        """Give the function that runs a variable of its own."""
        if not self._locals:
            raise Leave("exit", "2")
        known = self.state.variables
        self._locals[-1].setdefault(name, (name in known, known.get(name)))

    def output_of(self, body: tuple[Statement, ...]) -> Text:
        """What commands print, in a subshell of their own; line ends at the end removed."""
        tested, self._tested = self._tested, 0
        with self._capture() as printed:
            status = self._subshell(lambda: self.run(body))
        self._tested, self._substituted = tested, self._code(status, self._left)
        output = _joined(printed)
        return None if output is None else output.rstrip("\n")

    def go_to(self, directory: Text) -> None:
        """Make `directory` the current one; None: some other that is not known."""
        self.state.directory = self.machine.directory = directory
        self.assign("PWD", directory)

    def call(self, words: list[Text], *, functions: bool = True) -> Status:
        """Run a function, or a command by its handler."""
        name = words[0]
        if name is None:
            return self.report("runs a command whose name is computed")
        if functions and name in self.state.functions:
            return self._call_function(name, words[1:])
        handler = self.commands.get(name.rsplit("/", 1)[-1])
        try:
            if handler is not None:
                return handler(self, words[1:])
            return self._follow_program(name, words[1:])
        except Refused:
            return False
        except Unclear:
            self.print(None)
            shown = " ".join("…" if word is None else word[:_SHOWN] for word in words)
            return self.report(f"runs {shown}")

    def _follow_program(self, name: str, arguments: list[Text]) -> Status:
        """Follow a program that is a shell script of a package itself."""
        path = self.machine.executable(name)
        node = self.machine.find(path) if path else None
        if node is None or node.blob is None or not SHELL.match(next(node.blob.chunks(), b"")):
            raise Unclear
        try:
            body = self.parsed(self.machine.contents(path) or b"")
        except MalformedScript:
            raise Unclear from None
        outer = self.state
        # Which variables are exported is not kept: a program sees them all.
        self.state = State({**outer.variables, "0": path}, arguments=arguments, input=outer.input)
        self.state.directory, self.state.mask = outer.directory, outer.mask
        tested, self._tested = self._tested, 0
        try:
            return self._subshell(lambda: self.run(body))
        finally:
            self.state, self._tested = outer, tested

    def parsed(self, script: bytes | str) -> tuple[Statement, ...]:
        """The statements of a script. Raises `MalformedScript`."""
        self.machine.budget.spend(len(script))
        text = script if isinstance(script, str) else script.decode("utf-8", "surrogateescape")
        return parse_script(text)

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
        self.state.code = self._code(status, failure)
        refused, self._refused = self._refused, False
        if status is False and "e" in self.state.options and not self._tested:
            if not self.unhandled and (refused or _ends(statement)):
                raise Leave("exit", self.state.code)
        return status

    @staticmethod
    def _code(status: Status, failure: Text) -> Text:
        if status is False:
            return "1" if failure == "0" else failure
        return None if status is None else "0"

    def _testing(self, body: tuple[Statement, ...]) -> Status:
        """Run statements whose failure is a condition."""
        self._tested += 1
        try:
            return self.run(body)
        finally:
            self._tested -= 1

    def _command(self, command: Command) -> Status:
        words = [text for word in command.words for text in self.words_of(word)]
        if words[:1] in (["export"], ["local"], ["readonly"]):
            words = self._declared(command.words, words)
        self.failure = "1"
        if not words:
            return self._redirected(command.redirects, lambda: self._assignments(command))
        if words == ["exec"] and any(one.operator != ">&" for one in command.redirects):
            return self.report("redirects all that follows")
        known = self.state.variables
        saved = {name: (name in known, known.get(name)) for name, _ in command.assignments}
        for name, value in command.assignments:
            self.assign(name, self.text_of(value))
        try:
            return self._redirected(command.redirects, lambda: self.call(words))
        finally:
            for name, before in saved.items():
                self._restore(name, *before)

    def _assignments(self, command: Command) -> Status:
        """Without a command, the status is that of the last command substitution."""
        self._substituted = "0"
        for name, value in command.assignments:
            self.assign(name, self.text_of(value))
        self.failure = self._substituted
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
            with self._capture() as printed:
                status = self._subshell(partial(self.step, command))
            self.state.code = self._left
            if number < len(pipeline.commands) - 1:
                self.state.input = Input(_joined(printed))
            else:
                self._printed += printed
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
        doubts = self._doubts & {"break", "continue"}
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
        self._doubts = self._doubts - {"break", "continue"} | doubts
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
            status = self._subshell(inner)
            self.state.code = self._left
            return status

        return self._redirected(group.redirects, aside if group.subshell else inner)

    def _function(self, function: Function) -> Status:
        self.state.functions[function.name] = function.body
        return True

    def _call_function(self, name: str, arguments: list[Text]) -> Status:
        saved, self.state.arguments = self.state.arguments, arguments
        doubts = self._doubts & {"return"}
        loops, self.loops = self.loops, 0
        self._locals.append({})
        try:
            status = self.step(self.state.functions[name])
            self.failure = self.state.code
            return status
        except Leave as leave:
            if leave.word != "return":
                raise
            self.failure = leave.code
            return leave.status
        finally:
            self._doubts = self._doubts - {"return"} | doubts
            self.loops = loops
            self.state.arguments = saved
            for variable, before in self._locals.pop().items():
                self._restore(variable, *before)

    def _restore(self, name: str, there: bool, value: Text) -> None:
        self.state.variables[name] = value
        if not there:
            del self.state.variables[name]

    def _subshell(self, work: Callable[[], Status]) -> Status:
        """Run in a copy of what the script knows; what it learns is lost."""
        outer, self.state = self.state, self.state.copy()
        self.machine.budget.spend(len(outer.variables))
        doubts = set(self._doubts)
        try:
            status = work()
            self._left = self.state.code
            return status
        except Leave as leave:
            self._left = leave.code
            return leave.status
        finally:
            self.state = outer
            self.machine.directory = outer.directory
            self._doubts = doubts

    # --- uncertainty and redirections ------------------------------------------------------

    def perhaps(self, body: tuple[Statement, ...], *, times: int = 1, tested: bool = False) -> None:
        """Follow what may or may not run: nothing is done, what it changes becomes unknown."""
        if not body:
            return
        for _ in range(times):
            before = self.state.copy()
            held = before.input.text
            self.machine.budget.spend(len(before.variables))
            self._uncertain += 1
            self._tested += tested
            try:
                with self._capture() as printed:
                    self.run(body)
            except Leave as leave:
                # What follows may then not be reached. A script that fails is not our case.
                if leave.word != "exit" or leave.status is not False:
                    self._doubts.add(leave.word)
            finally:
                self._uncertain -= 1
                self._tested -= tested
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

    @contextmanager
    def _capture(self) -> Iterator[list[Text]]:
        """Keep what is printed meanwhile instead of printing it."""
        outer, self._printed = self._printed, []
        try:
            yield self._printed
        finally:
            self._printed = outer

    def _redirected(self, redirects: tuple[Redirect, ...], work: Callable[[], Status]) -> Status:
        """Do `work` with its input and output where `redirects` say."""
        if not redirects:
            return work()
        outer = self.state.input
        target: str | None = ""
        printed: list[Text] = []
        try:
            target = self._redirect(redirects)
            with self._capture() as printed:
                status = work()
        except Refused:
            self.failure = self.state.code = "2"
            self._refused = True
            return False
        except Unclear:
            return self.report("redirects in a way that is computed")
        finally:
            self.state.input = outer
            if target:
                self._write(target, _joined(printed))
            elif target is None:
                self._printed += printed
        if target is None and status is not True and any(r.number == "2" for r in redirects):
            self._printed.append(None)  # Messages may have gone the same way.
        return status

    def _redirect(self, redirects: tuple[Redirect, ...]) -> str | None:
        """Follow `redirects`: the file that output goes to, nothing for nowhere, None: as ever."""
        target: str | None = None
        for redirect in redirects:
            output = redirect.number in ("", "1")
            if redirect.operator in ("<", "<<", "<<-"):
                self.state.input = self._opened(redirect)
            elif redirect.operator == ">&":
                if output:
                    target = None if self.text_of(redirect.target) == "1" else ""
            else:
                begun = self._begun(redirect)
                target = begun if output else target
        return target

    def _opened(self, redirect: Redirect) -> Input:
        path = self.text_of(redirect.target)
        if redirect.operator != "<" or path is None:
            return Input(path)
        node, data = self.machine.find(path), self.machine.contents(path)
        if node is not None and node.kind is Kind.DIRECTORY:
            data = b""  # It can be opened, and not read.
        if data is None and not path.startswith(_IGNORED_TARGETS):
            raise Refused
        return Input(None if data is None else data.decode("utf-8", "surrogateescape"))

    def _begun(self, redirect: Redirect) -> str:
        """Begin a file that output goes to; its path, or nothing when it is not of interest."""
        path = self.text_of(redirect.target)
        if path is None:
            raise Unclear
        if path.startswith(_IGNORED_TARGETS):
            return ""
        path = self.machine.absolute(path)
        if redirect.number not in ("", "1"):
            self.report(f"writes {path}")
        elif redirect.operator != ">>" or self.machine.find(path) is None:
            if self.machine.find(path) is None:
                self._begun_anew.add(path)
            self.change(f"write {path}", lambda: self._put(path, b""))
        return path

    def _write(self, path: str, output: Text) -> None:
        if output is None and path.startswith(_EMPTY_AT_FIRST):
            output = ""
        if output is None:
            self.report(f"writes {path}")
            if path in self._begun_anew and self.machine.find(path) is not None:
                self.machine.remove(path)
            return
        if self.machine.find(path) is None:
            return  # It was removed meanwhile.
        data = output.encode("utf-8", "surrogateescape")
        try:
            before = self.machine.contents(path) or b""
            self.change(f"write {path}", lambda: self._put(path, before + data))
        except (Refused, Unclear):
            self.report(f"writes {path}")

    def _put(self, path: str, data: bytes) -> None:
        self.machine.write(path, data, self.package, self.permitted(0o666))

    def permitted(self, mode: int) -> int:
        """`mode` less what the umask takes away. Raises `Unclear`."""
        if self.state.mask is None:
            raise Unclear
        return mode & ~int(self.state.mask, 8)


def _ends(statement: Statement) -> bool:
    """Whether the shell ends with ``set -e`` where this fails."""
    if isinstance(statement, Pipeline):
        return not statement.negated
    return isinstance(statement, Command) or (isinstance(statement, Group) and statement.subshell)


def _joined(outputs: Iterable[Text]) -> Text:
    known = []
    for output in outputs:
        if output is None:
            return None
        known.append(output)
    return "".join(known)


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
