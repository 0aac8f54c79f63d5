"""What is there already, as something to be written elsewhere: not a byte of it changes.

The digest of an image is that of its manifest, so documents are kept as they came, whoever wrote
them and in whichever form (OCI or Docker's schema 2). They are verified first, all of them; layers
and files are handed on as they are in the source, and verified while they pass.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

import msgspec

from distil.image.deliverable import Part
from distil.image.errors import (
    ImageNotFound,
    IncompleteIndex,
    NotCopied,
    PlatformNotFound,
    UnsupportedDestination,
)
from distil.image.layer import Layer
from distil.image.read import (
    MAX_NESTING,
    check_layers,
    find_manifest,
    image_at,
    read_document,
    read_index,
    read_manifest,
)
from distil.image.stores import Source, Store
from distil.model.blob import Blob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import LimitExceeded, MalformedImage
from distil.model.image import (
    CONFIG_TYPES,
    IMAGE_TYPES,
    INDEX_TYPES,
    MANIFEST_TYPES,
    Descriptor,
    DescriptorPlatform,
    Manifest,
    decode_object,
)

MAX_DOCUMENTS: Final = 1000
"""Manifests and indexes that are copied in one go, artifacts about images included."""
MAX_DOCUMENT_BYTES: Final = 32 << 20
"""Bytes of these and of configurations together: they are held in memory."""

_ABOUT: Final = "vnd.docker.reference.digest"
"""Annotation by which BuildKit ties an entry of an index to the image that it is about."""

_Object = dict[str, object]


class Wanted(msgspec.Struct, frozen=True):
    """What of an image is to be copied.

    One platform's image by default, this machine's; of several `platforms` a new index is made.
    With `all_platforms` it is what the name means, and with `referrers` whatever artifacts are
    about it, or about those.
    """

    platforms: tuple[DescriptorPlatform, ...] = ()
    all_platforms: bool = False
    referrers: bool = False


class StoredPlatformImage(msgspec.Struct, frozen=True):
    """An image for one platform, as engines want to know it."""

    descriptor: Descriptor
    id: Digest
    layers: tuple[Layer, ...]
    platform: DescriptorPlatform


class StoredDeliverable(msgspec.Struct, frozen=True):
    """An image, an index or an artifact that somebody wrote, in the very bytes they wrote."""

    descriptor: Descriptor
    images: tuple[StoredPlatformImage, ...]
    parts: tuple[Part, ...]
    read: tuple[Part, ...]

    def contents(self) -> Iterator[Part]:
        """Layers, configurations and files, where they are."""
        return iter(self.parts)

    def documents(self) -> Iterator[Part]:
        """The documents in the order of need, the one that leads to all others last."""
        return iter(self.read)


class Copy(msgspec.Struct, frozen=True):
    """What is meant at the source, what is copied of it, and artifacts about that.

    `is_new`: the index is one that was made now.
    """

    found: Descriptor
    image: StoredDeliverable
    artifacts: tuple[StoredDeliverable, ...] = ()
    is_new: bool = False


def copied(source: Source, wanted: Wanted) -> Copy:
    """What is meant in `source`, of the platforms and with the artifacts that are wanted.

    Raises `ImageNotFound`, `PlatformNotFound`, `IncompleteIndex` for an index whose entries are
    not all there, `NotCopied`, `MalformedImage`, OSError.
    """
    remembering = _Remembering(source)
    top = remembering.resolve()
    if wanted.all_platforms:
        image = _whole(remembering, top)
    elif top.media_type in INDEX_TYPES and len(wanted.platforms) > 1:
        image = _selection(remembering, top, wanted.platforms)
    else:
        image = _one(remembering, top, wanted.platforms)
    artifacts = tuple(_artifacts(remembering, image)) if wanted.referrers else ()
    is_index = image.descriptor.media_type in INDEX_TYPES
    return Copy(top, image, artifacts, is_index and image.descriptor.digest != top.digest)


def check_holds(store: Store, copy: Copy) -> None:
    """Raise `UnsupportedDestination` when `store` is of a kind that cannot hold `copy`."""
    if store.is_oci:
        return
    held = "it holds one platform for each name, and no artifacts"
    hint = "write oci: or oci-archive:, or copy one platform's image alone"
    if len(copy.image.images) != 1 or copy.artifacts:
        raise UnsupportedDestination(str(store.location), held, hint=hint)


class _Remembering(Source):
    """A source whose documents are read and verified once, and as many as are bearable."""

    def __init__(self, source: Source) -> None:
        self.location, self.where = source.location, source.where
        self._source = source
        self._known: dict[Digest, InlineBlob] = {}
        self._bytes = 0

    def resolve(self) -> Descriptor:
        return self._source.resolve()

    def blob(self, descriptor: Descriptor) -> Blob:
        if descriptor.media_type not in MANIFEST_TYPES | CONFIG_TYPES:
            return self._source.blob(descriptor)
        known = self._known.get(descriptor.digest)
        if known is None:
            known = InlineBlob(read_document(self._source, descriptor), descriptor.digest)
            self._known[descriptor.digest] = known
            self._bytes += known.size
            if len(self._known) > MAX_DOCUMENTS or self._bytes > MAX_DOCUMENT_BYTES:
                limits = f"{MAX_DOCUMENTS} documents or {MAX_DOCUMENT_BYTES} bytes of them"
                raise NotCopied(self.where, f"it leads to more than {limits}")
        if known.size != descriptor.size:
            why = f"has {known.size} bytes, its descriptor says {descriptor.size}"
            raise MalformedImage(self.called(descriptor), why)
        return known

    def referrers(self, subject: Digest, artifact_type: str, /) -> Iterator[Descriptor]:
        return self._source.referrers(subject, artifact_type)

    def called(self, descriptor: Descriptor) -> str:
        return self._source.called(descriptor)


def _one(
    source: Source, top: Descriptor, platforms: Sequence[DescriptorPlatform]
) -> StoredDeliverable:
    """The image for one platform; a manifest that is no index is what is meant, if it fits."""
    descriptor, _ = find_manifest(source, top, platforms[0] if platforms else None)
    found = _whole(source, descriptor)
    for wanted in platforms:
        if not any(image.platform.fits(wanted) for image in found.images):
            known = [str(image.platform) for image in found.images]
            raise PlatformNotFound(str(source.location), str(wanted), known)
    return found


def _selection(
    source: Source, top: Descriptor, platforms: Sequence[DescriptorPlatform]
) -> StoredDeliverable:
    """The images of an index for `platforms`, and what it says about them, in a new index.

    Unless these are all that it has.
    """
    chosen: dict[str, StoredDeliverable] = {}
    for platform in platforms:
        descriptor, _ = find_manifest(source, top, platform)
        chosen[descriptor.digest] = _whole(source, descriptor)
    for entry in read_index(source, top).manifests:
        if entry.annotations.get(_ABOUT) in chosen:
            chosen[entry.digest] = _whole(source, entry)
    listed = {entry.digest for entry, _ in _entries(source, top, 0)}
    if listed <= chosen.keys():
        return _whole(source, top)
    wholes = chosen.values()
    made = _narrowed(source, top, chosen)
    descriptor = Descriptor(top.media_type, made.digest, made.size)
    return StoredDeliverable(
        descriptor=descriptor,
        images=tuple(image for whole in wholes for image in whole.images),
        parts=tuple(part for whole in wholes for part in whole.parts),
        read=(*(part for whole in wholes for part in whole.read), Part(descriptor, made)),
    )


def _narrowed(source: Source, top: Descriptor, chosen: Container[str]) -> InlineBlob:
    """The index `top` with the `chosen` of its entries, everything else in it as it is."""
    document = decode_object(source.blob(top).read(), source.called(top))
    entries = {
        descriptor.digest: entry
        for descriptor, entry in _entries(source, top, 0)
        if descriptor.digest in chosen
    }
    made = {**msgspec.convert(document, _Object), "manifests": list(entries.values())}
    return InlineBlob.of(msgspec.json.encode(made, order="sorted"))


def _entries(source: Source, index: Descriptor, depth: int) -> Iterator[tuple[Descriptor, object]]:
    """What `index` leads to: as it is understood, and as it stands there."""
    document = decode_object(source.blob(index).read(), source.called(index))
    stated = msgspec.convert(document, _Object)["manifests"]
    entries = read_index(source, index).manifests
    for descriptor, entry in zip(entries, msgspec.convert(stated, list[object]), strict=True):
        yield descriptor, entry
        if descriptor.media_type in INDEX_TYPES and depth < MAX_NESTING:
            yield from _entries(source, descriptor, depth + 1)


def _artifacts(source: Source, image: StoredDeliverable) -> Iterator[StoredDeliverable]:
    """The artifacts about `image`, about what it leads to, and about those in turn."""
    pending = [part.descriptor.digest for part in image.documents()]
    seen = set(pending)
    while pending:
        subject = pending.pop()
        for entry in source.referrers(subject, ""):
            if entry.digest in seen or _subject(source, entry) != subject:
                continue
            artifact = _whole(source, entry)
            found = [part.descriptor.digest for part in artifact.documents()]
            seen.update(found)
            pending += found
            yield artifact


def _subject(source: Source, descriptor: Descriptor) -> Digest | None:
    """What the manifest or index that `descriptor` names is about."""
    is_index = descriptor.media_type in INDEX_TYPES
    document = (read_index if is_index else read_manifest)(source, descriptor)
    return document.subject.digest if document.subject is not None else None


def _whole(source: Source, descriptor: Descriptor) -> StoredDeliverable:
    """All that `descriptor` leads to."""
    documents = tuple(_documents(source, descriptor, set(), 0))
    images: list[StoredPlatformImage] = []
    parts: list[Part] = []
    for document in documents:
        if document.descriptor.media_type in IMAGE_TYPES:
            manifest = read_manifest(source, document.descriptor)
            parts += _parts(source, document.descriptor, manifest)
            if _is_image(manifest):
                images.append(_image(source, document.descriptor))
    return StoredDeliverable(
        _described(source, descriptor, images), tuple(images), tuple(parts), documents
    )


def _documents(
    source: Source, descriptor: Descriptor, seen: set[Digest], depth: int
) -> Iterator[Part]:
    """The documents that `descriptor` leads to and are not `seen` yet, and then its own."""
    what = source.called(descriptor)
    if descriptor.media_type not in MANIFEST_TYPES:
        raise NotCopied(what, f"{descriptor.media_type!r} is no manifest")
    seen.add(descriptor.digest)
    blob = source.blob(descriptor)
    if descriptor.media_type in INDEX_TYPES:
        if depth == MAX_NESTING:
            raise MalformedImage(what, f"more than {MAX_NESTING} indexes in each other")
        for entry in read_index(source, descriptor).manifests:
            if entry.digest not in seen:
                _check_is_there(source, entry, what)
                yield from _documents(source, entry, seen, depth + 1)
    yield Part(Descriptor(descriptor.media_type, descriptor.digest, descriptor.size), blob)


def _check_is_there(source: Source, entry: Descriptor, index: str) -> None:
    try:
        source.blob(entry)
    except LimitExceeded:
        raise
    except (MalformedImage, ImageNotFound) as error:
        platform = f" ({entry.platform})" if entry.platform is not None else ""
        raise IncompleteIndex(index, f"{entry.digest}{platform}", error.message) from error


def _parts(source: Source, descriptor: Descriptor, manifest: Manifest) -> Iterator[Part]:
    """What a manifest leads to: layers or files, and the configuration."""
    check_layers(source.called(descriptor), manifest.layers)
    for part in (*manifest.layers, manifest.config):
        yield Part(part, source.blob(part))


def _is_image(manifest: Manifest) -> bool:
    """Whether it is what runs; signatures and attestations come in the same form."""
    tars = all(".tar" in layer.media_type for layer in manifest.layers)
    return tars and manifest.config.media_type in CONFIG_TYPES


def _image(source: Source, descriptor: Descriptor) -> StoredPlatformImage:
    image = image_at(source, descriptor)
    config = image.config
    platform = DescriptorPlatform(config.architecture, config.os, config.variant)
    return StoredPlatformImage(descriptor, image.manifest.config.digest, image.layers, platform)


def _described(
    source: Source, descriptor: Descriptor, images: Sequence[StoredPlatformImage]
) -> Descriptor:
    """What an index says of a manifest or index: its own words in another index are left there."""
    bare = Descriptor(descriptor.media_type, descriptor.digest, descriptor.size)
    if descriptor.media_type in INDEX_TYPES:
        artifact_type = read_index(source, descriptor).artifact_type
        return msgspec.structs.replace(bare, artifact_type=artifact_type)
    if images:
        return msgspec.structs.replace(bare, platform=images[0].platform)
    manifest = read_manifest(source, descriptor)
    # The specification: an artifact without a type is of that of its configuration.
    implied = manifest.config.media_type if manifest.config.media_type not in CONFIG_TYPES else ""
    return msgspec.structs.replace(bare, artifact_type=manifest.artifact_type or implied)
