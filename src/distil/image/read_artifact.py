"""Finding an artifact about an image that is in a layout or archive."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distil.errors import MalformedImage
from distil.image.layout import INDEX_FILE
from distil.image.source import ArchiveSource, ImageSource, LayoutSource, blob, document
from distil.model.digest import Digest
from distil.model.image import MEDIA_MANIFEST, Descriptor, Index, Manifest, decode_document
from distil.model.reference import Location, Transport

LARGEST_CONTENT: Final = 64 << 20
"""Bytes of a document that are read at most."""


def find_artifact(location: Location, subject: Digest, media_type: str) -> bytes | None:
    """The document of `media_type` about image `subject` in the layout or archive; None without.

    Raises `MalformedImage`, `CorruptContent`, OSError.
    """
    path = Path(location.path)
    source: ImageSource
    if location.transport is Transport.OCI:
        source = LayoutSource(path)
    elif location.transport.is_file:
        source = ArchiveSource(path)
    else:
        return None
    data = document(source, INDEX_FILE)
    if data is None:
        return None
    what = f"{source.where}: {INDEX_FILE}"
    for entry in decode_document(data, Index, what).manifests:
        if entry.artifact_type == media_type and entry.media_type == MEDIA_MANIFEST:
            found = _content(source, entry, subject)
            if found is not None:
                return found
    return None


def _content(source: ImageSource, entry: Descriptor, subject: Digest) -> bytes | None:
    what = f"{source.where}: {entry.digest}"
    manifest = decode_document(blob(source, entry).read(), Manifest, what)
    if manifest.subject is None or manifest.subject.digest != subject:
        return None
    if len(manifest.layers) != 1:
        raise MalformedImage(what, "an artifact of this type holds one document")
    content = manifest.layers[0]
    if content.size > LARGEST_CONTENT:
        raise MalformedImage(what, f"a document of more than {LARGEST_CONTENT} bytes")
    return blob(source, content).read()
