"""Values as the cache keeps them: MessagePack, also of names that are not UTF-8.

MessagePack has only UTF-8 texts, and a path is any bytes (Python's surrogate escapes). A value with
such a text is kept with every text written byte by byte; the first byte of a document tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

Value = TypeVar("Value")

AREA: Final = "catalog"
"""The area of the cache."""

_PLAIN: Final = b"0"
_BY_BYTE: Final = b"1"
_ENCODER: Final = msgspec.msgpack.Encoder()


def encoded(value: object) -> bytes:
    """`value` as a document."""
    try:
        return _PLAIN + _ENCODER.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,))
        return _BY_BYTE + _ENCODER.encode(_mapped(plain, _by_byte))


def decoded(data: bytes, decoder: msgspec.msgpack.Decoder[Value]) -> Value:
    """The value of the type of `decoder` in the document `data`, which `encoded` made."""
    body = memoryview(data)[1:]
    if data[:1] == _PLAIN:
        return decoder.decode(body)
    return msgspec.convert(_mapped(msgspec.msgpack.decode(body), _as_was), decoder.type)


def _by_byte(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("latin-1")


def _as_was(text: str) -> str:
    return text.encode("latin-1").decode("utf-16-le", "surrogatepass")


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_mapped(one, change) for one in value]
    if isinstance(value, dict):
        return {_mapped(key, change): _mapped(one, change) for key, one in value.items()}
    return value
