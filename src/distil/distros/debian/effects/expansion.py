"""Words of a script to the text they stand for, as far as that can be known (XCU 2.6)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.distros.debian.effects.glob import Pattern
from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.effects.outcome import WORD, Leave, Text
from distil.distros.debian.formats.shell_syntax import (
    Expansion,
    Literal,
    Part,
    Statement,
    Substitution,
    Word,
)

_WHITE: Final = " \t\n"
_WHITE_SET: Final = frozenset(_WHITE)
_SPECIAL: Final = frozenset("*?[")


class Input(msgspec.Struct):
    """What is left to read from standard input."""

    text: Text = ""


class State(msgspec.Struct):
    """What a script knows and a subshell gets a copy of; the input is shared.

    `user` is the one it runs as.
    """

    variables: dict[str, Text] = {}
    functions: dict[str, Statement] = {}
    arguments: list[Text] = []
    options: frozenset[str] = frozenset()
    input: Input = msgspec.field(default_factory=Input)
    directory: Text = "/"
    mask: Text = "022"
    user: str = "root"
    code: Text = "0"

    def copy(self) -> State:
        """The same, to be changed independently."""
        return msgspec.structs.replace(
            self, variables=dict(self.variables), functions=dict(self.functions)
        )


class Words:
    """Expansion of words in `state`, on `machine`."""

    def __init__(self, machine: Machine, state: State) -> None:
        self.machine = machine
        self.state = state

    def output_of(self, body: tuple[Statement, ...]) -> Text:
        """What commands print, line ends at the end removed."""
        raise NotImplementedError

    def variable(self, name: str) -> Text:
        """A variable or parameter; empty when it is not set."""
        if not self._is_set(name):
            if "u" in self.state.options:
                raise Leave("exit", "2")
            return ""
        arguments = self.state.arguments
        if name.isdigit() and name != "0":
            return arguments[int(name) - 1]
        if name == "#":
            return str(len(arguments))
        if name == "?":
            return self.state.code
        return None if name in "$!-" else self.state.variables[name]

    def _is_set(self, name: str) -> bool:
        if name.isdigit() and name != "0":
            return len(name) < 6 and int(name) <= len(self.state.arguments)
        return name in ("#", "?", "$", "!", "-") or name in self.state.variables

    def assign(self, name: str, value: Text) -> None:
        """Set a variable."""
        self.machine.budget.spend(len(name) + len(value or ""))
        self.state.variables[name] = value

    def words_of(self, word: Word) -> list[Text]:
        """The arguments that `word` becomes: expanded, split and matched against files."""
        fields: list[list[tuple[Text, bool]]] = [[]]
        for part in word:
            if isinstance(part, Literal):
                fields[-1].append((part.text, part.quoted))
            elif isinstance(part, Expansion) and part.name == "@" and part.quoted:
                for number, argument in enumerate(self.state.arguments):
                    if number:
                        fields.append([])
                    fields[-1].append((argument, True))
            else:
                value = self._value(part)
                if getattr(part, "quoted", False) or value is None:
                    fields[-1].append((value, getattr(part, "quoted", False)))
                else:
                    self._split_into(fields, value)
        found = [text for field in fields for text in self._finished(field)]
        self.machine.budget.spend(sum(WORD + len(text or "") for text in found))
        return found

    def _finished(self, pieces: list[tuple[Text, bool]]) -> list[Text]:
        """The words a field becomes: none when it is empty, several when it is a pattern."""
        known = [(text, quoted) for text, quoted in pieces if text is not None]
        if len(known) < len(pieces):
            return [None]
        plain = "".join(text for text, _ in known)
        if not plain and not any(quoted for _, quoted in known):
            return []
        special = any(not quoted and not _SPECIAL.isdisjoint(text) for text, quoted in known)
        if special and "f" not in self.state.options:
            pattern = Pattern.of_shell(known)
            if pattern.special:
                return [*self.machine.matching(pattern)] or [plain]
        return [plain]

    def _split_into(self, fields: list[list[tuple[Text, bool]]], value: str) -> None:
        """Add `value` to the last field, beginning a new one at each separator."""
        separators = self.state.variables.get("IFS", _WHITE)
        white = separators is not None and _WHITE_SET.issuperset(separators)
        if separators is None or (len(separators) > 1 and not white):
            fields[-1].append((None, False))
            return
        if white:
            parts = re.split(f"[{separators}]+", value) if separators else [value]
        else:
            parts = value.split(separators)
        for number, text in enumerate(parts):
            if number:
                fields.append([])
            # Between two separators that are not blank is an empty word.
            empty = not white and not text and number < len(parts) - 1
            if text or empty:
                fields[-1].append((text, empty))

    def text_of(self, word: Word) -> Text:
        """The one string that `word` becomes where it is neither split nor matched."""
        pieces = self._pieces(word)
        return None if pieces is None else "".join(text for text, _ in pieces)

    def pattern_of(self, word: Word) -> Pattern | None:
        """The pattern that `word` is; None: it is not known."""
        pieces = self._pieces(word)
        return None if pieces is None else Pattern.of_shell(pieces)

    def _pieces(self, word: Word) -> list[tuple[str, bool]] | None:
        """Known text with its quoting."""
        pieces = []
        for part in word:
            value = part.text if isinstance(part, Literal) else self._value(part)
            if value is None:
                return None
            pieces.append((value, getattr(part, "quoted", False)))
        self.machine.budget.spend(sum(len(text) for text, _ in pieces))
        return pieces

    def _value(self, part: Part) -> Text:
        if isinstance(part, Substitution):
            return self.output_of(part.body)
        if not isinstance(part, Expansion):
            return None
        if part.operator and part.operator[-1] in "+-=?":
            return self._alternative(part)
        every = part.name in ("@", "*")
        value = self._every_argument() if every else self.variable(part.name)
        self.machine.budget.spend(len(value or ""))
        if value is None or not part.operator:
            return value
        return str(len(value)) if part.operator == "length" else self._trimmed(part, value)

    def _every_argument(self) -> Text:
        known = [argument for argument in self.state.arguments if argument is not None]
        separators = self.state.variables.get("IFS", _WHITE)
        if separators is None or len(known) < len(self.state.arguments):
            return None
        return separators[:1].join(known)

    def _alternative(self, part: Expansion) -> Text:
        """``${name-…}`` and its like: with a colon, what is empty counts as not set."""
        operator = part.operator
        if part.name in ("@", "*"):
            there, value = bool(self.state.arguments), self._every_argument()
        else:
            there = self._is_set(part.name)
            value = self.variable(part.name) if there else ""
        if there and operator[0] == ":":
            if value is None:
                return None
            there = value != ""
        if operator[-1] == "+":
            return self.text_of(part.operand) if there else ""
        if there:
            self.machine.budget.spend(len(value or ""))
            return value
        if operator[-1] == "?":
            raise Leave("exit", "2")
        value = self.text_of(part.operand)
        if operator[-1] == "=":
            self.assign(part.name, value)
        return value

    def _trimmed(self, part: Expansion, value: str) -> Text:
        """``${name#…}`` and ``${name%…}``: less the shortest beginning or end, or the longest."""
        pattern = self.pattern_of(part.operand)
        if pattern is None:
            return None
        self.machine.budget.spend(pattern.work(value))
        prefix = part.operator[0] == "#"
        ends = pattern.ends(value, backwards=not prefix)
        if not ends:
            return value
        length = ends[-1 if len(part.operator) == 2 else 0]
        return value[length:] if prefix else value[: len(value) - length]
