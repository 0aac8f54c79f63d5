"""What is in an image, as it is known or, the first time, as it is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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

_FORMAT: Final = 1
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
    hasher = hashlib.sha256(f"{VERSION} {_FORMAT} {asked.scope} {asked.contents}".encode())
    for layer in layers:
        hasher.update(f"\n{layer.diff_id} {layer.descriptor.digest} {layer.created_by}".encode())
    for path, (attribution, rule) in sorted(asked.owned.items()):
        hasher.update(f"\n{path}\0{attribution}\0{rule}".encode("utf-8", "surrogatepass"))
    return f"inventory {hasher.hexdigest()}"


def _hash(layers: Sequence[Layer]) -> None:
    """Hash what is stored of `layers`. Raises `MalformedImage` for other bytes than were meant."""
    for layer in layers:
        try:
            for _ in layer.blob.chunks():
                pass
        except CorruptContent as error:
            raise wrong_digest(layer) from error
