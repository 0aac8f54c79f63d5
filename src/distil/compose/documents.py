"""The SBOMs of an image that was just built: from its bytes, checked against its ledger.

They are made once for an image, and come from the cache for one that was built before.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from distil.catalog.asked import Asked
from distil.catalog.table import VERSION as CATALOG
from distil.compose.accounted import base_layers
from distil.compose.contents import catalogued, with_base
from distil.compose.subject_of_image import subject_of_built
from distil.distros.foundation import Foundation
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.image.artifact import Artifact, attach
from distil.image.assemble import Image
from distil.model.inventory import BaseImage, Inventory
from distil.model.ledger import Ledger
from distil.sbom.identity import Writing
from distil.sbom.table import sbom_format

FORMATS: Final = ("spdx", "cyclonedx")
"""What is attached to each image."""

_AREA: Final = "catalog"
_VERSION: Final = 2
"""Raised whenever documents are made otherwise of the same image."""


class ContainedComponent(msgspec.Struct, frozen=True, array_like=True):
    """A component that is in an image: `files` are those that it has there, `size` in bytes."""

    kind: str
    name: str
    version: str
    purl: str
    files: int
    size: int


class ImageContents(msgspec.Struct, frozen=True):
    """What is in an image, and the documents that tell of it.

    `files` are counted without directories, `owned` of them those that somebody owns.
    """

    components: tuple[ContainedComponent, ...]
    files: int
    owned: int
    documents: tuple[Artifact, ...]


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What the cache keeps of an image."""

    components: tuple[ContainedComponent, ...]
    files: int
    owned: int
    remarks: tuple[str, ...]
    documents: tuple[bytes, ...]


def contents_of(
    image: Image, name: str, ledger: Ledger, foundation: Foundation, cache: Cache
) -> ImageContents:
    """What is in `image`, which is called `name`, and the documents about it.

    Warns of what is not as the `ledger` says. Raises what reading layers raises, `DiskFull`,
    `CacheUnwritable`.
    """
    key = f"documents {_VERSION} {CATALOG} {image.descriptor.digest} {name}"
    data = cache.document(_AREA, key)
    if data is None:
        kept = _made(image, name, ledger, foundation, cache)
        cache.put_document(_AREA, key, msgspec.msgpack.encode(kept))
    else:
        kept = msgspec.msgpack.decode(data, type=_Kept)
    for remark in kept.remarks:
        emit(Warned(remark))
    pairs = zip(FORMATS, kept.documents, strict=True)
    documents = tuple(
        attach(image.descriptor, sbom_format(form).media_type, document) for form, document in pairs
    )
    return ImageContents(kept.components, kept.files, kept.owned, documents)


def _made(image: Image, name: str, ledger: Ledger, foundation: Foundation, cache: Cache) -> _Kept:
    subject = subject_of_built(name, image)
    found = catalogued(subject, image.layers, ledger, cache, Asked())
    if foundation.layers:
        base = BaseImage(
            foundation.name,
            str(foundation.digest or ""),
            len(foundation.layers),
            "it was built on this image",
        )
        found = with_base(found, base, base_layers(ledger))
    coverage = found.coverage()
    return _Kept(
        components=tuple(_contained(found)),
        files=coverage.files,
        owned=coverage.owned_files,
        remarks=tuple(_readable(f"{one.path}: {one.what}") for one in found.remarks),
        documents=tuple(b"".join(sbom_format(form).write(found, Writing())) for form in FORMATS),
    )


def _contained(found: Inventory) -> list[ContainedComponent]:
    """Each component with the files that are its own before all others."""
    files: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for file in found.files:
        for owner in file.owners[:1]:
            files[owner] += 1
            sizes[owner] += file.size
    return [
        ContainedComponent(one.kind, one.name, one.version, one.purl, files[number], sizes[number])
        for number, one in enumerate(found.components)
    ]


def _readable(text: str) -> str:
    """`text` with bytes that are no UTF-8 written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
