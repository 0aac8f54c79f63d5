"""The order of Ruby's gems (``Gem::Version``)."""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_GEM: Final = re.compile(
    r"\s*([0-9]+(?:\.[0-9a-z]+)*(?:-[0-9a-z-]+(?:\.[0-9a-z-]+)*)?)\s*", re.ASCII | re.IGNORECASE
)
_SEGMENT: Final = re.compile(r"[0-9]+|[a-z]+", re.ASCII | re.IGNORECASE)

# What is missing is as good as 0, and a word is lower than that: it makes a pre-release.
_WORD, _END, _NUMBER = range(3)


def _parse(version: str) -> Key | None:
    matched = _GEM.fullmatch(version)
    if matched is None:
        return None
    segments = _SEGMENT.findall(matched[1].replace("-", ".pre."))
    first_word = next((at for at, one in enumerate(segments) if not one.isdecimal()), len(segments))
    key: list[tuple[int, int, int | str]] = []
    zeros = 0
    for one in _without_zeros(segments[:first_word]) + segments[first_word:]:
        if not one.strip("0"):
            zeros += 1
            continue
        # The sooner a word comes, the lower; the sooner a number, the higher.
        key.append((_NUMBER, -zeros, int(one)) if one.isdecimal() else (_WORD, zeros, one))
        zeros = 0
    return (*key, (_END, 0, 0))


def _without_zeros(segments: list[str]) -> list[str]:
    while segments and not segments[-1].strip("0"):
        segments = segments[:-1]
    return segments


GEM: Final = ordering("RubyGems", _parse)
