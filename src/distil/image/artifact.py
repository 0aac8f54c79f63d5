"""Artifacts: files in the form of an image, such as documents about one (image-spec 1.1).

In a layout or archive the artifact's manifest is an entry of the index. One with a subject stands
beside the image it is about, so whoever reads the index finds it; a registry answers for it by
the referrers API.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.image.deliverable import Part
from distil.model.blob import Blob, InlineBlob
from distil.model.digest import Digest
from distil.model.image import MEDIA_MANIFEST, Descriptor, Manifest, encode_document

MEDIA_EMPTY: Final = "application/vnd.oci.empty.v1+json"
EMPTY: Final = InlineBlob.of(b"{}")
_EMPTY_CONFIG: Final = Descriptor(MEDIA_EMPTY, EMPTY.digest, EMPTY.size)
TITLE: Final = "org.opencontainers.image.title"
"""Annotation with a file's name, which clients for artifacts give it again."""


class BundledFile(msgspec.Struct, frozen=True):
    """A file of an artifact: what it is called (can be ""), of which media type, and its bytes."""

    title: str
    media_type: str
    blob: Blob

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor of the file in the artifact's manifest."""
        named = {TITLE: self.title} if self.title else {}
        return Descriptor(self.media_type, self.blob.digest, self.blob.size, annotations=named)


class Artifact(msgspec.Struct, frozen=True):
    """Files, and the manifest that names them and ties them to what they are about."""

    manifest: InlineBlob
    files: tuple[BundledFile, ...]
    artifact_type: str
    images: tuple[()] = ()
    subject: Digest | None = None
    """The digest of the image that it is about, if it is about one."""

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor of the artifact in an index."""
        blob = self.manifest
        return Descriptor(MEDIA_MANIFEST, blob.digest, blob.size, artifact_type=self.artifact_type)

    def contents(self) -> Iterator[Part]:
        """The files and the empty configuration."""
        for file in self.files:
            yield Part(file.descriptor, file.blob)
        yield Part(_EMPTY_CONFIG, EMPTY)

    def documents(self) -> Iterator[Part]:
        """The manifest."""
        yield Part(self.descriptor, self.manifest)


def bundle(
    artifact_type: str, files: Sequence[BundledFile], subject: Descriptor | None = None
) -> Artifact:
    """`files`, in their order, as an artifact of `artifact_type`, about the image `subject`."""
    manifest = Manifest(
        schema_version=2,
        media_type=MEDIA_MANIFEST,
        artifact_type=artifact_type,
        config=_EMPTY_CONFIG,
        layers=tuple(file.descriptor for file in files),
        subject=subject,
    )
    about = subject.digest if subject is not None else None
    document = InlineBlob.of(encode_document(manifest))
    return Artifact(document, tuple(files), artifact_type, subject=about)


def attach(subject: Descriptor, media_type: str, content: bytes) -> Artifact:
    """An artifact of `media_type` with `content`, about the image `subject`."""
    bare = Descriptor(subject.media_type, subject.digest, subject.size)
    return bundle(media_type, [BundledFile("", media_type, InlineBlob.of(content))], bare)
