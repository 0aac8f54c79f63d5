"""What can be written to a store: bytes, and the documents that bind them, in the order of need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from distil.image.layer import Layer
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.image import Descriptor, DescriptorPlatform


class Part(msgspec.Struct, frozen=True):
    """A blob, and what the documents that lead to it say of it."""

    descriptor: Descriptor
    blob: Blob


class PlatformImage(Protocol):
    """An image for one platform, as far as engines want to know."""

    @property
    def descriptor(self) -> Descriptor:
        """Of its manifest."""

    @property
    def id(self) -> Digest:
        """The digest of its configuration."""

    @property
    def layers(self) -> Sequence[Layer]:
        """Its layers, lowest first."""

    @property
    def platform(self) -> DescriptorPlatform:
        """What it runs on."""


class Deliverable(Protocol):
    """An image, an index or an artifact: whoever keeps all parts of it, in order, has it whole."""

    @property
    def descriptor(self) -> Descriptor:
        """Of the last of its documents, which leads to all others."""

    @property
    def images(self) -> Sequence[PlatformImage]:
        """The images it holds, one for each platform; none in an artifact."""

    def contents(self) -> Iterator[Part]:
        """Layers, configurations and files: what documents lead to and is none itself.

        A part that two documents lead to comes twice.
        """

    def documents(self) -> Iterator[Part]:
        """Manifests and indexes, each after those that it leads to."""


def blobs_in(deliverable: Deliverable) -> Iterator[Blob]:
    """Every blob of `deliverable`, documents last."""
    for part in deliverable.contents():
        yield part.blob
    for part in deliverable.documents():
        yield part.blob
