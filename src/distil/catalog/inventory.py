"""Cataloguing an image: its layers read once, laid on each other, and what they say joined."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.catalog.attribute import Attributing, Owned
from distil.catalog.documentation import follow_documentation
from distil.catalog.history import stays
from distil.catalog.join import join
from distil.catalog.kept import decoded, encoded
from distil.catalog.layer_record import AREA, LayerRecord, layer_record
from distil.catalog.owners import claimed
from distil.catalog.squash import Squashed, squash, standing_facts
from distil.catalog.standing import Standing, removed
from distil.catalog.table import VERSION
from distil.catalog.verdict import verdict_of
from distil.fetch.cache import Cache
from distil.image.layer import Layer
from distil.image.layer_contents import Allowance, wrong_digest
from distil.image.limits import limits_here
from distil.image.read_tree import side_by_side
from distil.model.errors import CorruptContent
from distil.model.inventory import Inventory, InventoryLayer, Remark, Scope, Subject

_FORMAT: Final = 1
"""Raised whenever an inventory is made otherwise of the same records."""


class Asked(msgspec.Struct, frozen=True):
    """What an inventory shall tell. Without `contents` nothing of files is hashed.

    `owned` tells of paths that no component claims. With `hashed` the stored bytes of every layer
    are hashed, also of those that are known.
    """

    scope: Scope = Scope.SQUASHED
    contents: bool = True
    owned: Owned = {}
    hashed: bool = False


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
    made = _made(subject, layers, _records(layers, cache, asked), asked)
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


def _records(layers: Sequence[Layer], cache: Cache, asked: Asked) -> list[LayerRecord]:
    allowance = Allowance(limits_here())

    def read(layer: Layer, allowance: Allowance) -> LayerRecord:
        return layer_record(layer, cache, allowance, checksums=asked.contents)

    with contextlib.closing(side_by_side(layers, read, allowance)) as records:
        return list(records)


def _made(
    subject: Subject, layers: Sequence[Layer], records: Sequence[LayerRecord], asked: Asked
) -> Inventory:
    squashed = squash(records, limits_here().symlink_hops)
    history = stays(records)
    told = join(standing_facts(squashed, records))
    follow_documentation(told, squashed.tree)
    claims = claimed(told, squashed.tree)
    standing = Standing(told, claims, history)
    attributed = Attributing(told, squashed, claims, asked.owned).files()
    components, files = standing.numbered(attributed)
    if asked.scope is Scope.ALL_LAYERS:
        components += removed(history, told.release)
    made = Inventory(
        subject=subject,
        release=told.release,
        layers=tuple(_layer(layer) for layer in layers),
        components=components,
        relations=tuple(sorted(standing.relations())),
        files=files,
        has_files=asked.contents,
        scope=asked.scope,
        remarks=tuple(sorted(_remarks(records, squashed))),
    )
    return msgspec.structs.replace(made, verdict=verdict_of(made))


def _layer(layer: Layer) -> InventoryLayer:
    one = layer.descriptor
    return InventoryLayer(
        str(layer.diff_id), str(one.digest), one.size, one.media_type, layer.created_by
    )


def _remarks(records: Sequence[LayerRecord], squashed: Squashed) -> Iterator[Remark]:
    """What was remarked on files that a container sees."""
    for number, record in enumerate(records):
        for remark in record.remarks:
            if squashed.layer_of.get(remark.path) == number:
                yield remark
