"""A shell as its commands see it: calling each other, functions, subshells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from distil.distros.debian.effects.expansion import State
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import Leave, Refused, Status, Text, Unclear
from distil.distros.debian.effects.streams import SHOWN, Streams, joined
from distil.distros.debian.errors import MalformedScript
from distil.distros.debian.formats.shell import parse_script
from distil.distros.debian.formats.shell_syntax import Statement

SHELL: Final = re.compile(rb"#! ?(?:/usr)?/bin/(?:sh|bash|dash)\b")
"""How a script begins that can be followed."""

Handler = Callable[["Shell", list[Text]], Status]
"""What a command does, given its arguments."""


class Shell(Streams):
    """One script of one package on `machine`."""

    def __init__(
        self, machine: Machine, package: str, commands: Mapping[str, Handler], state: State
    ) -> None:
        super().__init__(machine, package, state)
        self.commands = commands
        self.answers: dict[str, Text] = {}
        self.at_end: Text = ""
        self.loops = 0
        """How many loops the function that runs is in."""
        self._locals: list[dict[str, tuple[bool, Text]]] = []
        self.tested = 0
        """In how many conditions the script is, where failures are no end."""
        self.substituted: Text = "0"
        """The exit code of the last command substitution."""
        self.left: Text = "0"
        """The exit code of the last subshell."""

    def run(self, body: Iterable[Statement]) -> Status:
        """Run statements one after the other."""
        raise NotImplementedError

    def step(self, statement: Statement) -> Status:
        """Run one statement."""
        raise NotImplementedError

    def make_local(self, name: str) -> None:
        """Give the function that runs a variable of its own."""
        if not self._locals:
            raise Leave("exit", "2")
        known = self.state.variables
        self._locals[-1].setdefault(name, (name in known, known.get(name)))

    def output_of(self, body: tuple[Statement, ...]) -> Text:
        """What commands print, in a subshell of their own; line ends at the end removed."""
        tested, self.tested = self.tested, 0
        with self.capture() as printed:
            status = self.subshell(lambda: self.run(body))
        self.tested, self.substituted = tested, self.exit_code(status, self.left)
        output = joined(printed)
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
            shown = " ".join("…" if word is None else word[:SHOWN] for word in words)
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
        tested, self.tested = self.tested, 0
        try:
            return self.subshell(lambda: self.run(body))
        finally:
            self.state, self.tested = outer, tested

    def parsed(self, script: bytes | str) -> tuple[Statement, ...]:
        """The statements of a script. Raises `MalformedScript`."""
        self.machine.budget.spend(len(script))
        text = script if isinstance(script, str) else script.decode("utf-8", "surrogateescape")
        return parse_script(text)

    @staticmethod
    def exit_code(status: Status, failure: Text) -> Text:
        if status is False:
            return "1" if failure == "0" else failure
        return None if status is None else "0"

    def _call_function(self, name: str, arguments: list[Text]) -> Status:
        saved, self.state.arguments = self.state.arguments, arguments
        doubts = self.doubts & {"return"}
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
            self.doubts = self.doubts - {"return"} | doubts
            self.loops = loops
            self.state.arguments = saved
            for variable, before in self._locals.pop().items():
                self.restore(variable, before)

    def restore(self, name: str, before: tuple[bool, Text]) -> None:
        there, value = before
        self.state.variables[name] = value
        if not there:
            del self.state.variables[name]

    def subshell(self, work: Callable[[], Status]) -> Status:
        """Run in a copy of what the script knows; what it learns is lost."""
        outer, self.state = self.state, self.state.copy()
        self.machine.budget.spend(len(outer.variables))
        doubts = set(self.doubts)
        try:
            status = work()
            self.left = self.state.code
            return status
        except Leave as leave:
            self.left = leave.code
            return leave.status
        finally:
            self.state = outer
            self.machine.directory = outer.directory
            self.doubts = doubts
