"""`why`: what the ledger of an image says of a path."""

from __future__ import annotations

import msgspec

from distil.compose.ledgers import open_ledger
from distil.explain.explain import Answer, Question, ask
from distil.fetch.cache import Cache
from distil.image.read import read_image
from distil.image.read_tree import read_listing
from distil.image.stores import NOTHING_SAID, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.platform import Platform, optional_platform
from distil.model.reference import Location, parse_location


class Found(msgspec.Struct, frozen=True):
    """An answer, and whether the ledger it is from was in the cache only."""

    answer: Answer
    from_cache: bool


def why(
    image: str,
    question: Question,
    platform: str = "",
    settings: StoreSettings = NOTHING_SAID,
    *,
    verify: bool = False,
) -> Found:
    """What the ledger of `image`, a place such as ``oci:DIR:TAG``, says to `question`.

    Of an image for several platforms it is this machine's, or the one named. No layer is read
    for that; with `verify` all are hashed first, as `check` does. Raises `NoLedger`,
    `NothingAsked`, `NothingKnown`, and what reading the image raises.
    """
    where, cache, target = parse_location(image), Cache.default(), optional_platform(platform)
    if verify:
        _verify(where, cache, target, settings)
    opened = open_ledger(where, cache, target, settings)
    return Found(ask(opened.ledger, question, opened.image), opened.from_cache)


def _verify(
    where: Location, cache: Cache, platform: Platform | None, settings: StoreSettings
) -> None:
    """Hash every layer. Raises `MalformedImage` for one that is not what the image says."""
    with store_to_read(where, settings).opened() as source:
        read_listing(read_image(source, platform).layers, cache)
