"""Images in registries: ``docker://NAME``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.errors import DistilError
from distil.fetch.errors import NotFound
from distil.fetch.request import Body
from distil.fetch.transport import Transport
from distil.image.errors import ImageNotFound, PartlyWritten
from distil.image.naming import NamedImage
from distil.image.stores import NOTHING_SAID, Source, Store, StoreSettings
from distil.image.stores.registry.documents import put_manifest, read_manifest
from distil.image.stores.registry.errors import RegistryUnsound
from distil.image.stores.registry.mirrors import destination, endpoints
from distil.image.stores.registry.pages import pages
from distil.image.stores.registry.referrers import note_referrers, referrers
from distil.image.stores.registry.remote_blob import RemoteBlob
from distil.image.stores.registry.session import Ask, Session
from distil.image.stores.registry.upload import Upload
from distil.image.stores.side_by_side import together
from distil.model.blob import Blob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import MalformedImage, MissingPart
from distil.model.image import MANIFEST_TYPES, Descriptor, decode_document
from distil.model.reference import ImageName, Location, parse_image_name

_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_PAGE: Final = 1000
"""Tags that are asked for at a time."""


class _Tags(msgspec.Struct, frozen=True):
    tags: list[str] | None = None


class _About(msgspec.Struct, frozen=True):
    """What a manifest says that lists of referrers repeat."""

    subject: Descriptor | None = None
    annotations: dict[str, str] = {}


class Registry(Store):
    """The repository that `location` names, and a tag or digest in it."""

    is_remote = True

    def __init__(self, location: Location, settings: StoreSettings = NOTHING_SAID) -> None:
        super().__init__(location, settings)
        self._name = _name_of(location)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        with contextlib.closing(Transport()) as transport:
            insecure = self.settings.insecure
            sessions = [Session(each, insecure, transport) for each in endpoints(self._name)]
            yield RegistrySource(self.location, sessions)

    @contextlib.contextmanager
    def put(self, images: Sequence[NamedImage]) -> Iterator[None]:
        with self._writing() as session:
            self._put_contents(session, images)
            pending = _put_documents(session, images)
            yield
            for subject, entries in pending.items():
                note_referrers(session, subject, entries)
            _put_tags(session, images)

    def tags(self) -> Iterator[str]:
        with self._reading() as session:
            what = f"the tags of {self._name.path}"

            def read(_: Body, data: bytes) -> list[str]:
                try:
                    found = msgspec.json.decode(data, type=_Tags).tags or []
                except (ValueError, RecursionError) as error:
                    why = "they are no list of names"
                    raise RegistryUnsound(what, session.registry, why) from error
                return [tag for tag in found if _TAG.fullmatch(tag)]

            for page in pages(session, Ask(path=f"tags/list?n={_PAGE}", what=what), read):
                yield from page

    def tag(self, descriptor: Descriptor, names: Sequence[str]) -> None:
        with self._writing() as session:
            found, data = read_manifest(session, descriptor.digest)
            for name in names:
                put_manifest(session, found, data, name)

    def delete(self) -> Digest:
        with self._writing() as session:
            digest = RegistrySource(self.location, [session]).resolve().digest
            ask = Ask(
                path=f"manifests/{digest}",
                what=f"to delete {digest}",
                method="DELETE",
                action="delete",
                accepts=frozenset({200, 202, 204}),
            )
            session.fetch(ask, lambda _: None)
            return digest

    def address(self, image: NamedImage) -> Location:
        return Location(self.location.transport, name=image.name)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Session]:
        """With the registry itself; a mirror may not have all of its tags."""
        with contextlib.closing(Transport()) as transport:
            yield Session(endpoints(self._name)[-1], self.settings.insecure, transport)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Session]:
        with contextlib.closing(Transport()) as transport:
            yield Session(destination(self._name), self.settings.insecure, transport)

    def _put_contents(self, session: Session, images: Sequence[NamedImage]) -> None:
        blobs = {
            part.descriptor.digest: part.blob for image in images for part in image.image.contents()
        }
        mounted = {digest: _mounted_from(session, blob) for digest, blob in blobs.items()}
        together(
            list(blobs.values()), lambda blob: Upload(session, blob, mounted[blob.digest]).run()
        )


class RegistrySource(Source):
    """What is in a repository, read from the first of `sessions` that has it."""

    def __init__(self, location: Location, sessions: Sequence[Session]) -> None:
        self.location = location
        self.where = str(location)
        self._name = _name_of(location)
        self._sessions = list(sessions)
        self._known: dict[Digest, bytes] = {}

    def resolve(self) -> Descriptor:
        reference = self._name.digest or self._name.tagged().tag
        while True:
            session = self._sessions[0]
            try:
                descriptor, data = read_manifest(session, reference)
                break
            except DistilError as error:
                # What a mirror does not have, or does wrong, is asked of the next.
                if len(self._sessions) > 1:
                    del self._sessions[0]
                elif isinstance(error, NotFound):
                    missing = ImageNotFound(self.where, reference, [])
                    missing.hint = error.hint
                    raise missing from error
                else:
                    raise
        self._known[descriptor.digest] = data
        return descriptor

    def blob(self, descriptor: Descriptor) -> Blob:
        if descriptor.media_type not in MANIFEST_TYPES:
            return RemoteBlob(self._sessions[0], descriptor.digest, descriptor.size)
        if descriptor.digest not in self._known:
            try:
                found, data = read_manifest(self._sessions[0], descriptor.digest)
            except NotFound as error:
                raise MissingPart(self.called(descriptor)) from error
            if found.media_type != descriptor.media_type:
                why = f"it is {found.media_type!r}, but was said to be {descriptor.media_type!r}"
                raise MalformedImage(self.called(descriptor), why)
            self._known[descriptor.digest] = data
        data = self._known[descriptor.digest]
        if len(data) != descriptor.size:
            why = f"has {len(data)} bytes, its descriptor says {descriptor.size}"
            raise MalformedImage(self.called(descriptor), why)
        return InlineBlob(data, descriptor.digest)

    def referrers(self, subject: Digest, artifact_type: str, /) -> Iterator[Descriptor]:
        return referrers(self._sessions[0], subject, artifact_type)


def _name_of(location: Location) -> ImageName:
    """What every location of this kind has. Raises `InvalidReference`."""
    return location.name if location.name is not None else parse_image_name(location.path)


def _mounted_from(session: Session, blob: Blob) -> str:
    """The repository of the same registry that has `blob`; "" when none is known to."""
    if not isinstance(blob, RemoteBlob) or blob.session.registry != session.registry:
        return ""
    return blob.session.name.path if blob.session.name.path != session.name.path else ""


def _put_tags(session: Session, images: Sequence[NamedImage]) -> None:
    """Give each image its tag; from then on others see it. Raises `PartlyWritten` as well."""
    done: list[str] = []
    for image in images:
        if not image.name.tag:
            continue
        *_, last = image.image.documents()
        try:
            put_manifest(session, last.descriptor, last.blob.read(), image.name.tag)
        except DistilError as error:
            if done:
                raise PartlyWritten(error, done) from error
            raise
        done.append(str(image.name))


def _put_documents(
    session: Session, images: Sequence[NamedImage]
) -> dict[Digest, list[Descriptor]]:
    """Put all documents by their digests; what has to be listed as being about what."""
    pending: dict[Digest, list[Descriptor]] = {}
    for image in images:
        for part in image.image.documents():
            data = part.blob.read()
            listed = put_manifest(session, part.descriptor, data, part.descriptor.digest)
            about = decode_document(data, _About, f"manifest {part.descriptor.digest}")
            if about.subject is not None and not listed:
                is_last = part.descriptor.digest == image.image.descriptor.digest
                entry = image.image.descriptor if is_last else part.descriptor
                entry = msgspec.structs.replace(entry, annotations=about.annotations)
                pending.setdefault(about.subject.digest, []).append(entry)
    return pending
