"""Manifests in a registry: read by tag or digest, and put there."""

from __future__ import annotations

import re
from typing import Final

from distil.fetch.request import Body, Content
from distil.image.documents import check_kind, check_size
from distil.image.errors import ManifestTooLarge
from distil.image.limits import limits_here
from distil.image.stores.registry.errors import CorruptTransfer, RegistryUnsound
from distil.image.stores.registry.session import Ask, Session
from distil.model.digest import Digest
from distil.model.image import INDEX_TYPES, MANIFEST_TYPES, Descriptor

_ACCEPT: Final = ("Accept", ", ".join(sorted(MANIFEST_TYPES)))
_MEDIA_TYPE: Final = re.compile(r"[a-zA-Z0-9!#$&^_.+-]{1,127}/[a-zA-Z0-9!#$&^_.+-]{1,127}")


def read_limited(body: Body, what: str) -> bytes:
    """The bytes of a document. Raises `ManifestTooLarge`."""
    check_size(body.length or 0, what, ManifestTooLarge)
    largest = limits_here().manifest_size
    data = bytearray()
    for piece in body.pieces:
        data += piece
        if len(data) > largest:
            check_size(len(data), what, ManifestTooLarge)
    return bytes(data)


def read_manifest(session: Session, reference: str) -> tuple[Descriptor, bytes]:
    """The manifest or index called `reference`, a tag or a digest: verified, as it came.

    Raises `NotFound`, `RegistryUnsound`, `CorruptTransfer`, `ManifestTooLarge`, `MalformedImage`,
    and what asking raises.
    """
    what = f"the manifest {reference}"
    called = f"{session.registry}/{session.name.path}: {reference}"

    def consume(body: Body) -> tuple[Descriptor, bytes, str]:
        data = read_limited(body, called)
        found = Descriptor(_media_type(session, body, what), Digest.of(data), len(data))
        return found, data, body.headers.get("Docker-Content-Digest", "")

    ask = Ask(path=f"manifests/{reference}", what=what, headers=(_ACCEPT,))
    descriptor, data, stated = session.fetch(ask, consume)
    if ":" in reference and descriptor.digest != reference:
        why = f"its bytes have the digest {descriptor.digest}"
        raise CorruptTransfer(what, session.registry, why)
    if stated.startswith("sha256:") and stated != descriptor.digest:
        why = "the digest that its registry states is not that of its bytes"
        raise CorruptTransfer(what, session.registry, why)
    key = "manifests" if descriptor.media_type in INDEX_TYPES else "layers"
    check_kind(data, called, key, descriptor.media_type)
    return descriptor, data


def put_manifest(session: Session, descriptor: Descriptor, data: bytes, reference: str) -> bool:
    """Put a manifest there as `reference`; whether the registry lists what it is about itself.

    Raises `RegistryUnsound` for one that keeps something else, and what asking raises.
    """
    what = f"the manifest {reference}"

    def consume(body: Body) -> bool:
        kept = body.headers.get("Docker-Content-Digest", "")
        if kept.startswith("sha256:") and kept != descriptor.digest:
            raise RegistryUnsound(what, session.registry, "it says that it has another digest")
        return "OCI-Subject" in body.headers

    ask = Ask(
        path=f"manifests/{reference}",
        what=what,
        method="PUT",
        action="push",
        headers=(("Content-Type", descriptor.media_type),),
        content=Content(len(data), lambda: [data]),
        accepts=frozenset({200, 201, 202}),
    )
    return session.fetch(ask, consume)


def _media_type(session: Session, body: Body, what: str) -> str:
    """What a manifest is said to be. Raises `RegistryUnsound` for what is none."""
    media_type = body.headers.get("Content-Type", "").partition(";")[0].strip()
    if media_type in MANIFEST_TYPES:
        return media_type
    shown = media_type if _MEDIA_TYPE.fullmatch(media_type) else "something without a type"
    raise RegistryUnsound(what, session.registry, f"it is {shown}, and no manifest of an image")
