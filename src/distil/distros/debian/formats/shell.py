"""Shell scripts as syntax trees: read, never run.

Covers the POSIX shell command language (POSIX.1-2017, XCU 2) as maintainer scripts use it.
Arithmetic is kept as something unknown. What does not parse raises `MalformedScript`, so that a
script is never understood halfway.
"""

from __future__ import annotations

import re
from typing import Final

from distil.distros.debian.errors import MalformedScript
from distil.distros.debian.formats.shell_syntax import (
    AndOr,
    Case,
    CaseItem,
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
from distil.distros.debian.formats.shell_words import BREAK, MAX_DEPTH, Heredoc, Scanner

MAX_SCRIPT: Final = 1 << 18
"""Characters; the longest of Debian's scripts have a tenth of it."""

_CLOSING: Final = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})
_FUNCTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.+-]*")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?==)", re.ASCII)
_TRUE: Final = Command(((Literal("true", quoted=False),),), (), ())


def parse_script(text: str) -> tuple[Statement, ...]:
    """The statements of a script. Raises `MalformedScript`."""
    if len(text) > MAX_SCRIPT:
        raise MalformedScript(1, "it is too long")
    try:
        return _Parser(text).whole()
    except RecursionError as error:
        raise MalformedScript(1, "it nests too deeply") from error


class _Parser(Scanner):
    """The grammar of commands, by recursive descent."""

    def nested(self) -> tuple[Statement, ...]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("it nests too deeply")
        body = self.statements()
        self.depth -= 1
        return body

    def _some(self) -> tuple[Statement, ...]:
        """`nested`, where there has to be a statement."""
        body = self.nested()
        if not body:
            self.fail(f"a command was expected, not {self.peek(10)!r}")
        return body

    def whole(self) -> tuple[Statement, ...]:
        body = self.statements()
        if self.at < len(self.text):
            self.fail(f"{self.peek(10)!r} is out of place")
        if self.heredocs:
            self.fail("a here-document has no end")
        return body

    def statements(self) -> tuple[Statement, ...]:
        """Statements up to something that closes a block."""
        found: list[Statement] = []
        while True:
            self.newlines()
            if not self.peek() or self.peek() == ")" or self.peek(2) == ";;":
                return tuple(found)
            if self._reserved() in _CLOSING:
                return tuple(found)
            statement = self._and_or()
            self.blanks()
            if self.accept("&"):
                # In a subshell, and whatever comes of it, the shell goes on.
                aside = Group((statement,), (), subshell=True)
                statement = AndOr(aside, (("||", _TRUE),))
            elif self.peek(2) != ";;":
                self.accept(";")
            found.append(statement)

    def _block(self, opening: str, closing: str) -> tuple[Statement, ...]:
        self.newlines()
        self._keyword(opening)
        body = self._some()
        self._keyword(closing)
        return body

    def _reserved(self) -> str:
        """The plain word that begins here, without moving."""
        end = self.at
        while end < len(self.text) and self.text[end] not in BREAK:
            end += 1
        return self.text[self.at : end]

    def _keyword(self, word: str) -> None:
        if self._reserved() != word:
            self.fail(f"{word!r} was expected, not {self._reserved()!r}")
        self.at += len(word)

    def _and_or(self) -> Statement:
        first = self._pipeline()
        rest: list[tuple[str, Statement]] = []
        while True:
            self.blanks()
            operator = self.peek(2)
            if operator not in ("&&", "||"):
                return AndOr(first, tuple(rest)) if rest else first
            self.at += 2
            self.newlines()
            rest.append((operator, self._pipeline()))

    def _pipeline(self) -> Statement:
        self.blanks()
        negated = self._reserved() == "!"
        if negated:
            self.at += 1
        commands = [self._command()]
        while True:
            self.blanks()
            if self.peek() != "|" or self.peek(2) == "||":
                break
            self.at += 1
            self.newlines()
            commands.append(self._command())
        if len(commands) == 1 and not negated:
            return commands[0]
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Statement:
        self.blanks()
        compound = self._compound()
        if compound is None:
            return self._simple()
        redirects = self._redirects()
        return Group((compound,), redirects) if redirects else compound

    def _compound(self) -> Statement | None:
        if self.peek() == "(":
            self.at += 1
            body = self._some()
            self.expect(")")
            return Group(body, (), subshell=True)
        if self._reserved() == "{":
            return Group(self._block("{", "}"), ())
        special = {
            "if": self._if,
            "while": self._while,
            "until": self._while,
            "for": self._for,
            "case": self._case,
        }
        return special.get(self._reserved(), self._function)()

    def _if(self) -> Statement:
        self._keyword("if")
        branches = []
        while True:
            condition = self._some()
            self._keyword("then")
            branches.append((condition, self._some()))
            word = self._reserved()
            if word == "elif":
                self._keyword("elif")
                continue
            otherwise: tuple[Statement, ...] = ()
            if word == "else":
                self._keyword("else")
                otherwise = self._some()
            self._keyword("fi")
            return If(tuple(branches), otherwise)

    def _while(self) -> Statement:
        word = self._reserved()
        self._keyword(word)
        condition = self._some()
        return While(condition, self._block("do", "done"), until=word == "until")

    def _for(self) -> Statement:
        self._keyword("for")
        self.blanks()
        name = self._reserved()
        self.at += len(name)
        self.newlines()
        words: list[Word] | None = None
        if self._reserved() == "in":
            self._keyword("in")
            words = []
            self.blanks()
            while word := self.word():
                words.append(word)
                self.blanks()
        self.accept(";")
        return For(name, None if words is None else tuple(words), self._block("do", "done"))

    def _case(self) -> Statement:
        self._keyword("case")
        self.blanks()
        subject = self.word()
        self.newlines()
        self._keyword("in")
        items: list[CaseItem] = []
        while True:
            self.newlines()
            if self._reserved() == "esac":
                self._keyword("esac")
                return Case(subject, tuple(items))
            self.accept("(")
            patterns = []
            while True:
                self.blanks()
                patterns.append(self.word())
                self.blanks()
                if not self.accept("|"):
                    break
            self.expect(")")
            items.append(CaseItem(tuple(patterns), self.nested()))
            self.accept(";;")

    def _function(self) -> Statement | None:
        """``name() { … }``, or nothing when it is something else."""
        start = self.at
        name = self._reserved()
        self.at += len(name)
        self.blanks()
        if _FUNCTION.fullmatch(name) and self.accept("("):
            self.blanks()
            self.expect(")")
            self.newlines()
            body = self._compound()
            if body is None:
                self.fail("a function without a body")
            return Function(name, body)
        self.at = start
        return None

    def _simple(self) -> Statement:
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        redirects: list[Redirect] = []
        while True:
            self.blanks()
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            name = self._assignment() if not words else ""
            word = self.word()
            if name:
                assignments.append((name, word))
            elif word:
                words.append(word)
            else:
                break
        if not words and not assignments and not redirects:
            self.fail(f"a command was expected, not {self.peek(10)!r}")
        return Command(tuple(words), tuple(assignments), tuple(redirects))

    def _assignment(self) -> str:
        """The name of a variable that is assigned here, or nothing."""
        found = _VARIABLE.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end() + 1
        return found[0]

    def _redirects(self) -> tuple[Redirect, ...]:
        found = []
        self.blanks()
        while (redirect := self._redirect()) is not None:
            found.append(redirect)
            self.blanks()
        return tuple(found)

    def _redirect(self) -> Redirect | None:
        start = self.at
        while self.peek().isdigit():
            self.at += 1
        number = self.text[start : self.at]
        operators = ("<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">")
        operator = next((token for token in operators if self.accept(token)), "")
        if not operator:
            self.at = start
            return None
        self.blanks()
        target = self.word()
        if not target:
            self.fail("a redirection to nothing")
        redirect = Redirect(operator, number, target)
        if operator.startswith("<<"):
            literal = any(isinstance(part, Literal) and part.quoted for part in target)
            delimiter = "".join(part.text for part in target if isinstance(part, Literal))
            self.heredocs.append(Heredoc(redirect, delimiter, operator == "<<-", literal))
        return redirect
