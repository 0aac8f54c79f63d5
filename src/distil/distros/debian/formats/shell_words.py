"""Words of shell scripts: quoting, expansions, here-documents (POSIX.1-2017, XCU 2.2 to 2.7)."""

from __future__ import annotations

from typing import Final, NoReturn

import msgspec

from distil.distros.debian.errors import MalformedScript
from distil.distros.debian.formats.shell_syntax import (
    Arithmetic,
    Expansion,
    Literal,
    Part,
    Redirect,
    Statement,
    Substitution,
    Word,
)

BREAK: Final = " \t\n;&|()<>"
"""What ends an unquoted word."""

MAX_DEPTH: Final = 60
_BLANK: Final = " \t"
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_SPECIAL: Final = frozenset("@*#?-$!0123456789")
_OPERATORS: Final = ("##", "%%", ":-", ":=", ":?", ":+", "#", "%", "-", "=", "?", "+")


class Heredoc(msgspec.Struct):
    """A here-document whose text comes after the line it is announced on."""

    redirect: Redirect
    delimiter: str
    strip_tabs: bool
    literal: bool


class Scanner:
    """Position, blanks, words and expansions."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.heredocs: list[Heredoc] = []

    def fail(self, why: str) -> NoReturn:
        raise MalformedScript(self.text.count("\n", 0, self.at) + 1, why)

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def accept(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.accept(token):
            self.fail(f"{token!r} was expected, not {self.peek(10)!r}")

    def blanks(self) -> None:
        """Skip blanks, joined lines and a comment."""
        while True:
            if self.peek() in _BLANK and self.peek():
                self.at += 1
            elif self.peek(2) == "\\\n":
                self.at += 2
            else:
                break
        if self.peek() == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def newlines(self) -> None:
        """Skip blanks and line ends; here-documents are read at the first one."""
        self.blanks()
        while self.accept("\n"):
            self._take_heredocs()
            self.blanks()

    def _take_heredocs(self) -> None:
        for heredoc in self.heredocs:
            lines = []
            while True:
                if self.at >= len(self.text):
                    self.fail("a here-document has no end")
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                if heredoc.strip_tabs:
                    line = line.lstrip("\t")
                if line == heredoc.delimiter:
                    break
                lines.append(line + "\n")
            heredoc.redirect.target = self._heredoc_word("".join(lines), heredoc)
        self.heredocs.clear()

    def _heredoc_word(self, text: str, heredoc: Heredoc) -> Word:
        if heredoc.literal:
            return (Literal(text, quoted=True),)
        return tuple(type(self)(text, self.depth + 1).quoted(""))

    # --- words -----------------------------------------------------------------------------

    def word(self, stop: str = BREAK) -> Word:
        """The word that begins here; empty when none does."""
        parts: list[Part] = []
        while (char := self.peek()) and char not in stop:
            if char == "\\":
                if self.peek(2) != "\\\n":
                    parts.append(Literal(self.text[self.at + 1 : self.at + 2], quoted=True))
                self.at += 2
            elif char == "'":
                end = self.text.find("'", self.at + 1)
                if end < 0:
                    self.fail("a quote has no end")
                parts.append(Literal(self.text[self.at + 1 : end], quoted=True))
                self.at = end + 1
            elif char == '"':
                self.at += 1
                inner = self.quoted('"')
                self.expect('"')
                parts += inner or [Literal("", quoted=True)]
            elif char in "$`":
                parts.append(self.expansion(quoted=False))
            else:
                start = self.at
                while (char := self.peek()) and char not in stop and char not in "\\'\"$`":
                    self.at += 1
                parts.append(Literal(self.text[start : self.at], quoted=False))
        return tuple(parts)

    def quoted(self, end: str) -> list[Part]:
        """Text between double quotes or of a here-document, up to `end`."""
        parts: list[Part] = []
        literal: list[str] = []
        while (char := self.peek()) and char != end:
            if char == "\\" and (following := self.text[self.at + 1 : self.at + 2]) in '$`"\\\n':
                literal.append("" if following == "\n" else following)
                self.at += 2
            elif char in "$`":
                parts.append(Literal("".join(literal), quoted=True))
                literal.clear()
                parts.append(self.expansion(quoted=True))
            else:
                literal.append(char)
                self.at += 1
        parts.append(Literal("".join(literal), quoted=True))
        return [part for part in parts if not isinstance(part, Literal) or part.text]

    def expansion(self, *, quoted: bool) -> Part:
        """What begins with a dollar sign or a backtick."""
        if self.accept("`"):
            return self._backticks(quoted=quoted)
        self.expect("$")
        if self.accept("(("):
            return self._arithmetic()
        if self.accept("("):
            body = self.nested()
            self.expect(")")
            return Substitution(body, quoted)
        if self.accept("{"):
            return self._braced(quoted=quoted)
        start = self.at
        if self.peek() in _SPECIAL and self.peek():
            self.at += 1
        else:
            while self.peek() in _NAME and self.peek():
                self.at += 1
        name = self.text[start : self.at]
        return Expansion(name, quoted=quoted) if name else Literal("$", quoted=True)

    def _braced(self, *, quoted: bool) -> Part:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("it nests too deeply")
        length = self.peek(2)[:1] == "#" and self.peek(2) != "#}"
        if length:
            self.at += 1
        start = self.at
        while self.peek() and (
            self.peek() in _NAME or (self.at == start and self.peek() in _SPECIAL)
        ):
            self.at += 1
        name = self.text[start : self.at]
        operator = next((op for op in _OPERATORS if self.accept(op)), "")
        operand = self.word("}") if operator else ()
        if not name or not self.accept("}"):
            self.fail("a ${ that is not understood")
        self.depth -= 1
        return Expansion(name, "length" if length else operator, operand, quoted)

    def _backticks(self, *, quoted: bool) -> Part:
        inner: list[str] = []
        while (char := self.peek()) != "`":
            if not char:
                self.fail("a backtick has no end")
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("`", "\\", "$"):
                self.at += 1
                char = self.peek()
            inner.append(char)
            self.at += 1
        self.at += 1
        return Substitution(type(self)("".join(inner), self.depth + 1).whole(), quoted)

    def _arithmetic(self) -> Part:
        depth = 2
        while depth:
            char = self.peek()
            if not char:
                self.fail("$(( has no end")
            depth += {"(": 1, ")": -1}.get(char, 0)
            self.at += 1
        return Arithmetic()

    def nested(self) -> tuple[Statement, ...]:
        """Statements inside something else."""
        raise NotImplementedError

    def whole(self) -> tuple[Statement, ...]:
        """Statements to the end of the text."""
        raise NotImplementedError
