"""Maven's order (``ComparableVersion`` of maven-artifact 3.8): lists in lists of numbers and words.

It is no total order: ``1-rc`` < ``1`` < ``1-sp`` while lists and words compare by what they are.
So keys compare pair by pair, as Maven does it.
"""

from __future__ import annotations

import itertools
import re
from functools import cmp_to_key
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_Item = int | str | list["_Item"]

_ENDS: Final = frozenset({".", "-", ""})
_PIECE: Final = re.compile(r"[0-9]+|[^0-9.-]+|[.-]", re.ASCII)

_QUALIFIERS: Final = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_ALIASES: Final = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}
_RELEASE: Final = str(_QUALIFIERS.index(""))


class _Lists:
    """The lists of a version as they are read: the first, and those that began in another."""

    def __init__(self) -> None:
        self.root: list[_Item] = []
        self._all = [self.root]

    def add(self, item: _Item) -> None:
        self._all[-1].append(item)

    def begin(self) -> None:
        nested: list[_Item] = []
        self.add(nested)
        self._all.append(nested)

    def add_number(self, piece: str, following: str) -> None:
        self.add(int(piece))
        if following not in _ENDS:
            self.begin()

    def add_word(self, piece: str, following: str) -> None:
        """``.rc`` counts as ``-rc`` before a number, and where the version ends."""
        is_before_number = following not in _ENDS
        if (is_before_number or not following) and self._all[-1]:
            self.begin()
        self.add(_word(piece, is_before_number=is_before_number))
        if is_before_number:
            self.begin()

    def normalize(self) -> None:
        for one in reversed(self._all):
            _normalize(one)


def _parse(version: str) -> Key:
    lists = _Lists()
    before = "."
    for piece, following in itertools.pairwise([*_PIECE.findall(version.lower()), ""]):
        if piece in _ENDS:
            if before in _ENDS:
                lists.add(0)
            if piece == "-":
                lists.begin()
        elif piece.isdecimal():
            lists.add_number(piece, following)
        else:
            lists.add_word(piece, following)
        before = piece
    lists.normalize()
    return (_ordered(lists.root),)


def _word(word: str, *, is_before_number: bool) -> str:
    if is_before_number:
        word = _SHORT.get(word, word)
    return _ALIASES.get(word, word)


def _normalize(items: list[_Item]) -> None:
    """Without what is nothing at its end: 0, the release's own words, empty lists."""
    for position in range(len(items) - 1, -1, -1):
        item = items[position]
        if item in (0, "", []):
            del items[position]
        elif not isinstance(item, list):
            break


def _compare(one: _Item | None, other: _Item | None) -> int:
    if one is None:
        return 0 if other is None else -_compare(other, None)
    if other is None:
        return _against_nothing(one)
    kinds = _kind(one), _kind(other)
    if kinds[0] != kinds[1]:
        return kinds[0] - kinds[1]
    if isinstance(one, list) and isinstance(other, list):
        return _compare_lists(one, other)
    if isinstance(one, str) and isinstance(other, str):
        left, right = _qualifier(one), _qualifier(other)
        return (left > right) - (left < right)
    assert isinstance(one, int) and isinstance(other, int)  # noqa: S101, PT018 — told by kinds
    return (one > other) - (one < other)


def _kind(item: _Item) -> int:
    """Words are below lists, lists below numbers."""
    return 2 if isinstance(item, int) else 0 if isinstance(item, str) else 1


def _against_nothing(item: _Item) -> int:
    if isinstance(item, int):
        return 1 if item else 0
    if isinstance(item, str):
        qualifier = _qualifier(item)
        return (qualifier > _RELEASE) - (qualifier < _RELEASE)
    return next((told for one in item if (told := _against_nothing(one))), 0)


def _compare_lists(one: list[_Item], other: list[_Item]) -> int:
    for position in range(max(len(one), len(other))):
        result = _compare(
            one[position] if position < len(one) else None,
            other[position] if position < len(other) else None,
        )
        if result:
            return result
    return 0


def _qualifier(word: str) -> str:
    """Known words by their place, others after them by their letters."""
    if word in _QUALIFIERS:
        return str(_QUALIFIERS.index(word))
    return f"{len(_QUALIFIERS)}-{word}"


_ordered: Final = cmp_to_key(_compare_lists)

MAVEN: Final = ordering("Maven", _parse)
