"""What is in an image that was built, as values."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.image.artifact import Artifact

FORMATS: Final = {
    "spdx": "application/spdx+json",
    "cyclonedx": "application/vnd.cyclonedx+json",
}
"""What is attached to each image, by the names of `sbom.table`, with media types."""


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


class KeptContents(msgspec.Struct, frozen=True, array_like=True):
    """What the cache keeps of an image; `documents` are in the order of `FORMATS`."""

    components: tuple[ContainedComponent, ...]
    files: int
    owned: int
    remarks: tuple[str, ...]
    documents: tuple[bytes, ...]
