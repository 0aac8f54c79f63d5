"""What is in an image: its bytes catalogued, held against its ledger, with the base marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from distil.catalog.asked import Asked
from distil.catalog.inventory import inventory
from distil.compose.accounted import by_its_word, compared, completed, owned_by
from distil.fetch.cache import Cache
from distil.image.layer import Layer
from distil.model.digest import Digest
from distil.model.inventory import BaseImage, Inventory, InventoryLayer, Subject
from distil.model.ledger import Ledger


def catalogued(
    subject: Subject,
    layers: Sequence[Layer],
    ledger: Ledger | None,
    cache: Cache,
    asked: Asked,
    *,
    is_ours: bool = True,
) -> Inventory:
    """What is in an image of `layers`, and whether that is what `ledger` says.

    `is_ours`: the ledger was written here; what another one alone says is told as that. Raises
    what `inventory` raises.
    """
    if ledger is None:
        return inventory(subject, layers, cache, asked)
    asked = msgspec.structs.replace(asked, owned=owned_by(ledger, is_ours=is_ours))
    found = inventory(subject, layers, cache, asked)
    found = completed(found, ledger, is_ours=is_ours)
    if not is_ours:
        found = by_its_word(found)
    return compared(found, ledger) if found.has_files else found


def with_base(found: Inventory, base: BaseImage | None, below: Collection[Digest]) -> Inventory:
    """`found` with its base, whose layers are marked: those of `below`, or else the lowest."""
    if base is None:
        return found
    layers = tuple(
        _marked(layer, is_base=layer.diff_id in below if below else number < base.layers)
        for number, layer in enumerate(found.layers)
    )
    return msgspec.structs.replace(found, base=base, layers=layers)


def _marked(layer: InventoryLayer, *, is_base: bool) -> InventoryLayer:
    return msgspec.structs.replace(layer, is_base=is_base)
