"""What an ordering of versions is: a way to make keys that compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Key = tuple[Any, ...]
"""Something that orders as the version does; keys of one ordering compare with each other."""

LONGEST_VERSION: Final = 256
"""Characters. Longer ones are nobody's, and parsing numbers and nested parts has its price."""

_KEPT: Final = 1 << 16
"""Keys that are kept for each ordering: packages share versions, advisories share fixes."""


class InvalidVersion(ValueError):
    """A version that its ecosystem cannot order, so that nothing can be said about a range."""

    def __init__(self, version: str, ordering: str) -> None:
        shown = version if len(version) <= LONGEST_VERSION else version[:40] + "…"
        super().__init__(f"{shown!r} is no version as {ordering} orders them")


@dataclass(frozen=True, slots=True)
class Ordering:
    """How an ecosystem orders versions; `name` is what people call it.

    `key` raises `InvalidVersion` for what cannot be ordered.
    """

    name: str
    key: Callable[[str], Key]

    def compare(self, first: str, second: str) -> int:
        """Negative, zero or positive as `first` is lower than, equal to or above `second`."""
        one, other = self.key(first), self.key(second)
        return (one > other) - (one < other)


def ordering(name: str, parse: Callable[[str], Key | None]) -> Ordering:
    """An ordering by what `parse` makes of a version: None where that is no version."""

    @lru_cache(maxsize=_KEPT)
    def key(version: str) -> Key:
        made = parse(version) if 0 < len(version) <= LONGEST_VERSION else None
        if made is None:
            raise InvalidVersion(version, name)
        return made

    return Ordering(name, key)
