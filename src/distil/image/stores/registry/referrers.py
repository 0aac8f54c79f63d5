"""What refers to an image in a registry: the referrers API, and the tag in its place.

Registries that have no such API keep an index of the artifacts about an image under a tag that
is made of its digest; then it is for whoever pushes to keep that index (distribution-spec 1.1,
Pushing Manifests with Subject).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from distil.fetch.errors import NotFound
from distil.fetch.request import Body
from distil.image.stores.registry.documents import put_manifest, read_manifest
from distil.image.stores.registry.pages import pages
from distil.image.stores.registry.session import GONE, Ask, Session
from distil.model.digest import Digest
from distil.model.errors import MalformedImage
from distil.model.image import (
    INDEX_TYPES,
    MEDIA_INDEX,
    Descriptor,
    Index,
    decode_document,
    encode_document,
)

_WITHOUT: Final = GONE | {400, 405, 501}
"""What registries answer that have no referrers API."""

_EMPTY: Final = b'{"manifests":[],"schemaVersion":2}'


def referrers(session: Session, subject: Digest, artifact_type: str) -> Iterator[Descriptor]:
    """The artifacts of that type, or of all if it is empty, that are said to be about `subject`.

    Raises `MalformedImage`, and what asking raises.
    """
    for entry in _listed(session, subject, artifact_type):
        if artifact_type in ("", entry.artifact_type):
            yield entry


def fallback_tag(subject: Digest) -> str:
    """The tag whose index lists what is about `subject`."""
    return subject.replace(":", "-")


def note_referrers(session: Session, subject: Digest, entries: Sequence[Descriptor]) -> None:
    """Add `entries` to the index under the fallback tag of `subject`.

    Raises what asking raises, and `MalformedImage`.
    """
    tag = fallback_tag(subject)
    try:
        descriptor, data = read_manifest(session, tag)
        if descriptor.media_type not in INDEX_TYPES:
            raise MalformedImage(f"{session.registry}: {tag}", "not an index of referrers")
    except NotFound:
        data = _EMPTY
    listed = decode_document(data, Index, tag).manifests
    known = {entry.digest for entry in listed}
    added = [entry for entry in entries if entry.digest not in known]
    if not added:
        return
    document = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    old = msgspec.json.decode(document["manifests"], type=list[msgspec.Raw])
    new = [*old, *(msgspec.Raw(encode_document(entry)) for entry in added)]
    document["mediaType"] = msgspec.Raw(msgspec.json.encode(MEDIA_INDEX))
    document["manifests"] = msgspec.Raw(msgspec.json.encode(new))
    made = msgspec.json.encode(document, order="sorted")
    put_manifest(session, Descriptor(MEDIA_INDEX, Digest.of(made), len(made)), made, tag)


def _listed(session: Session, subject: Digest, artifact_type: str) -> Iterator[Descriptor]:
    what = f"the list of what is about {subject}"
    query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type else ""
    accepts = frozenset({200}) | _WITHOUT
    ask = Ask(path=f"referrers/{subject}{query}", what=what, accepts=accepts)

    def read(body: Body, data: bytes) -> Sequence[Descriptor] | None:
        media_type = body.headers.get("Content-Type", "").partition(";")[0].strip()
        if body.status in _WITHOUT or media_type != MEDIA_INDEX:
            return None
        return decode_document(data, Index, what).manifests

    for page in pages(session, ask, read):
        if page is None:
            yield from _under_tag(session, subject)
            return
        yield from page


def _under_tag(session: Session, subject: Digest) -> Sequence[Descriptor]:
    tag = fallback_tag(subject)
    try:
        descriptor, data = read_manifest(session, tag)
    except NotFound:
        return ()
    if descriptor.media_type not in INDEX_TYPES:
        raise MalformedImage(f"{session.registry}: {tag}", "not an index of referrers")
    return decode_document(data, Index, tag).manifests
