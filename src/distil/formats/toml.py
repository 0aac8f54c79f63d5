"""TOML that anybody wrote: what no honest file holds is refused before it costs anything.

Python's parser takes a level of its own stack for each bracket, time that grows with the square of
a dotted key's parts, and a kilobyte for a key of two characters.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from distil.formats.possessive import compile_possessive

DEEPEST: Final = 64
"""Tables and arrays inside one another, and parts of a dotted key."""

LARGEST: Final = 16 << 20
"""Characters of a file; the largest locks have a third of that."""

MOST: Final = 300_000
"""Keys, parts of keys, tables and arrays of a file, about."""

_TEXT: Final = compile_possessive(
    r"#[^\n]*+"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''(?:[^']|'(?!''))*+'''"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
"""Comments and strings; where one does not end, TOML's own error says so."""

_LONG_KEY: Final = compile_possessive(
    rf"(?<![\w \t-])[ \t]*+(?:[\w-]*+[ \t]*+\.[ \t]*+){{{DEEPEST}}}"
)
_LONG_NUMBER: Final = compile_possessive(r"\b0[xob][0-9a-fA-F_]{100}")


class NotToml(ValueError):
    """Text that is not TOML, or more of it than anybody writes; the message says why."""


def parse_toml(text: str) -> dict[str, Any]:
    """The document in `text`. Raises `NotToml`."""
    if len(text) > LARGEST:
        raise NotToml(f"it is larger than {LARGEST >> 20} MiB")
    structure = _TEXT.sub("", text)
    if sum(map(structure.count, "=[{.")) > MOST:
        raise NotToml(f"it holds more than {MOST} keys, tables and arrays")
    if _LONG_KEY.search(structure):
        raise NotToml(f"a key of it has more than {DEEPEST} parts")
    if _LONG_NUMBER.search(structure):
        raise NotToml("a number of it does not fit 64 bits")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise NotToml(_too_deep()) from None
    except ValueError as error:  # a number of too many digits is no TOMLDecodeError
        raise NotToml(str(error)) from None
    _check_depth(document)
    return document


def _check_depth(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise NotToml(_too_deep())


def _too_deep() -> str:
    return f"its tables and arrays are more than {DEEPEST} levels deep"
