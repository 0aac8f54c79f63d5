"""JSON files from outside, and the words in them: nothing in one has to be what it should be."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from distil.catalog.facts import Content, Unreadable

Shape = TypeVar("Shape")

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LONGEST: Final = 512
"""Characters of a name or a version."""


def json_file(content: Content, shape: type[Shape]) -> Shape:
    """`content` as `shape`.

    Raises:
        Unreadable: it is no JSON, is nested too deep, or is not of that shape.

    """
    data = content[3:] if content[:3] == _BYTE_ORDER_MARK else content
    try:
        return msgspec.json.decode(data, type=shape)
    except RecursionError:
        raise Unreadable("its JSON is nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"it is not the JSON that it should be: {error}") from None


def word(value: object) -> str:
    """A name or a version: empty if `value` is none, or holds what neither can hold."""
    if not isinstance(value, str):
        return ""
    value = value.strip()
    return value if len(value) <= _LONGEST and value.isprintable() else ""


def line(value: object) -> str:
    """What people read, on one line: empty if `value` is no text."""
    if not isinstance(value, str):
        return ""
    told = " ".join(value[: 4 * _LONGEST].split())[:_LONGEST]
    return told if told.isprintable() else "".join(filter(str.isprintable, told)).strip()


def words(value: object) -> tuple[str, ...]:
    """The words of a list, or of one that stands alone."""
    several = value if isinstance(value, list) else [value]
    return tuple(filter(None, map(word, several)))
