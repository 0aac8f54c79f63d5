"""Regular expressions that never go back, on every version of Python 3.11.

CPython before 3.11.5 mismatches possessive quantifiers of groups whose contents backtrack
(gh-106052), and Debian 12 has 3.11.2. An atomic group around the same group with a greedy
quantifier says the same, and those versions match it rightly.
"""

from __future__ import annotations

import re


def compile_possessive(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile `pattern`, its possessive groups ``(…)*+`` written as ``(?>(…)*)``."""
    return re.compile(atomic(pattern), flags)


def atomic(pattern: str) -> str:
    """`pattern` with atomic groups in place of possessive quantifiers of groups."""
    pieces: list[str] = []
    openings: list[int] = []
    at = 0
    while at < len(pattern):
        piece = _piece(pattern, at)
        at += len(piece)
        if piece == "(":
            openings.append(len(pieces))
        pieces.append(piece)
        if piece == ")":
            start = openings.pop()
            if pattern[at : at + 1] in {"*", "+", "?"} and pattern[at + 1 : at + 2] == "+":
                pieces[start:] = ["(?>", *pieces[start:], pattern[at], ")"]
                at += 2
    return "".join(pieces)


def _piece(pattern: str, at: int) -> str:
    """One escape, character class or character of `pattern`."""
    if pattern[at] == "\\":
        return pattern[at : at + 2]
    if pattern[at] != "[":
        return pattern[at]
    end = at + 1 + (pattern[at + 1] == "^")
    end += pattern[end] == "]"
    while pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return pattern[at : end + 1]
