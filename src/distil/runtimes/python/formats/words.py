"""Words and names that stand anywhere in the text of a Python file."""

from __future__ import annotations

import functools
import re
from typing import Final

from distil.formats.possessive import compile_possessive

_MODULE_STRING: Final = compile_possessive(
    r"""["'](\.*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|-\w+)*+)(?::\w[\w.]*)?["']"""
)
_ENCODING: Final = re.compile(
    r"""["']((?:big5|cp|euc|gb|hp_?roman|hz|iso|johab|koi|kz|mac|ptcp|shift|sjis|tis|windows)"""
    r"""[\w-]{0,20})["']""",
    re.IGNORECASE,
)
MAX_STRINGS: Final = 20_000
"""Module-like strings kept of one file; tables longer than this are data, not code."""


def module_strings(text: str) -> tuple[str, ...]:
    """The string literals that have the form of a module path, each once."""
    return tuple(dict.fromkeys(_MODULE_STRING.findall(text)))[:MAX_STRINGS]


def encoding_strings(text: str) -> tuple[str, ...]:
    """The string literals that begin as names of character encodings do, Unicode's left out."""
    return tuple(dict.fromkeys(_ENCODING.findall(text)))


def mentioned(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `words` that stand in `text`."""
    return tuple(
        word for core, same in _by_core(words) if core in text for word in same if word in text
    )


@functools.lru_cache(maxsize=8)
def _by_core(words: tuple[str, ...]) -> tuple[tuple[str, list[str]], ...]:
    """`words` by what is left without the punctuation before it, so that it is looked for once."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(word.lstrip(" \t\n=(:;.\"'"), []).append(word)
    return tuple(groups.items())
