"""Assignments in Lua source whose values are texts and tables of them: read, never run."""

from __future__ import annotations

import re
from typing import Final

from distil.catalog.facts import Unreadable

Value = str | dict[str, "Value"]

_LARGEST: Final = 4 << 20
"""Characters of source."""
_DEEPEST: Final = 64
_TOKEN: Final = re.compile(
    r"\s++|--\[(?P<comment>=*)\[.*?(?:\](?P=comment)\]|\Z)|--[^\n]*+"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+')"
    r"|\[(?P<level>=*)\[\n?(?P<long>.*?)(?:\](?P=level)\]|\Z)"
    r"|(?P<name>[A-Za-z_]\w*+)|(?P<number>\.?\d[\w.]*+)|(?P<sign>\.\.|.)",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "z": "", "\n": "\n"}

_Token = tuple[str, str]
_END: Final = ("end", "")


def assignments(source: str) -> dict[str, Value]:
    """What is assigned to each name, last one last; what is no text and no table is left out.

    In tables, what has no key has its place, from ``1``.

    Raises:
        Unreadable: tables are nested too deep.

    """
    reader = _Reader(_tokens(source[:_LARGEST]))
    found: dict[str, Value] = {}
    while reader.token != _END:
        kind, name = reader.step()
        if kind == "name" and reader.token == ("sign", "="):
            reader.step()
            value = reader.value(0)
            if value is not None:
                found[name] = value
    return found


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    for one in _TOKEN.finditer(source):
        match one.lastgroup:
            case "text":
                found.append(("text", _ESCAPE.sub(_unescaped, one["text"][1:-1])))
            case "long":
                found.append(("text", one["long"]))
            case "name" | "number" | "sign" as kind:
                found.append((kind, one[kind]))
            case _:
                pass
    return found


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[1], found[1])


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def step(self) -> _Token:
        token = self.token
        self._at += 1
        return token

    def value(self, depth: int) -> Value | None:
        if depth > _DEEPEST:
            raise Unreadable("its tables are nested too deep")
        kind, text = self.token
        if kind == "text":
            self.step()
            while self.token == ("sign", ".."):
                self.step()
                kind, more = self.step()
                text += more if kind == "text" else ""
            return text
        if (kind, text) == ("sign", "{"):
            self.step()
            return self._table(depth)
        return None

    def _table(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        place = 0
        while self.token not in (_END, ("sign", "}")):
            key = self._key()
            value = self.value(depth + 1)
            if key is None:
                place += value is not None
                key = str(place)
            if value is not None:
                found[key] = value
            self._to_next()
        self.step()
        return found

    def _key(self) -> str | None:
        """The key before ``=``, or None where the value stands alone."""
        kind, text = self.token
        following = self._tokens[self._at + 1 : self._at + 4]
        if kind == "name" and following[:1] == [("sign", "=")]:
            self._at += 2
            return text
        if (kind, text) == ("sign", "[") and following[1:] == [("sign", "]"), ("sign", "=")]:
            self._at += 4
            return following[0][1]
        return None

    def _to_next(self) -> None:
        """Past the separator; over what was not understood."""
        deep = 0
        while self.token != _END:
            sign = self.token[1] if self.token[0] == "sign" else ""
            if deep == 0 and sign == "}":
                return
            self.step()
            if deep == 0 and sign in (",", ";"):
                return
            deep += (sign in ("{", "(")) - (sign in ("}", ")"))
