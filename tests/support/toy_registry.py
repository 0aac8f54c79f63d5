"""A registry in memory, and a store for it, as a file in `image/stores` would hold it.

It is as strict as one: a manifest is refused whose parts it has not got, a tag is put last,
artifacts are found by their subject, and what is read is a stream.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import msgspec
import pytest

from distil.image.deliverable import Part
from distil.image.errors import ImageNotFound
from distil.image.naming import NamedImage
from distil.image.stores import Source, Store, StoreSettings
from distil.image.stores.table import STORES
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import INDEX_TYPES, Descriptor, Index, Manifest, decode_document
from distil.model.reference import Location, Transport


class Registry:
    """What the server of a registry has, and refuses."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.has_certificate = True
        self.sent: list[Digest] = []
        self.read: list[Digest] = []
        self.before_read: Callable[[Digest], None] = lambda _: None

    def check_spoken_to(self, settings: StoreSettings) -> None:
        """A registry without a certificate is spoken to only when that was said of its host."""
        assert self.has_certificate or "registry.test" in settings.insecure

    def put_blob(self, part: Part) -> None:
        """What is there already is not sent."""
        digest = part.descriptor.digest
        if digest not in self.blobs:
            self.sent.append(digest)
            self.blobs[digest] = b"".join(part.blob.chunks())

    def put_manifest(self, media_type: str, data: bytes) -> None:
        if media_type in INDEX_TYPES:
            parts = decode_document(data, Index, "put").manifests
            assert all(part.digest in self.manifests for part in parts)
        else:
            manifest = decode_document(data, Manifest, "put")
            assert all(part.digest in self.blobs for part in (manifest.config, *manifest.layers))
        self.manifests[Digest.of(data)] = media_type, data

    def found(self, digest: str) -> bytes | None:
        return self.manifests.get(digest, ("", self.blobs.get(digest)))[1]


class Pulled(msgspec.Struct, frozen=True):
    """Bytes on their way from the registry, which may send others."""

    is_local: ClassVar[bool] = False
    registry: Registry
    digest: Digest
    size: int

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        data = self.registry.found(self.digest)
        self.registry.read.append(self.digest)
        self.registry.before_read(self.digest)
        hasher = hashlib.sha256()
        for start in range(0, len(data), 1000):
            hasher.update(data[start : start + 1000])
            yield data[start : start + 1000]
        if hasher.hexdigest() != self.digest.hex:
            raise CorruptContent("registry", self.digest)


class Repository(Store, Source):
    """An image in the registry: what a file in `image/stores` would hold."""

    is_remote = True

    def __init__(self, location: Location, settings: StoreSettings, registry: Registry) -> None:
        super().__init__(location, settings)
        self.where, self.registry = str(location), registry

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        self.registry.check_spoken_to(self.settings)
        yield self

    def resolve(self) -> Descriptor:
        name = self.location.name
        digest = name.digest or self.registry.tags.get(name.familiar, "")
        if digest not in self.registry.manifests:
            raise ImageNotFound(self.where, name.tag or name.digest, [])
        media_type, data = self.registry.manifests[digest]
        return Descriptor(media_type, Digest(digest), len(data))

    def blob(self, descriptor: Descriptor) -> Pulled:
        if self.registry.found(descriptor.digest) is None:
            raise MalformedImage(self.called(descriptor), "missing")
        return Pulled(self.registry, descriptor.digest, descriptor.size)

    def referrers(self, subject: Digest, artifact_type: str) -> Iterator[Descriptor]:
        for digest, (media_type, data) in self.registry.manifests.items():
            document = msgspec.json.decode(data)
            about = document.get("subject", {}).get("digest")
            of_type = artifact_type in ("", document.get("artifactType"))
            if about == subject and of_type:
                yield Descriptor(media_type, Digest(digest), len(data))

    def tags(self) -> Iterator[str]:
        repository = self.location.name.with_tag("x").familiar.removesuffix("x")
        for tag in self.registry.tags:
            if tag.startswith(repository):
                yield tag.removeprefix(repository)

    def tag(self, descriptor: Descriptor, names: Sequence[str]) -> None:
        for name in names:
            self.registry.tags[self.location.name.with_tag(name).familiar] = descriptor.digest

    def delete(self) -> Digest:
        digest = self.resolve().digest
        del self.registry.manifests[digest]
        tags = self.registry.tags
        self.registry.tags = {tag: named for tag, named in tags.items() if named != digest}
        return digest

    def address(self, image: NamedImage) -> Location:
        return Location(self.location.transport, name=image.name)

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        self.registry.check_spoken_to(self.settings)
        for image in images:
            for part in image.image.contents():
                self.registry.put_blob(part)
            for part in image.image.documents():
                self.registry.put_manifest(part.descriptor.media_type, part.blob.read())
        yield
        for image in images:
            if image.name.tag:
                self.registry.tags[image.name.familiar] = image.image.descriptor.digest


def installed(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry that is the place of all names in registries."""
    made = Registry()

    def repository(location: Location, settings: StoreSettings) -> Repository:
        return Repository(location, settings, made)

    monkeypatch.setitem(STORES, Transport.REGISTRY, repository)
    return made
