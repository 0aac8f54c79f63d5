"""Literals of Ruby source, as RubyGems writes them into specifications: read, never run."""

from __future__ import annotations

import re
from typing import Final

_LITERAL: Final = (
    r"(?:\"(?P<double{0}>(?:[^\"\\]|\\.)*+)\"|'(?P<single{0}>(?:[^'\\]|\\.)*+)'"
    r"|%q<(?P<quoted{0}>[^>]*+)>)(?:\.freeze)?"
)
STRING: Final = _LITERAL.format("")
"""A regular expression for a text, in three named groups; give it to `text_of`."""
_ANONYMOUS: Final = re.sub(r"\?P<[a-z]+>", "?:", STRING)
LIST: Final = rf"\[(?P<list>(?:\s*+{_ANONYMOUS}\s*+,?)*+)\s*+\]"
"""A regular expression for a list of texts; give its group to `texts_in`."""

_STRING: Final = re.compile(STRING, re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "s": " "}


def text_of(found: re.Match[str]) -> str:
    """The text that a match of `STRING` stands for."""
    groups = found.groupdict()
    double = groups["double"]
    if double is not None:
        return _ESCAPE.sub(_unescaped, double)
    single = groups["single"]
    if single is not None:
        return single.replace("\\'", "'").replace("\\\\", "\\")
    return groups["quoted"] or ""


def texts_in(source: str) -> list[str]:
    """The texts in a list."""
    return [text_of(found) for found in _STRING.finditer(source)]


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    if code:
        character = chr(int(code, 16))
        return "\ufffd" if "\ud800" <= character <= "\udfff" else character
    return _ESCAPED.get(found[3], found[3])
