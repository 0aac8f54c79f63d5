"""What all readers of documents share: decoding with a bound, and errors that say where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec

from distil.sbom.errors import MalformedSbom

LARGEST: Final = 2 << 30
"""Bytes of a document. A million files are some hundred million."""

MOST_IMAGES: Final = 256
"""Images of an index in one document."""

_LONGEST: Final = 300
"""Characters that are told of what is wrong."""

_PLACE: Final = re.compile(r"(?s)(.*) - at `(.*)`")
_Document = TypeVar("_Document")


def decoded(data: bytes | memoryview, kind: type[_Document], name: str) -> _Document:
    """JSON as `kind`. Raises `MalformedSbom`, with the JSON path of what is wrong."""
    if len(data) > LARGEST:
        raise MalformedSbom(name, "", f"more than {LARGEST >> 30} GiB, which no document needs")
    try:
        return _without_nulls(data, kind)
    except msgspec.MsgspecError as error:
        found = _PLACE.fullmatch(str(error))
        why, where = found.groups() if found else (str(error), "")
        raise MalformedSbom(name, where[:_LONGEST], why[:_LONGEST]) from error
    except UnicodeDecodeError as error:
        raise MalformedSbom(name, f"byte {error.start}", "no UTF-8") from error
    except RecursionError as error:
        raise MalformedSbom(name, "", "objects lie too deep in each other") from error


def _without_nulls(data: bytes | memoryview, kind: type[_Document]) -> _Document:
    """JSON as `kind`. What is null counts as not there: some tools write it for what they lack."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        if "got `null`" not in str(error):
            raise
    return msgspec.convert(_dropped(msgspec.json.decode(data)), kind)


def _dropped(value: object) -> object:
    if isinstance(value, dict):
        return {name: _dropped(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_dropped(one) for one in value if one is not None]
    return value


def check_images(count: int, name: str) -> None:
    """Raise `MalformedSbom` where a document has more images than an index would."""
    if count > MOST_IMAGES:
        raise MalformedSbom(name, "", f"{count} images, more than {MOST_IMAGES}")


class Place:
    """The part of a document that is being read: an element of a list, once `position` is set."""

    __slots__ = ("position",)

    def __init__(self) -> None:
        self.position = -1


@contextmanager
def part(name: str, what: str) -> Iterator[Place]:
    """Turn nonsense in the part `what` into `MalformedSbom`; set `position` in a list."""
    place = Place()
    try:
        yield place
    except (ValueError, msgspec.MsgspecError) as error:
        where = f"$.{what}" if place.position < 0 else f"$.{what}[{place.position}]"
        raise MalformedSbom(name, where, str(error)[:_LONGEST]) from error
    except RecursionError as error:
        raise MalformedSbom(name, f"$.{what}", "objects lie too deep in each other") from error
