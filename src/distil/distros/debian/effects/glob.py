"""Patterns of the shell and of grep, matched in time that grows with text and pattern only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from distil.distros.debian.effects.outcome import Unclear


class _Token(NamedTuple):
    """A character that is `text`, in the set `text`, or any (no text); as often as it likes."""

    text: str
    is_set: bool = False
    often: bool = False

    def accepts(self, char: str) -> bool:
        if not self.is_set:
            return self.text in ("", char)
        negated = self.text[0] in "!^"
        body = self.text[negated:]
        at = 0
        inside = False
        while at < len(body):
            if body[at + 1 : at + 2] == "-" and at + 2 < len(body):
                inside |= body[at] <= char <= body[at + 2]
                at += 3
            else:
                inside |= body[at] == char
                at += 1
        return inside is not negated


_ANY: Final = _Token("")
_ALL: Final = _Token("", often=True)


class Pattern:
    """A row of tokens; matching moves a set of places in that row along the text.

    The set is one integer, so that the work for a character is the length of the row over 64.
    """

    def __init__(self, tokens: Iterable[_Token]) -> None:
        self._tokens: list[_Token] = []
        for token in tokens:
            if token.often is False or self._tokens[-1:] != [token]:
                self._tokens.append(token)

    @classmethod
    def of_shell(cls, pieces: Iterable[tuple[str, bool]]) -> Pattern:
        """From text that is quoted or not (XCU 2.13). Raises `Unclear`."""
        tokens: list[_Token] = []
        for text, quoted in pieces:
            tokens += map(_Token, text) if quoted else _shell_tokens(text)
        return cls(tokens)

    @classmethod
    def of_grep(cls, text: str) -> Pattern:
        """From a basic regular expression for a whole line (XBD 9.3). Raises `Unclear`."""
        tokens: list[_Token] = [] if text.startswith("^") else [_ALL]
        open_end = not text.endswith("$")
        text = text.removeprefix("^").removesuffix("$")
        at = 0
        while at < len(text):
            token, at = _set_at(text, at)
            if token is None:
                token = _ANY if text[at] == "." else _Token(text[at])
                at += 1
            if token.text in ("\\", "*", "^", "$", "["):
                raise Unclear
            if text[at : at + 1] == "*":
                token = token._replace(often=True)
                at += 1
            tokens.append(token)
        return cls([*tokens, _ALL] if open_end else tokens)

    @property
    def special(self) -> bool:
        """Whether it is more than text."""
        return any(token.is_set or not token.text or token.often for token in self._tokens)

    @property
    def literal(self) -> str:
        """The text that every match begins with."""
        found = []
        for token in self._tokens:
            if token.is_set or not token.text or token.often:
                break
            found.append(token.text)
        return "".join(found)

    @property
    def empty(self) -> bool:
        """Whether only nothing matches."""
        return not self._tokens

    @property
    def everything(self) -> bool:
        """Whether everything matches."""
        return self._tokens == [_ALL]

    def components(self) -> list[Pattern]:
        """The patterns between slashes."""
        parts: list[list[_Token]] = [[]]
        for token in self._tokens:
            if token == _Token("/"):
                parts.append([])
            else:
                parts[-1].append(token)
        return [Pattern(part) for part in parts]

    def work(self, text: str) -> int:
        """How much it is to match `text`."""
        often = "".join("*" if token.often else " " for token in self._tokens)
        runs = max(map(len, often.split()), default=0)
        each = (1 + len(self._tokens) // 64) * (1 + runs)
        return len(text) * each + len(self._tokens) * min(1 + len(text), 64)

    def matches(self, text: str) -> bool:
        """Whether all of `text` matches."""
        return len(text) in self.ends(text)[-1:]

    def ends(self, text: str, *, backwards: bool = False) -> list[int]:
        """The lengths of the beginnings of `text` that match, or of its ends: ascending."""
        tokens = self._tokens[::-1] if backwards else self._tokens
        often = sum(1 << at for at, token in enumerate(tokens) if token.often)
        accepting: dict[str, int] = {}
        final = 1 << len(tokens)
        places = _passed(1, often)
        found = [0] if places & final else []
        for length, char in enumerate(reversed(text) if backwards else text, 1):
            if char not in accepting:
                accepting[char] = sum(
                    1 << at for at, token in enumerate(tokens) if token.accepts(char)
                )
            accepted = places & accepting[char]
            places = _passed((accepted & ~often) << 1 | (accepted & often), often)
            if not places:
                break
            if places & final:
                found.append(length)
        return found


def _passed(places: int, often: int) -> int:
    """`places` and those behind tokens that need not match anything."""
    while (further := places | (places & often) << 1) != places:
        places = further
    return places


def _shell_tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        token, at = _set_at(text, at)
        if token is None:
            char = text[at]
            if char == "\\":
                raise Unclear
            token = {"*": _ALL, "?": _ANY}.get(char, _Token(char))
            at += 1
        tokens.append(token)
    return tokens


def _set_at(text: str, at: int) -> tuple[_Token | None, int]:
    """The set in brackets that begins at `at`, if one does, and where it ends."""
    if text[at] != "[":
        return None, at
    first = at + 2 if text[at + 1 : at + 2] in ("!", "^") else at + 1
    end = text.find("]", first + 1)
    if end < 0:
        return None, at
    if "[" in text[at + 1 : end] or "\\" in text[at + 1 : end]:
        raise Unclear
    return _Token(text[at + 1 : end], is_set=True), end + 1
