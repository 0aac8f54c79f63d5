"""The ledgers of images that are there: with the image, or in the cache of who built it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.compose.errors import NoLedger
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.formats.errors import MalformedLedger
from distil.formats.ledger import MEDIA_TYPE, decode_ledger
from distil.image.read import StoredImage, find_artifact, read_image
from distil.image.stores import NOTHING_SAID, Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.ledger import Ledger
from distil.model.platform import Platform
from distil.model.reference import Location

AREA: Final = "ledgers"


class OpenedLedger(msgspec.Struct, frozen=True):
    """The ledger of an image, how to call that, and whether it had to come from the cache."""

    ledger: Ledger
    image: str
    from_cache: bool


def open_ledger(
    location: Location,
    cache: Cache,
    platform: Platform | None = None,
    settings: StoreSettings = NOTHING_SAID,
) -> OpenedLedger:
    """The ledger of the image at `location`, of this machine's or `platform` among several.

    Engines and ``docker save`` drop what refers to an image; the cache knows the images that
    were built here by their digest and ID. Raises `NoLedger`, `MalformedLedger`, and what
    `Store.image_id` and `read_image` raise.
    """
    store = store_to_read(location, settings)
    known = store.image_id()
    if known is not None:
        return _cached([known], str(location), cache)
    with store.opened() as source:
        return _ledger_in(source, read_image(source, platform), cache)


def find_ledger(source: Source, image: StoredImage, cache: Cache) -> Ledger | None:
    """The ledger of `image`, which was read from `source`; None when none is known here.

    Raises `MalformedLedger`, `MalformedImage`.
    """
    try:
        return _ledger_in(source, image, cache).ledger
    except NoLedger:
        return None


def ledger_about(source: Source, image: StoredImage, cache: Cache) -> OpenedLedger | None:
    """The ledger of `image` for who does not believe everybody; None when there is none.

    That of the cache, which was written when the image was built here, counts before one that
    lies beside the image: that can be from anybody who may write there. One that cannot be read
    is warned of. Raises OSError.
    """
    digests = [image.descriptor.digest, image.manifest.config.digest]
    with contextlib.suppress(NoLedger, MalformedLedger):
        return _cached(digests, str(source.location), cache)
    try:
        return _ledger_in(source, image, cache)
    except NoLedger:
        return None
    except (MalformedLedger, MalformedImage, CorruptContent) as error:
        emit(Warned(f"the ledger beside {source.location} is not used: {error.message}"))
        return None


def _ledger_in(source: Source, image: StoredImage, cache: Cache) -> OpenedLedger:
    where, digest = str(source.location), image.descriptor.digest
    called = f"{where} ({image.platform})" if image.is_of_several else where
    data = find_artifact(source, digest, MEDIA_TYPE)
    if data is not None:
        return OpenedLedger(decode_ledger(data), called, from_cache=False)
    return _cached([digest, image.manifest.config.digest], called, cache)


def _cached(digests: Sequence[Digest], called: str, cache: Cache) -> OpenedLedger:
    for digest in digests:
        data = cache.document(AREA, digest.hex)
        if data is not None:
            return OpenedLedger(decode_ledger(data), called, from_cache=True)
    raise NoLedger(called)
