"""NuGet's order: semantic versions of up to four numbers, words in any case."""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_NUGET: Final = re.compile(
    r"\s*v?(\d+(?:\.\d+){0,3})(?:-([0-9a-z-]+(?:\.[0-9a-z-]+)*))?(?:\+[0-9a-z.-]*)?\s*",
    re.ASCII | re.IGNORECASE,
)


def _parse(version: str) -> Key | None:
    matched = _NUGET.fullmatch(version)
    if matched is None:
        return None
    numbers = [int(one) for one in matched[1].split(".")]
    numbers += [0] * (4 - len(numbers))
    if not matched[2]:
        return (*numbers, (1,))
    labels = (_label(one) for one in matched[2].split("."))
    return (*numbers, (0, *labels))


def _label(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdecimal() else (1, 0, text.upper())


NUGET: Final = ordering("NuGet", _parse)
