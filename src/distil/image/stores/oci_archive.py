"""OCI layouts in one tar file. The same images give the same bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from distil.formats.tar_member import TarMember
from distil.image.errors import UnsupportedDestination
from distil.image.naming import NamedImage, blobs_of
from distil.image.staging import reporting, staged_file
from distil.image.stores import Source, Store
from distil.image.stores.layout import layout_documents
from distil.image.stores.parts import BLOBS, ArchiveParts, LayoutSource
from distil.image.tar import END, header, padding
from distil.model.blob import Blob, InlineBlob
from distil.model.node import Kind


class OciArchive(Store):
    """A tar file of an OCI layout."""

    source: ClassVar[type[LayoutSource]] = LayoutSource

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        yield self.source(self.location, ArchiveParts(Path(self.location.path)))

    def documents(self, images: Sequence[NamedImage]) -> dict[str, bytes]:
        """What the file holds beside the blobs. Raises `UnsupportedDestination`."""
        return layout_documents(images)

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        path = Path(self.location.path)
        with reporting(path):
            if path.exists() and not path.is_file():
                raise UnsupportedDestination(str(path), "it is there and not a file")
            with staged_file(path, archive_stream(images, self.documents(images))):
                yield


def archive_stream(images: Sequence[NamedImage], documents: Mapping[str, bytes]) -> Iterator[bytes]:
    """The archive of `images` with `documents`, in pieces: for a file or an engine.

    Raises `CorruptContent` when a blob is not what its digest says.
    """
    # Documents first, so that a reader of a stream knows early what comes.
    for name in sorted(documents):
        yield from _file(name, InlineBlob.of(documents[name]))
    for name in ("blobs", BLOBS):
        yield header(TarMember(f"/{name}", Kind.DIRECTORY, 0o755, 0, 0, 0, 0))
    for digest, blob in blobs_of(images).items():
        yield from _file(f"{BLOBS}/{digest.hex}", blob)
    yield END


def _file(name: str, blob: Blob) -> Iterator[bytes]:
    yield header(TarMember(f"/{name}", Kind.FILE, 0o644, 0, 0, 0, blob.size))
    yield from blob.chunks()
    yield padding(blob.size)
