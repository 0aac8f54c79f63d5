"""SBOMs that are attached to an image, in the ways that builders and signers attach them.

As referrers (image-spec 1.1), bare or as in-toto statements, with or without the envelope of a
signature (DSSE); as BuildKit does, in the index beside the image; as cosign did, under a tag.
Signatures are not looked at here: what a document says is compared with the bytes of the image.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.errors import DistilError
from distil.events import Warned, emit
from distil.fetch.errors import NotFound
from distil.image.errors import ImageNotFound
from distil.image.read import LARGEST_CONTENT, read_index, read_manifest
from distil.image.stores import Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage, MissingPart
from distil.model.image import IMAGE_TYPES, INDEX_TYPES, Descriptor, Manifest

MOST: Final = 16
"""Documents about one image that are read."""
MOST_REFERRERS: Final = 1000

BARE: Final = frozenset(
    {
        "application/spdx+json",
        "text/spdx+json",
        "application/vnd.cyclonedx+json",
        "application/vnd.cyclonedx",
        "application/vnd.syft+json",
    }
)
"""Media types of documents that are there as they are."""
STATEMENT: Final = "application/vnd.in-toto+json"
ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
PREDICATES: Final = (
    "https://spdx.dev/Document",
    "https://cyclonedx.org/bom",
    "https://cyclonedx.org/schema",
    "https://syft.dev/bom",
)
"""What the type of a statement begins with that is an SBOM."""

_PREDICATE: Final = "in-toto.io/predicate-type"
_ABOUT: Final = "vnd.docker.reference.digest"


class AttachedDocument(msgspec.Struct, frozen=True):
    """A document about an image: where it was found, its media type, digest and bytes."""

    found: str
    media_type: str
    digest: Digest
    data: bytes


class _SubjectOf(msgspec.Struct, frozen=True):
    digest: dict[str, str] = {}


class _Statement(msgspec.Struct, frozen=True, rename={"predicate_type": "predicateType"}):
    predicate_type: str
    predicate: msgspec.Raw
    subject: tuple[_SubjectOf, ...] = ()


class _Envelope(msgspec.Struct, frozen=True):
    payload: str


def attached_documents(
    source: Source, image: Descriptor, settings: StoreSettings
) -> Iterator[AttachedDocument]:
    """The SBOMs about `image` of `source`, each once, at most `MOST`.

    What is attached is not the image's: what cannot be read as a document is left out, with a
    warning where it is no artifact. Raises `MalformedImage` for the image's own index, OSError,
    and what asking a registry raises.
    """
    seen: set[Digest] = set()
    for found, manifest in _manifests(source, image, settings):
        for layer in manifest.layers:
            kind = _kind(layer, manifest)
            if layer.digest in seen or not kind or layer.size > LARGEST_CONTENT:
                continue
            seen.add(layer.digest)
            try:
                data = _document(source.blob(layer).read(), kind, image.digest)
            except (MalformedImage, CorruptContent) as error:
                _warn(source, error)
                continue
            if data is not None:
                yield AttachedDocument(found, kind, layer.digest, data)
            if len(seen) == MOST:
                return


def _manifests(
    source: Source, image: Descriptor, settings: StoreSettings
) -> Iterator[tuple[str, Manifest]]:
    for number, entry in enumerate(source.referrers(image.digest, "")):
        if number == MOST_REFERRERS:
            emit(Warned(f"{source.where} has more than {MOST_REFERRERS} artifacts about it"))
            break
        if entry.digest == image.digest:
            continue
        try:
            manifest = read_manifest(source, entry)
        except (MalformedImage, CorruptContent) as error:
            _warn(source, error)
            continue
        if manifest.subject is not None and manifest.subject.digest == image.digest:
            yield "referrer", manifest
    yield from _beside(source, image)
    yield from _tagged(source, image, settings)


def _beside(source: Source, image: Descriptor) -> Iterator[tuple[str, Manifest]]:
    """What the index that the image is in has about it."""
    meant = source.resolve()
    if meant.media_type in INDEX_TYPES:
        for entry in read_index(source, meant).manifests:
            if entry.annotations.get(_ABOUT) == image.digest and entry.media_type in IMAGE_TYPES:
                try:
                    yield "attestation in the index", read_manifest(source, entry)
                except MissingPart:
                    continue  # A copy of the image alone.
                except (MalformedImage, CorruptContent) as error:
                    _warn(source, error)


def _tagged(
    source: Source, image: Descriptor, settings: StoreSettings
) -> Iterator[tuple[str, Manifest]]:
    """What cosign's tag for SBOMs leads to, in a registry."""
    store = store_to_read(source.location.with_tag(f"sha256-{image.digest.hex}.sbom"), settings)
    if not store.is_remote:
        return
    try:
        with store.opened() as other:
            manifest = read_manifest(other, other.resolve())
    except (ImageNotFound, NotFound):
        return
    except (MalformedImage, CorruptContent) as error:
        _warn(source, error)
        return
    yield "tag", manifest


def _kind(layer: Descriptor, manifest: Manifest) -> str:
    """The media type of what may be an SBOM; empty for anything else.

    Some who attach a document give its type to the artifact alone.
    """
    if layer.media_type in BARE or layer.media_type == ENVELOPE:
        return layer.media_type
    if layer.media_type == STATEMENT:
        told = layer.annotations.get(_PREDICATE, "")
        return STATEMENT if not told or told.startswith(PREDICATES) else ""
    return manifest.artifact_type if manifest.artifact_type in BARE else ""


def _warn(source: Source, error: DistilError) -> None:
    """Say that something beside the image is not used: anybody may have put it there."""
    emit(Warned(f"what is attached to {source.where} could not be read: {error.message}"))


def _document(data: bytes, media_type: str, image: Digest) -> bytes | None:
    """The SBOM in `data`; None when it is something else, or about something else."""
    if media_type in BARE:
        return data
    try:
        if media_type == ENVELOPE:
            data = base64.b64decode(msgspec.json.decode(data, type=_Envelope).payload)
        statement = msgspec.json.decode(data, type=_Statement)
    except (ValueError, RecursionError):
        return None
    digests = [one.digest.get("sha256") for one in statement.subject]
    if not statement.predicate_type.startswith(PREDICATES) or image.hex not in digests:
        return None
    return bytes(statement.predicate)
