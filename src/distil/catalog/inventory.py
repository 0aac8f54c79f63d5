"""What is in an image, as it is known or, the first time, as it is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.catalog.asked import Asked
from distil.catalog.kept import AREA, decoded, encoded
from distil.catalog.table import VERSION
from distil.fetch.cache import Cache
from distil.image.layer import Layer
from distil.image.layer_contents import wrong_digest
from distil.model.errors import CorruptContent
from distil.model.inventory import Inventory, Subject

_FORMAT: Final = 5
"""Raised whenever an inventory is made otherwise of the same records."""


def inventory(
    subject: Subject, layers: Sequence[Layer], cache: Cache, asked: Asked | None = None
) -> Inventory:
    """What is in the image of `layers`, lowest first, which `subject` names.

    A layer that the cache knows is not read again, and hashed again only where that is asked for:
    the answer is about the bytes that the image's manifest and configuration name. Raises
    `MalformedImage`, `MalformedArchive` for a hostile or damaged layer, `LimitExceeded` for one
    beyond a limit, OSError.
    """
    asked = asked or Asked()
    key = _key(layers, asked)
    known = cache.document(AREA, key)
    if asked.hashed:
        _hash(layers)
    if known is not None:
        return msgspec.structs.replace(decoded(known, _DECODER), subject=subject)
    from distil.catalog.making import make

    made = make(subject, layers, cache, asked)
    cache.put_document(AREA, key, encoded(made))
    return made


_DECODER: Final = msgspec.msgpack.Decoder(Inventory)


def _key(layers: Sequence[Layer], asked: Asked) -> str:
    """What the inventory depends on. Each part has its length: an image writes texts of its own."""
    hasher = hashlib.sha256()
    for part in _told(layers, asked):
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(b"%d " % len(data))
        hasher.update(data)
    return f"inventory {hasher.hexdigest()}"


def _told(layers: Sequence[Layer], asked: Asked) -> Iterator[str]:
    yield f"{VERSION} {_FORMAT} {asked.scope} {asked.contents} {len(layers)} {len(asked.owned)}"
    for layer in layers:
        one = layer.descriptor
        yield f"{layer.diff_id} {one.digest} {one.size} {one.media_type}"
        yield layer.created_by
    for path, (attribution, rule) in sorted(asked.owned.items()):
        yield from (path, attribution, rule)


def _hash(layers: Sequence[Layer]) -> None:
    """Hash what is stored of `layers`. Raises `MalformedImage` for other bytes than were meant."""
    for layer in layers:
        try:
            for _ in layer.blob.chunks():
                pass
        except CorruptContent as error:
            raise wrong_digest(layer) from error
