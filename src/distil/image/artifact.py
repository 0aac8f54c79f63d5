"""Artifacts that say something about an image: manifests with a subject (OCI 1.1 referrers).

In a layout or archive the artifact's manifest is an entry of the index beside the image, so
whoever reads the index finds it by its subject; a registry answers for it by the referrers API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.blob import Blob, InlineBlob
from distil.model.image import MEDIA_MANIFEST, Descriptor, Manifest, encode_document

MEDIA_EMPTY: Final = "application/vnd.oci.empty.v1+json"
EMPTY: Final = InlineBlob.of(b"{}")


class Artifact(msgspec.Struct, frozen=True):
    """One document about an image, and the manifest that ties it to the image."""

    manifest: InlineBlob
    content: InlineBlob
    artifact_type: str
    images: tuple[()] = ()

    @property
    def descriptor(self) -> Descriptor:
        """What an index says of the artifact."""
        return describe(self.manifest, self.artifact_type)

    def blobs(self) -> Iterator[Blob]:
        """The document, the empty configuration and the manifest."""
        yield self.content
        yield EMPTY
        yield self.manifest


def describe(manifest: InlineBlob, artifact_type: str) -> Descriptor:
    """What an index says of the artifact with `manifest`."""
    return Descriptor(MEDIA_MANIFEST, manifest.digest, manifest.size, artifact_type=artifact_type)


def attach(subject: Descriptor, media_type: str, content: bytes) -> Artifact:
    """An artifact of `media_type` with `content`, about the image `subject`."""
    data = InlineBlob.of(content)
    bare = Descriptor(subject.media_type, subject.digest, subject.size)
    manifest = Manifest(
        schema_version=2,
        media_type=MEDIA_MANIFEST,
        artifact_type=media_type,
        config=Descriptor(MEDIA_EMPTY, EMPTY.digest, EMPTY.size),
        layers=(Descriptor(media_type, data.digest, data.size),),
        subject=bare,
    )
    return Artifact(InlineBlob.of(encode_document(manifest)), data, media_type)
