"""The base of all errors distil raises on purpose: what, where, why, and the next step.

Each class knows its exit code. 1: the answer is "no". 2: the work could not be done (usage,
input, network). 3: the answer could not be told. Nothing below `cli` exits the process.

A class stands in the lowest room that raises or catches it, in its module `errors`; here stands
only what several rooms raise and none owns. docs/reference/errors.md has them all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST_SLIP = 100
"""Characters of a word that is compared with others, which takes their product."""


class DistilError(Exception):
    """Base of all errors meant for a user: one message, one optional hint."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def nearest(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The entries of `known` that `word` may be a slip of, best first."""
    if len(word) > _LONGEST_SLIP:
        return []
    return difflib.get_close_matches(word, list(known), n=limit, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what `word` may be a slip of, or an empty string."""
    found = nearest(word, known)
    return f"did you mean {' or '.join(found)}?" if found else ""


class NoAnswer(DistilError):
    """Something that was given a certain time and took longer."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(
            f"{what}: no answer within {seconds:g} s",
            hint="check the network, the name servers and the proxy",
        )
