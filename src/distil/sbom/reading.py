"""What all readers of documents share: decoding with a bound, and errors that say where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec

from distil.formats.json_document import NotTheDocument
from distil.formats.json_document import decoded as decoded_json
from distil.sbom.errors import MalformedSbom

LARGEST: Final = 2 << 30
"""Bytes of a document. A million files are some hundred million."""

MOST_IMAGES: Final = 256
"""Images of an index in one document."""

_LONGEST: Final = 300
"""Characters that are told of what is wrong."""

_Document = TypeVar("_Document")


def decoded(data: bytes | memoryview, kind: type[_Document], name: str) -> _Document:
    """JSON as `kind`. Raises `MalformedSbom`, with the JSON path of what is wrong."""
    if len(data) > LARGEST:
        raise MalformedSbom(name, "", f"more than {LARGEST >> 30} GiB, which no document needs")
    try:
        return decoded_json(data, kind)
    except NotTheDocument as error:
        raise MalformedSbom(name, error.where, error.why) from error


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
