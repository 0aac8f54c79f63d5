"""Any number of files as one OCI artifact (image-spec 1.1), as portable as an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.image.artifact import EMPTY, MEDIA_EMPTY, describe
from distil.model.blob import Blob, InlineBlob
from distil.model.image import MEDIA_MANIFEST, Descriptor, Manifest, encode_document

TITLE: Final = "org.opencontainers.image.title"
"""Annotation with a file's name, which clients for artifacts give it again."""


class BundledFile(msgspec.Struct, frozen=True):
    """A file of a bundle: what it is called, of which media type, and its bytes."""

    title: str
    media_type: str
    blob: Blob


class Bundle(msgspec.Struct, frozen=True):
    """Files, and the manifest that names them."""

    manifest: InlineBlob
    files: tuple[BundledFile, ...]
    artifact_type: str
    images: tuple[()] = ()

    @property
    def descriptor(self) -> Descriptor:
        """What an index says of the bundle."""
        return describe(self.manifest, self.artifact_type)

    def blobs(self) -> Iterator[Blob]:
        """The files, the empty configuration and the manifest."""
        for file in self.files:
            yield file.blob
        yield EMPTY
        yield self.manifest


def bundle(artifact_type: str, files: Sequence[BundledFile]) -> Bundle:
    """`files`, in their order, as an artifact of `artifact_type`."""
    manifest = Manifest(
        schema_version=2,
        media_type=MEDIA_MANIFEST,
        artifact_type=artifact_type,
        config=Descriptor(MEDIA_EMPTY, EMPTY.digest, EMPTY.size),
        layers=tuple(
            Descriptor(
                file.media_type,
                file.blob.digest,
                file.blob.size,
                annotations={TITLE: file.title},
            )
            for file in files
        ),
    )
    return Bundle(InlineBlob.of(encode_document(manifest)), tuple(files), artifact_type)
