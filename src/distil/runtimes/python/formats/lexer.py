"""Python source as a lexer sees it: where strings and comments end, whatever the version.

`ast.parse` on the host refuses what a newer target accepts (PEP 695 type parameters, PEP 701
f-strings, the template strings of PEP 750), and it is too slow for every file of an image. The
tokens that decide what is a string and what is code have hardly changed, so this module
knows only those, as regular expressions of the kind that never backtrack.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from distil.formats.possessive import compile_possessive

STRING: Final = (
    r'(?:"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
    r'|"(?!"")(?:[^"\\\n]|\\.)*+"'
    r"|'(?!'')(?:[^'\\\n]|\\.)*+')"
)
"""A string literal without its prefix. To be compiled with re.DOTALL."""

COMMENT: Final = r"\#[^\n]*+"

FORMATTED_PREFIX: Final = r"""(?:[fFtT][rR]?|[rR][fFtT])(?=["'])"""
"""The prefix of an f-string or template string, which may hold code with quotes."""

SPACE: Final = r"(?:[ \t\f]|\\\n)"
"""White space inside a logical line."""

MAX_NESTING: Final = 64
"""f-strings inside f-strings that are followed; CPython allows 150 levels of brackets."""

_COOKIE: Final = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_OPENING: Final = re.compile(r"(?:[fFtT][rR]?|[rR][fFtT])(\"\"\"|'''|\"|')")
_TO_BRACKET: Final = compile_possessive(rf"(?:[^()\[\]{{}}\"'#]++|{COMMENT}|{STRING})*+", re.DOTALL)
_FIELD: Final = compile_possessive(
    rf"(?:(?!{FORMATTED_PREFIX})\w++|[^\w\"'#(){{}}\[\]:!]++|!=|{COMMENT}|{STRING})*+", re.DOTALL
)
_FORMATTED: Final = re.compile(FORMATTED_PREFIX)
_LITERAL: Final = r"\\(?:[^{}]|(?=[{}]))|\{\{|\}\}"
_TEXTS: Final = {
    quote: compile_possessive(pattern, re.DOTALL)
    for quote, pattern in {
        '"': rf'(?:[^"\\{{}}\n]|{_LITERAL})*+',
        "'": rf"(?:[^'\\{{}}\n]|{_LITERAL})*+",
        '"""': rf'(?:[^"\\{{}}]|{_LITERAL}|"(?!""))*+',
        "'''": rf"(?:[^'\\{{}}]|{_LITERAL}|'(?!''))*+",
    }.items()
}
_OPEN: Final = "([{"
_CLOSE: Final = ")]}"


def decode_source(data: bytes) -> str:
    """The text of a source file with line feeds as line ends (PEP 263 for the encoding).

    Never fails: bytes that do not decode are kept as surrogate escapes, an unknown encoding is
    read as Latin-1. Either would stop the interpreter, so nothing is lost that could run.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    cookie = _COOKIE.match(data)
    text = _decoded(data, "utf-8" if cookie is None else cookie[1].decode("ascii"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "surrogateescape")
    except (LookupError, UnicodeError):
        return data.decode("latin-1")


def end_of_formatted(text: str, start: int) -> int:
    """The position after the f-string or template string that starts at `start`.

    Follows PEP 701: a replacement field may hold any expression, with any quotes, comments
    and line ends. -1 when it does not end, or is nested deeper than `MAX_NESTING`.
    """
    return _formatted(text, start, 0)


def _formatted(text: str, start: int, depth: int) -> int:
    opening = _OPENING.match(text, start)
    if opening is None or depth > MAX_NESTING:
        return -1
    quote = opening[1]
    return _literal_part(text, opening.end(), quote, depth)


def _literal_part(text: str, position: int, quote: str, depth: int) -> int:
    """The end of an f-string whose literal text goes on at `position`."""
    pattern = _TEXTS[quote]
    while True:
        position = _end(pattern, text, position)
        if text.startswith(quote, position):
            return position + len(quote)
        if not text.startswith("{", position):
            return -1
        position = _field(text, position + 1, quote, depth)
        if position < 0:
            return -1


def _field(text: str, position: int, quote: str, depth: int) -> int:
    """The position after the ``}`` of the replacement field whose content starts here."""
    level = 0
    while True:
        position = _end(_FIELD, text, position)
        character = text[position : position + 1]
        if _FORMATTED.match(text, position):
            position = _formatted(text, position, depth + 1)
            if position < 0:
                return -1
            continue
        if character == "}" and level == 0:
            return position + 1
        if character == ":" and level == 0:
            return _format_spec(text, position + 1, quote, depth)
        if not character or character in "\"'":
            return -1
        level += (character in _OPEN) - (character in _CLOSE)
        if level < 0:
            return -1
        position += 1


def _format_spec(text: str, position: int, quote: str, depth: int) -> int:
    """The position after the ``}`` that ends a format specification, fields inside included."""
    if depth > MAX_NESTING:
        return -1
    while position < len(text):
        character = text[position]
        if character == "}":
            return position + 1
        if text.startswith(quote, position):
            return -1
        position += 1
        if character == "{":
            position = _field(text, position, quote, depth + 1)
            if position < 0:
                return -1
    return -1


def end_of_brackets(text: str, start: int, limit: int) -> int:
    """The position after the bracket that closes the one at `start`.

    -1 when it is not within `limit` characters.
    """
    level = 0
    position = start
    while position - start < limit:
        character = text[position : position + 1]
        if not character or character in "\"'":
            return -1
        level += (character in _OPEN) - (character in _CLOSE)
        position += 1
        if level == 0:
            return position
        position = _end(_TO_BRACKET, text, position)
    return -1


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where `pattern`, which matches the empty string too, ends."""
    match = pattern.match(text, position)
    return position if match is None else match.end()
