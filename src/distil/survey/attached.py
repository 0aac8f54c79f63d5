"""Documents that are attached to an image, in the ways that builders and signers attach them.

As referrers (image-spec 1.1), bare or as in-toto statements, with or without the envelope of a
signature (DSSE, or a bundle of Sigstore's with one); as BuildKit does, in the index beside the
image; as cosign did, under a tag. Signatures are not looked at here: what an SBOM says is compared
with the bytes of the image, and whoever hears a VEX document is told that it is nobody's word.
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

STATEMENT: Final = "application/vnd.in-toto+json"
ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
"""What the media type of a Sigstore bundle begins with, before its version."""


class Sought(msgspec.Struct, frozen=True):
    """A sort of documents: how those that are of it are known.

    `bare` are media types of documents that are there as they are, with the size in bytes up to
    which one is read. `predicates` are what the types of statements begin with. `tag` is the end
    of the tag under which cosign kept them.
    """

    bare: dict[str, int]
    predicates: tuple[str, ...]
    tag: str


_SMALL: Final = 1 << 20
"""Bytes of a CycloneDX document that may be VEX: most of these are SBOMs, and far larger."""

SBOMS: Final = Sought(
    bare=dict.fromkeys(
        (
            "application/spdx+json",
            "text/spdx+json",
            "application/vnd.cyclonedx+json",
            "application/vnd.cyclonedx",
            "application/vnd.syft+json",
        ),
        LARGEST_CONTENT,
    ),
    predicates=(
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://cyclonedx.org/schema",
        "https://syft.dev/bom",
    ),
    tag=".sbom",
)

VEX: Final = Sought(
    bare=dict.fromkeys(
        (
            "application/vnd.openvex+json",
            "application/openvex+json",
            "application/vex+json",
            "application/csaf+json",
            "application/vnd.oasis.csaf+json",
        ),
        LARGEST_CONTENT,
    )
    | dict.fromkeys(("application/vnd.cyclonedx+json", "application/vnd.cyclonedx"), _SMALL),
    predicates=(
        "https://openvex.dev/ns",
        "https://cyclonedx.org/vex",
        "https://docs.oasis-open.org/csaf",
    ),
    tag=".att",
)

_PREDICATES: Final = (
    "in-toto.io/predicate-type",
    "predicateType",
    "dev.sigstore.bundle.predicateType",
)
"""Annotations that say what a statement is, of a layer or of its manifest."""
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


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    dsse_envelope: _Envelope


def attached_documents(
    source: Source, image: Descriptor, settings: StoreSettings, sought: Sought = SBOMS
) -> Iterator[AttachedDocument]:
    """The documents about `image` of `source`, an index or one of one, each once, at most `MOST`.

    What is attached is not the image's: what cannot be read as a document is left out, with a
    warning where it is no artifact. Raises `MalformedImage` for the image's own index, OSError,
    and what asking a registry raises.
    """
    seen: set[Digest] = set()
    for found, manifest in _manifests(source, image, settings, sought):
        for layer in manifest.layers:
            kind = _kind(layer, manifest, sought)
            largest = sought.bare.get(kind, LARGEST_CONTENT)
            if layer.digest in seen or not kind or layer.size > largest:
                continue
            seen.add(layer.digest)
            try:
                data = _document(source.blob(layer).read(), kind, image.digest, sought)
            except (MalformedImage, CorruptContent) as error:
                _warn(source, error)
                continue
            if data is not None:
                yield AttachedDocument(found, kind, layer.digest, data)
            if len(seen) == MOST:
                return


def _manifests(
    source: Source, image: Descriptor, settings: StoreSettings, sought: Sought
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
    yield from _tagged(source, image, settings, sought)


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
    source: Source, image: Descriptor, settings: StoreSettings, sought: Sought
) -> Iterator[tuple[str, Manifest]]:
    """What cosign's tag for these documents leads to, in a registry."""
    tag = f"sha256-{image.digest.hex}{sought.tag}"
    store = store_to_read(source.location.with_tag(tag), settings)
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


def _kind(layer: Descriptor, manifest: Manifest, sought: Sought) -> str:
    """The media type of what may be one of the documents; empty for anything else.

    Some who attach a document give its type to the artifact alone.
    """
    if layer.media_type in sought.bare:
        return layer.media_type
    if layer.media_type in (STATEMENT, ENVELOPE) or layer.media_type.startswith(BUNDLE):
        told = {**manifest.annotations, **layer.annotations}
        types = [told[name] for name in _PREDICATES if told.get(name)]
        is_sought = not types or any(one.startswith(sought.predicates) for one in types)
        return layer.media_type if is_sought else ""
    return manifest.artifact_type if manifest.artifact_type in sought.bare else ""


def _warn(source: Source, error: DistilError) -> None:
    """Say that something beside the image is not used: anybody may have put it there."""
    emit(Warned(f"what is attached to {source.where} could not be read: {error.message}"))


def _document(data: bytes, media_type: str, image: Digest, sought: Sought) -> bytes | None:
    """The document in `data`; None when it is something else, or about something else."""
    if media_type in sought.bare:
        return data
    try:
        if media_type == ENVELOPE:
            data = base64.b64decode(msgspec.json.decode(data, type=_Envelope).payload)
        elif media_type != STATEMENT:
            bundle = msgspec.json.decode(data, type=_Bundle)
            data = base64.b64decode(bundle.dsse_envelope.payload)
        statement = msgspec.json.decode(data, type=_Statement)
    except (ValueError, RecursionError):
        return None
    digests = [one.digest.get("sha256") for one in statement.subject]
    if not statement.predicate_type.startswith(sought.predicates) or image.hex not in digests:
        return None
    return bytes(statement.predicate)
