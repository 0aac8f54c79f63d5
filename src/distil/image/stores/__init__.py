"""Places for images: what any of them has to be able to do, and nothing about one.

A store is a file here and a line in `table`. It finds the manifest that is meant, gives out blobs
and takes images; what an image is, and whether it is sound, shared code derives from that
(`image.read`), as it does the order in which several places are written (`image.write`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import msgspec

from distil.image.errors import UnreadablePlace
from distil.image.naming import NamedImage
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.image import Descriptor
from distil.model.reference import Location


class StoreSettings(msgspec.Struct, frozen=True):
    """What the user says of places, beside where they are.

    `insecure` are the hosts of registries, as ``HOST[:PORT]``, that may be spoken to without TLS,
    or with a certificate that nothing vouches for.
    """

    insecure: frozenset[str] = frozenset()


NOTHING_SAID: Final = StoreSettings()


class Source(Protocol):
    """A place whose images are read piece by piece, and which of them is meant there."""

    location: Location
    where: str
    """How errors call it."""
    has_digests: bool = True
    """Whether manifests and layers are kept there as they were pushed, under their digests."""

    def resolve(self) -> Descriptor:
        """The descriptor of the manifest or index that `location` means.

        Raises `ImageNotFound` when none is meant or it cannot be told which, `MalformedImage`.
        """

    def blob(self, descriptor: Descriptor) -> Blob:
        """The bytes that `descriptor` names, opened when they are read, which checks the digest.

        Raises `MalformedImage` when they are missing or have another length.
        """

    def referrers(self, subject: Digest, artifact_type: str, /) -> Iterator[Descriptor]:
        """The manifests of artifacts of that type which may be about image `subject`.

        Those of every type when it is empty. The reader checks whether they are. Raises
        `MalformedImage`.
        """

    def called(self, descriptor: Descriptor) -> str:
        """The name for errors of the part that `descriptor` names."""
        return f"{self.where}: {descriptor.digest}"


class Store(Protocol):
    """A place that images can be put into, and read from as a `Source`."""

    location: Location
    settings: StoreSettings
    is_oci: bool = True
    """Whether it holds images for several platforms, and artifacts about images."""
    is_engine: bool = False
    """Whether it runs images: it takes those of this machine's platform, at once and for good."""
    is_remote: bool = False
    """Whether it is elsewhere: others see at once what has its name there, so that comes last."""
    is_shared: bool = False
    """Whether images of others stay there, so that all for one place have to be put together."""

    def __init__(self, location: Location, settings: StoreSettings = NOTHING_SAID) -> None:
        self.location = location
        self.settings = settings

    @property
    def place(self) -> str:
        """What tells the place from others, whatever it is called; writers lock in this order."""
        path = self.location.path
        return os.path.realpath(path) if path else str(self.location)

    def opened(self) -> AbstractContextManager[Source]:
        """What is there, as long as the block lasts. Raises OSError, `MalformedImage`."""

    def image_id(self) -> Digest | None:
        """The ID by which the place itself knows the image: of its configuration or manifest.

        None where the image has to be read for that. Raises what `opened` raises.
        """
        return None

    def address(self, image: NamedImage) -> Location:
        """How `image` is addressed here, as skopeo, podman and distil understand it."""
        return self.location.with_reference(image.ref_name)

    def reference(self, image: NamedImage) -> str:
        """How users call `image` here from now on: by its digest where others can move the tag."""
        if not self.is_remote:
            return str(self.address(image))
        digest = image.image.descriptor.digest
        return msgspec.structs.replace(image.name, tag="", digest=digest).canonical

    def tags(self) -> Iterator[str]:
        """The tags of what is there, whatever tag `location` has, as they are found.

        Raises `UnreadablePlace` where there are no tags, and what `opened` raises.
        """
        raise self._refusal("has no list of tags")

    def tag(self, descriptor: Descriptor, names: Sequence[str]) -> None:
        """Give what `descriptor` names, and is there already, the tags `names` as well.

        Raises `UnreadablePlace` where that cannot be done, and what `put` raises.
        """
        called = ", ".join(names)
        raise self._refusal(f"cannot be changed in place, to have {descriptor.digest} as {called}")

    def delete(self) -> Digest:
        """Remove what `location` means: a tag, and what nothing leads to then; the image's digest.

        Raises `UnreadablePlace` where that cannot be done, and what `opened` and `put` raise.
        """
        raise self._refusal("cannot be changed in place, to lose an image")

    def _refusal(self, why: str) -> UnreadablePlace:
        kind = self.location.transport
        hint = "a layout and a registry can: `distil copy` puts the image into one"
        if self.is_engine:
            hint = "ask the engine itself: `docker image --help`, `podman image --help`"
        return UnreadablePlace(str(self.location), f"a {kind} {why}", hint=hint)

    def put(self, images: Sequence[NamedImage]) -> AbstractContextManager[None]:
        """Write `images`: they are complete before the block, and appear when it has ended well.

        Nothing half-written stays, and what is replaced is as it was when anything goes wrong.
        Raises `UnsupportedDestination`, `OutputFailed`, `DiskFull`, `CorruptContent`,
        `MalformedImage`, and for engines `NoEngine` and `EngineFailed`.
        """
