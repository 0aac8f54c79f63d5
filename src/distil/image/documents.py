"""Telling the documents of an image apart, whatever they claim to be."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.image.errors import JsonTooDeep
from distil.image.limits import limits_here
from distil.model.errors import LimitExceeded, MalformedImage

_TOKEN: Final = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
"""What opens or closes something in JSON; what a backslash stands before does neither."""
_OPENING: Final = (b"{", b"[")


class _Shape(msgspec.Struct):
    """The keys that tell an index from a manifest."""

    mediaType: str | None = None  # noqa: N815 - as it is in JSON
    layers: object = None
    manifests: object = None
    config: object = None


def check_costs(data: bytes, what: str, too_large: type[LimitExceeded]) -> None:
    """Refuse a document that is too large, which is an error of class `too_large`, or too deep.

    Raises `LimitExceeded`, which calls it `what`.
    """
    limits = limits_here()
    check_size(len(data), what, too_large)
    if sum(map(data.count, _OPENING)) > limits.json_depth and _is_deeper(data, limits.json_depth):
        raise JsonTooDeep(what, f"nested more than {limits.json_depth} deep")


def check_size(size: int, what: str, too_large: type[LimitExceeded]) -> None:
    """Refuse a document of `size` bytes, when that is more than the limit of `too_large`."""
    largest = too_large.value(limits_here())
    if size > largest:
        raise too_large(what, f"larger than {largest} bytes")


def _is_deeper(data: bytes, limit: int) -> bool:
    """Whether more than `limit` objects and lists lie in each other."""
    depth = 0
    in_string = False
    for found in _TOKEN.finditer(data):
        token = found[0]
        if token == b'"':
            in_string = not in_string
        elif not in_string and token in _OPENING:
            depth += 1
            if depth > limit:
                return True
        elif not in_string and token in (b"}", b"]"):
            depth -= 1
    return False


def check_kind(data: bytes, what: str, key: str, media_type: str = "") -> None:
    """Refuse a document that could be taken for another kind (CVE-2021-41190).

    `key` is what it has to have, ``manifests`` or ``layers``, and `media_type` what it was said
    to be. Raises `MalformedImage`, which calls it `what`.
    """
    try:
        shape = msgspec.json.decode(data, type=_Shape)
    except (ValueError, RecursionError) as error:
        raise MalformedImage(what, f"not what it should be: {error}") from error
    other = (shape.layers, shape.config) if key == "manifests" else (shape.manifests,)
    if any(part is not None for part in other):
        raise MalformedImage(what, "both an index and a manifest")
    if shape.mediaType and media_type and shape.mediaType != media_type:
        raise MalformedImage(what, f"it is {shape.mediaType!r}, but was said to be {media_type!r}")
