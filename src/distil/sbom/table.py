"""The formats that an inventory is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec

from distil.model.inventory import IndexInventory, Inventory
from distil.sbom.cyclonedx import write_cyclonedx
from distil.sbom.errors import UnknownSbomFormat
from distil.sbom.identity import Writing
from distil.sbom.purls import write_purls
from distil.sbom.spdx2 import write_spdx2
from distil.sbom.spdx3 import write_spdx3
from distil.sbom.syft import write_syft

Writer = Callable[[Inventory | IndexInventory, Writing], Iterator[bytes]]
"""What writes a document, in parts: the same ones for the same inventory and date."""


class SbomFormat(msgspec.Struct, frozen=True):
    """A format: its `name` for people who type, `title`, media type and ending of files."""

    name: str
    title: str
    media_type: str
    suffix: str
    write: Writer


FORMATS: Final = {
    one.name: one
    for one in (
        SbomFormat("spdx", "SPDX 2.3 JSON", "application/spdx+json", ".spdx.json", write_spdx2),
        SbomFormat(
            "spdx3", "SPDX 3.0.1 JSON-LD", "application/spdx+json", ".spdx3.json", write_spdx3
        ),
        SbomFormat(
            "cyclonedx",
            "CycloneDX 1.6 JSON",
            "application/vnd.cyclonedx+json",
            ".cdx.json",
            partial(write_cyclonedx, version="1.6"),
        ),
        SbomFormat(
            "cyclonedx1.7",
            "CycloneDX 1.7 JSON",
            "application/vnd.cyclonedx+json",
            ".cdx.json",
            partial(write_cyclonedx, version="1.7"),
        ),
        SbomFormat(
            "syft", "Syft's JSON 16.0", "application/vnd.syft+json", ".syft.json", write_syft
        ),
        SbomFormat("purls", "package URLs, one a line", "text/plain", ".purls.txt", write_purls),
    )
}
"""By name."""


def sbom_format(name: str) -> SbomFormat:
    """The format called `name`. Raises `UnknownSbomFormat`."""
    found = FORMATS.get(name)
    if found is None:
        raise UnknownSbomFormat(name, FORMATS)
    return found
