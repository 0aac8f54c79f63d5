"""The SBOMs of an image that was just built: from its bytes, checked against its ledger.

They are made once for an image, and come from the cache for one that was built before.
"""

from __future__ import annotations

from typing import Final

import msgspec

from distil import __version__
from distil.catalog.table import VERSION as CATALOG
from distil.compose.contained import FORMATS, ImageContents, KeptContents
from distil.distros.foundation import Foundation
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.image.artifact import attach
from distil.image.assemble import Image
from distil.model.ledger import Ledger

_AREA: Final = "catalog"
_VERSION: Final = 3
"""Raised whenever documents are made otherwise of the same image."""
_TOLD: Final = 5
"""Remarks that are told one by one."""


def contents_of(
    image: Image, name: str, ledger: Ledger, foundation: Foundation, cache: Cache
) -> ImageContents:
    """What is in `image`, which is called `name`, and the documents about it.

    Warns of what is not as the `ledger` says. Raises what reading layers raises, `DiskFull`,
    `CacheUnwritable`.
    """
    key = f"documents {__version__} {_VERSION} {CATALOG} {image.descriptor.digest} {name}"
    data = cache.document(_AREA, key)
    if data is None:
        from distil.compose.document_making import made_contents  # An image that is new.

        kept = made_contents(image, name, ledger, foundation, cache)
        cache.put_document(_AREA, key, msgspec.msgpack.encode(kept))
    else:
        kept = msgspec.msgpack.decode(data, type=KeptContents)
    for remark in kept.remarks[:_TOLD]:
        emit(Warned(remark))
    if len(kept.remarks) > _TOLD:
        emit(Warned(f"{len(kept.remarks) - _TOLD:,} more such files (`distil sbom -v` lists them)"))
    pairs = zip(FORMATS.values(), kept.documents, strict=True)
    documents = tuple(attach(image.descriptor, *pair) for pair in pairs)
    return ImageContents(kept.components, kept.files, kept.owned, documents)
