"""Finding text like ``1.2.3`` in the data of programs, quickly.

A pattern that begins with a zero, or with a digit, is tried at every second byte of a program.
One that begins with a full stop is tried at few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Content

_TAIL: Final = re.compile(rb"\.\d{1,5}[-.+\w]{0,40}\0")
"""What follows the first number of a version, up to the zero at its end."""
_BEFORE: Final = 16
_MOST: Final = 1 << 16
"""Places of one file that are looked at."""


def version_strings(
    content: Content, pattern: re.Pattern[bytes], start: int = 0, end: int | None = None
) -> Iterator[re.Match[bytes]]:
    """Where `pattern` matches something that ends in a dotted number and a zero byte.

    `pattern` is searched from 16 bytes before its first full stop to the zero.
    """
    tails = _TAIL.finditer(content, start, len(content) if end is None else end)
    for _, tail in zip(range(_MOST), tails, strict=False):
        match = pattern.search(content, max(start, tail.start() - _BEFORE), tail.end())
        if match is not None:
            yield match
