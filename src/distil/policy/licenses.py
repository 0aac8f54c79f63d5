"""Which licences of an SPDX expression are denied (SPDX specification, licence expressions)."""

from __future__ import annotations

import re
from typing import Final

from distil.formats.globs import Globs

_WORD: Final = re.compile(r"[()]|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", re.IGNORECASE)
_LONGEST: Final = 10_000
"""Characters of an expression that is taken apart; a longer one is one name."""
_BINDS: Final = {"OR": 1, "AND": 2}

_Denied = frozenset[str]


def denied_in(expression: str, denied: Globs) -> frozenset[str]:
    """The licences in `denied` that `expression` does not let one do without; none if it is fine.

    `denied` are patterns in lower case. Of licences joined with OR one may be chosen, so that all
    have to be denied; of those joined with AND all hold. A licence with an exception is one of its
    own, ``GPL-3.0-only WITH GCC-exception-3.1``. What is no expression is one name.
    """
    if len(expression) <= _LONGEST:
        found = _Expression(denied).read(expression)
        if found is not None:
            return found
    return _of_name(expression, denied)


class _Expression:
    """An expression as far as it was read: operators wait for what binds closer (shunting yard)."""

    def __init__(self, denied: Globs) -> None:
        self._denied = denied
        self._values: list[_Denied] = []
        self._waiting: list[str] = []
        self._expects_name = True

    def read(self, text: str) -> _Denied | None:
        """What is denied of all of `text`; None where it is no expression."""
        for word in _WORD.findall(text):
            if not self._takes(word):
                return None
        if self._expects_name or "(" in self._waiting:
            return None
        self._apply(0)
        return self._values[0]

    def _takes(self, word: str) -> bool:
        """Whether `word` can come next."""
        operator = word.upper()
        is_name = operator not in _BINDS and word not in "()"
        if self._expects_name:
            if word == "(":
                self._waiting.append(word)
            elif is_name:
                self._values.append(_of_name(word, self._denied))
                self._expects_name = False
            return is_name or word == "("
        if operator in _BINDS:
            self._apply(_BINDS[operator])
            self._waiting.append(operator)
            self._expects_name = True
            return True
        if word == ")" and "(" in self._waiting:
            self._apply(0)
            self._waiting.pop()
            return True
        return False

    def _apply(self, least: int) -> None:
        """Apply what waits since the last parenthesis and binds as close as `least` or closer."""
        while self._waiting and _BINDS.get(self._waiting[-1], -1) >= least:
            operator = self._waiting.pop()
            right, left = self._values.pop(), self._values.pop()
            all_hold = operator == "AND" or (left and right)
            self._values.append(left | right if all_hold else frozenset())


def _of_name(name: str, denied: Globs) -> _Denied:
    name = " ".join(name.split())
    return frozenset({name}) if name.lower() in denied else frozenset()
