"""Finding an artifact about an image."""

from __future__ import annotations

from typing import Final

from distil.errors import MalformedImage
from distil.image.stores import Source
from distil.model.digest import Digest
from distil.model.image import Manifest, decode_document

LARGEST_CONTENT: Final = 64 << 20
"""Bytes of a document that are read at most."""


def find_artifact(source: Source, subject: Digest, media_type: str) -> bytes | None:
    """The document of `media_type` about image `subject` in `source`; None without.

    Raises `MalformedImage`, `CorruptContent`, OSError.
    """
    for entry in source.referrers(subject, media_type):
        what = source.called(entry)
        manifest = decode_document(source.blob(entry).read(), Manifest, what)
        if manifest.subject is None or manifest.subject.digest != subject:
            continue
        if len(manifest.layers) != 1:
            raise MalformedImage(what, "an artifact of this type holds one document")
        content = manifest.layers[0]
        if content.size > LARGEST_CONTENT:
            raise MalformedImage(what, f"a document of more than {LARGEST_CONTENT} bytes")
        return source.blob(content).read()
    return None
