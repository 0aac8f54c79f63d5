"""Comparing Debian versions (Debian Policy 5.6.12, dpkg's ``verrevcmp``)."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

VersionKey = tuple[str | int, ...]
"""Something that orders as the version does: compare it with ``<`` and ``==``."""

_RUNS: Final = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)

_HOLDS: Final[dict[str, Callable[[VersionKey, VersionKey], bool]]] = {
    "<<": operators.lt,
    "<=": operators.le,
    "<": operators.le,
    "=": operators.eq,
    ">=": operators.ge,
    ">": operators.ge,
    ">>": operators.gt,
}

_END: Final = "\1"
"""Stands for the end of a run without digits: after a tilde, before everything else."""


class _Order(dict[int, str]):
    """How characters sort: tilde, end of the run, letters, then all others."""

    def __missing__(self, code: int) -> str:
        letter = 65 <= code <= 90 or 97 <= code <= 122
        # 256 as in dpkg; the surrogates in the way of a few far characters do no harm.
        sorts_as = "\0" if code == 126 else chr(code if letter else min(code + 256, 0x10FFFF))
        self[code] = sorts_as
        return sorts_as


_ORDER: Final = _Order()


@lru_cache(maxsize=1 << 16)
def version_key(version: str) -> VersionKey:
    """A key that sorts `version` among others.

    The epoch goes up to the first colon, the revision begins after the last hyphen; without
    them both are 0. No version is refused: an index is compared as it is, as apt does.
    """
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, "0"
    return _part_key(epoch) + _part_key(upstream) + _part_key(revision)


def compare_versions(first: str, second: str) -> int:
    """Negative, zero or positive as `first` is lower than, equal to or higher than `second`."""
    one, other = version_key(first), version_key(second)
    return (one > other) - (one < other)


def satisfies(version: str, operator: str, wanted: str) -> bool:
    """Whether ``version operator wanted`` holds; `operator` as in Debian Policy 7.1.

    The deprecated ``<`` and ``>`` mean ``<=`` and ``>=``. No operator accepts every version.
    """
    if not operator:
        return True
    return _HOLDS[operator](version_key(version), version_key(wanted))


def _part_key(part: str) -> VersionKey:
    """Runs without digits and numbers in turn, so that comparing tuples compares the parts.

    A number is its length without leading zeros, then its digits: that orders numbers of any
    size. The key ends as a part without digits does, since a shorter part sorts by that.
    """
    key: list[str | int] = []
    for text, digits in _RUNS.findall(part or "0"):
        if not text and not digits:
            break
        number = digits.lstrip("0")
        key += (text.translate(_ORDER) + _END, len(number), number)
    key.append(_END)
    return tuple(key)
