"""The syntax tree of a shell script, as `distil.distros.debian.formats.shell` gives it."""

from __future__ import annotations

import msgspec


class Literal(msgspec.Struct, frozen=True):
    """Text as it stands; `quoted` text is neither split nor a pattern."""

    text: str
    quoted: bool


class Expansion(msgspec.Struct, frozen=True):
    """A variable or positional parameter, with the operator of ``${name…}`` if there is one."""

    name: str
    operator: str = ""
    operand: tuple[Part, ...] = ()
    quoted: bool = False


class Substitution(msgspec.Struct, frozen=True):
    """The output of commands."""

    body: tuple[Statement, ...]
    quoted: bool


class Arithmetic(msgspec.Struct, frozen=True):
    """The result of an arithmetic expression, which is not computed."""


Part = Literal | Expansion | Substitution | Arithmetic
Word = tuple[Part, ...]


class Redirect(msgspec.Struct):
    """One redirection; of a here-document, `target` is its text."""

    operator: str
    number: str
    target: Word


class Command(msgspec.Struct, frozen=True):
    """A simple command."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...]
    redirects: tuple[Redirect, ...]


class Pipeline(msgspec.Struct, frozen=True):
    """Commands connected by pipes, or one that is negated."""

    commands: tuple[Statement, ...]
    negated: bool


class AndOr(msgspec.Struct, frozen=True):
    """Statements connected by ``&&`` and ``||``, which bind alike."""

    first: Statement
    rest: tuple[tuple[str, Statement], ...]


class If(msgspec.Struct, frozen=True):
    """Conditions with their bodies, and what holds otherwise."""

    branches: tuple[tuple[tuple[Statement, ...], tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]


class While(msgspec.Struct, frozen=True):
    """A loop with a condition."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]
    until: bool


class For(msgspec.Struct, frozen=True):
    """A loop over words; over the positional parameters when there are none."""

    name: str
    words: tuple[Word, ...] | None
    body: tuple[Statement, ...]


class CaseItem(msgspec.Struct, frozen=True):
    """The patterns of one branch, and its body."""

    patterns: tuple[Word, ...]
    body: tuple[Statement, ...]


class Case(msgspec.Struct, frozen=True):
    """A choice by patterns."""

    subject: Word
    items: tuple[CaseItem, ...]


class Group(msgspec.Struct, frozen=True):
    """Commands in braces, in a subshell, or with redirections of their own."""

    body: tuple[Statement, ...]
    redirects: tuple[Redirect, ...]
    subshell: bool = False


class Function(msgspec.Struct, frozen=True):
    """The definition of a function."""

    name: str
    body: Statement


Statement = Command | Pipeline | AndOr | If | While | For | Case | Group | Function
