"""Words of a script to the text they stand for, as far as that can be known (XCU 2.6)."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Final, Protocol

from distil.distros.debian.effects.machine import Machine
from distil.distros.debian.formats.shell_syntax import (
    Expansion,
    Literal,
    Part,
    Statement,
    Substitution,
    Word,
)

Text = str | None
"""What a word stands for; None: not known without running something."""

_PATTERN: Final = re.compile(r"[*?\[]")
_WHITE: Final = " \t\n"


class Scope(Protocol):
    """What expansions look at."""

    machine: Machine
    arguments: list[Text]

    def variable(self, name: str) -> Text:
        """A variable or special parameter; empty when it is not set."""

    def assign(self, name: str, value: Text) -> None:
        """Set a variable."""

    def output_of(self, body: tuple[Statement, ...]) -> Text:
        """What commands print, line ends at the end removed."""


class _Field:
    """A word that is being put together; text with its quoting."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Text, bool]] = []

    def finished(self, machine: Machine) -> list[Text]:
        """The words this becomes: none when it is empty, several when it is a pattern."""
        if any(text is None for text, _ in self.pieces):
            return [None]
        known = [(text or "", quoted) for text, quoted in self.pieces]
        plain = "".join(text for text, _ in known)
        if not plain and not any(quoted for _, quoted in known):
            return []
        if any(not quoted and _PATTERN.search(text) for text, quoted in known):
            return [*machine.matching(_pattern(known))] or [plain]
        return [plain]


def words_of(word: Word, scope: Scope) -> list[Text]:
    """The arguments that `word` becomes: expanded, split and matched against files."""
    fields = [_Field()]
    for part in word:
        if isinstance(part, Literal):
            fields[-1].pieces.append((part.text, part.quoted))
        elif isinstance(part, Expansion) and part.name == "@" and part.quoted:
            for number, argument in enumerate(scope.arguments):
                if number:
                    fields.append(_Field())
                fields[-1].pieces.append((argument, True))
        else:
            value = _value(part, scope)
            if getattr(part, "quoted", False) or value is None:
                fields[-1].pieces.append((value, getattr(part, "quoted", False)))
            else:
                _split_into(fields, value, scope.variable("IFS"))
    return [found for field in fields for found in field.finished(scope.machine)]


def text_of(word: Word, scope: Scope) -> Text:
    """The one string that `word` becomes where it is neither split nor matched."""
    pieces = []
    for part in word:
        value = part.text if isinstance(part, Literal) else _value(part, scope)
        if value is None:
            return None
        pieces.append(value)
    return "".join(pieces)


def matches(word: Word, subject: str, scope: Scope) -> bool | None:
    """Whether `subject` matches `word` as a pattern of ``case``."""
    expression = _expression(word, scope)
    return None if expression is None else re.fullmatch(expression, subject) is not None


def _expression(word: Word, scope: Scope) -> str | None:
    pieces = []
    for part in word:
        if isinstance(part, Literal):
            pieces.append((part.text, part.quoted))
            continue
        value = _value(part, scope)
        if value is None:
            return None
        pieces.append((value, getattr(part, "quoted", False)))
    return translate(_pattern(pieces))


def _pattern(pieces: list[tuple[str, bool]]) -> str:
    return "".join(
        _PATTERN.sub(lambda found: f"[{found[0]}]", text) if quoted else text
        for text, quoted in pieces
    )


def _split_into(fields: list[_Field], value: str, separators: Text) -> None:
    """Add `value` to the last field, beginning a new one at each separator."""
    separators = separators or _WHITE
    white = separators.strip(_WHITE) == ""
    parts = re.split(f"[{re.escape(separators)}]" + ("+" if white else ""), value)
    for number, text in enumerate(parts):
        if number:
            fields.append(_Field())
        if text:
            fields[-1].pieces.append((text, False))


def _value(part: Part, scope: Scope) -> Text:
    if isinstance(part, Substitution):
        return scope.output_of(part.body)
    if not isinstance(part, Expansion):
        return None
    if part.name in ("@", "*"):
        known = [argument for argument in scope.arguments if argument is not None]
        value: Text = " ".join(known) if len(known) == len(scope.arguments) else None
    else:
        value = scope.variable(part.name)
    return _operated(part, value, scope) if part.operator else value


def _operated(part: Expansion, value: Text, scope: Scope) -> Text:
    """``${name…}``: defaults, alternatives, and prefixes or suffixes removed."""
    operator = part.operator
    if value is None:
        return None
    if operator in ("+", ":+"):
        return text_of(part.operand, scope) if value else ""
    if operator[-1] in "-=?":
        if not value:
            value = text_of(part.operand, scope)
            if operator.endswith("="):
                scope.assign(part.name, value)
        return value
    if operator == "length":
        return str(len(value))
    return _trimmed(part, value, scope)


def _trimmed(part: Expansion, value: str, scope: Scope) -> Text:
    expression = _expression(part.operand, scope)
    if expression is None:
        return None
    lengths = range(len(value) + 1)
    prefix = part.operator[0] == "#"
    for length in reversed(lengths) if len(part.operator) == 2 else lengths:
        cut = value[:length] if prefix else value[len(value) - length :]
        if re.fullmatch(expression, cut):
            return value[length:] if prefix else value[: len(value) - length]
    return value
