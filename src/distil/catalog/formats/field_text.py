"""What databases of packages have in common: their root, and text that may not be UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LONGEST_PATH: Final = 4096
"""Bytes of a path, as Linux has it: what is longer cannot be in an image."""

MOST_FILES: Final = 1_000_000
"""Files that one database is read with; a whole desktop has a third of it."""


def root_above(path: str, places: Iterable[str]) -> str:
    """The root that a package manager has for its own, whose database is at `path`.

    `places` are the paths where a database is below its root; the root of the image is ``/``.
    """
    for place in places:
        if path.endswith(place):
            return path[: -len(place)] or "/"
    return "/"


def clean(text: str) -> str:
    """`text`, which was read with surrogate escapes, with a replacement for bytes of no UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
