"""JSON that is written in parts, so that a million files never lie in memory as text.

A value is anything that msgspec encodes, an `Object` whose members are values, or `Rows`: an
array whose elements come one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from distil.formats.spelling import readable

_BATCH: Final = 512
"""Elements that are encoded at once."""

_encode = msgspec.json.Encoder().encode


class Rows:
    """An array whose elements are made while it is written; `nested` ones hold values."""

    def __init__(self, elements: Iterable[object], *, nested: bool = False) -> None:
        self.elements = elements
        self.nested = nested


class Object:
    """An object whose members are values, in the order of writing; None is left out."""

    def __init__(self, members: Iterable[tuple[str, object]]) -> None:
        self.members = members


def written(value: object) -> Iterator[bytes]:
    """The JSON text of a value, in parts of some hundred kilobytes at most."""
    if isinstance(value, Object):
        yield from _object(value)
    elif isinstance(value, Rows):
        yield from _nested(value) if value.nested else _batches(value)
    else:
        yield encoded(value)


def encoded(value: object) -> bytes:
    """The JSON text of what msgspec encodes; what is no Unicode is made readable."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_readable(msgspec.to_builtins(value)))


def text_of(value: object) -> str:
    """The JSON text of a value, for where a document has a string."""
    return encoded(value).decode()


def _object(value: Object) -> Iterator[bytes]:
    between = b"{"
    for name, member in value.members:
        if member is not None:
            yield between + _encode(name) + b":"
            yield from written(member)
            between = b",\n"
    yield b"{}" if between == b"{" else b"}"


def _nested(value: Rows) -> Iterator[bytes]:
    between = b"["
    for element in value.elements:
        yield between
        yield from written(element)
        between = b",\n"
    yield b"[]" if between == b"[" else b"]"


def _batches(value: Rows) -> Iterator[bytes]:
    elements = iter(value.elements)
    between = b"["
    while batch := list(islice(elements, _BATCH)):
        yield between + encoded(batch)[1:-1]
        between = b",\n"
    yield b"[]" if between == b"[" else b"]"


def _readable(value: object) -> object:
    """The same value of builtins with every string in Unicode."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list | tuple):
        return [_readable(one) for one in value]
    if isinstance(value, dict):
        return {_readable(key): _readable(one) for key, one in value.items()}
    return value
