"""Making the documents about an image that was just built."""

from __future__ import annotations

from collections import Counter

from distil.catalog.asked import Asked
from distil.compose.accounted import base_layers
from distil.compose.contained import FORMATS, ContainedComponent, KeptContents
from distil.compose.contents import catalogued, with_base
from distil.compose.subject_of_image import subject_of_built
from distil.distros.foundation import Foundation
from distil.fetch.cache import Cache
from distil.image.assemble import Image
from distil.model.inventory import BaseImage, Inventory
from distil.model.ledger import Ledger
from distil.sbom.identity import Writing
from distil.sbom.table import sbom_format


def made_contents(
    image: Image, name: str, ledger: Ledger, foundation: Foundation, cache: Cache
) -> KeptContents:
    """What is in `image`, called `name`, and the bytes of the documents about it.

    Raises what reading layers raises, `DiskFull`, `CacheUnwritable`.
    """
    found = inventory_of_built(image, name, ledger, foundation, cache)
    coverage = found.coverage()
    return KeptContents(
        components=tuple(_contained(found)),
        files=coverage.files,
        owned=coverage.owned_files,
        remarks=tuple(_readable(f"{one.path}: {one.what}") for one in found.remarks),
        documents=tuple(b"".join(sbom_format(form).write(found, Writing())) for form in FORMATS),
    )


def inventory_of_built(
    image: Image, name: str, ledger: Ledger, foundation: Foundation, cache: Cache
) -> Inventory:
    """What is in `image`, called `name`, from its layers and held against its `ledger`.

    Raises what reading layers raises, `DiskFull`, `CacheUnwritable`.
    """
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
    return found


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
