"""Telling the documents of an image apart, whatever they claim to be."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.errors import MalformedImage

LARGEST_DOCUMENT: Final = 8 << 20
"""Bytes of an index or manifest, at most: registries accept four MiB."""
MAX_LAYERS: Final = 1000


class _Shape(msgspec.Struct):
    """The keys that tell an index from a manifest."""

    mediaType: str | None = None  # noqa: N815 - as it is in JSON
    layers: object = None
    manifests: object = None
    config: object = None


def check_kind(data: bytes, what: str, key: str, media_type: str = "") -> None:
    """Refuse a document that could be taken for another kind (CVE-2021-41190).

    `key` is what it has to have, ``manifests`` or ``layers``, and `media_type` what it was said
    to be. Raises `MalformedImage`, which calls it `what`.
    """
    try:
        shape = msgspec.json.decode(data, type=_Shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise MalformedImage(what, f"not what it should be: {error}") from error
    other = (shape.layers, shape.config) if key == "manifests" else (shape.manifests,)
    if any(part is not None for part in other):
        raise MalformedImage(what, "both an index and a manifest")
    if shape.mediaType and media_type and shape.mediaType != media_type:
        raise MalformedImage(what, f"it is {shape.mediaType!r}, but was said to be {media_type!r}")
