"""Cataloguing an image: its layers read once, laid on each other, and what they say joined."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from distil.catalog.asked import Asked
from distil.catalog.attribute import Attributing
from distil.catalog.documentation import follow_documentation
from distil.catalog.history import stays
from distil.catalog.join import join
from distil.catalog.layer_record import LayerRecord, layer_record
from distil.catalog.owners import claimed
from distil.catalog.squash import RecordedFile, Squashed, squash, standing_facts
from distil.catalog.standing import Standing, removed
from distil.catalog.verdict import verdict_of
from distil.fetch.cache import Cache
from distil.image.layer import Layer
from distil.image.layer_contents import Allowance
from distil.image.limits import limits_here
from distil.image.read_tree import side_by_side
from distil.model.inventory import Inventory, InventoryLayer, Remark, Scope, Subject


def _records(layers: Sequence[Layer], cache: Cache, asked: Asked) -> list[LayerRecord]:
    allowance = Allowance(limits_here())

    def read(layer: Layer, allowance: Allowance) -> LayerRecord:
        return layer_record(layer, cache, allowance, checksums=asked.contents)

    with contextlib.closing(side_by_side(layers, read, allowance)) as records:
        return list(records)


def make(subject: Subject, layers: Sequence[Layer], cache: Cache, asked: Asked) -> Inventory:
    """What is in the image of `layers`. Raises what `inventory.inventory` raises."""
    records = _records(layers, cache, asked)
    squashed = squash(records, limits_here().symlink_hops)
    history = stays(records)
    told = join(standing_facts(squashed, records))
    follow_documentation(told, squashed.tree)
    claims = claimed(told, squashed.tree)
    standing = Standing(told, claims, history)
    attributing = Attributing(told, squashed, claims, asked.owned)
    components, files = standing.numbered(attributing.files() if asked.contents else ())
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
    """What was remarked on files that a container sees, where it sees them."""
    told: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for number, record in enumerate(records):
        for remark in record.remarks:
            told[number, remark.path].append(remark.what)
    for node in squashed.tree if told else ():
        if isinstance(node.blob, RecordedFile):
            for what in told.get((node.blob.layer, node.blob.entry.path), ()):
                yield Remark(node.path, what)
