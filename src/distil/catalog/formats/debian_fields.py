"""Paragraphs of ``Name: value``, as dpkg's and opkg's databases and copyright files have them.

Reads what those tools read and more: one wrong line costs that line, since of a damaged database
as much as possible is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.catalog.facts import Content, Unreadable

Fields = dict[str, str]
"""The fields of one paragraph by their names in lower case, continuation lines as they stand."""

MOST_PARAGRAPHS: Final = 400_000
"""Paragraphs of one file; Debian has 70,000 packages."""

_FIELD: Final = re.compile(
    r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE
)
_BETWEEN: Final = re.compile(r"\n(?:[ \t\r]*\n)+")


def text_of(content: Content) -> str:
    """All of `content`; bytes that are not UTF-8 as surrogate escapes, since paths may have them.

    Raises `Unreadable` for what has zero bytes, and so is no text.
    """
    if content.find(b"\0") >= 0:
        raise Unreadable("no text")
    return content[:].decode("utf-8", "surrogateescape")


def paragraphs(text: str) -> Iterator[Fields]:
    """Every paragraph that has a field; of a field given twice the first counts.

    Raises `Unreadable` beyond `MOST_PARAGRAPHS`.
    """
    for number, paragraph in enumerate(_BETWEEN.split(text)):
        if number >= MOST_PARAGRAPHS:
            raise Unreadable(f"more than {MOST_PARAGRAPHS} paragraphs")
        fields: Fields = {}
        for name, value in _FIELD.findall(paragraph):
            fields.setdefault(name.lower(), value.rstrip())
        if fields:
            yield fields


def printable(text: str) -> str:
    """`text` for people and documents, stripped: bytes that are not UTF-8 are replaced."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.strip()
