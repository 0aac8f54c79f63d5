"""How resolutions and built wheels are kept in the cache: msgpack, digests as their text."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from distil.model.digest import Digest

T = TypeVar("T")


def encode(value: object) -> bytes:
    """`value` as bytes."""
    return msgspec.msgpack.encode(value, enc_hook=_text)


def decode(data: bytes, kind: type[T]) -> T:
    """A value of type `kind` that `encode` wrote; digests are validated again."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_digest)


def _text(value: Any) -> str:  # noqa: ANN401 - what msgspec does not know
    if isinstance(value, Digest):
        return str.__str__(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be stored")


def _digest(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's signature
    if kind is Digest:
        return Digest(value)
    raise NotImplementedError(f"{kind.__name__} cannot be read")
