"""What images are called where they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from distil.image.deliverable import Deliverable, blobs_in
from distil.image.errors import UnsupportedDestination
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.errors import InvalidReference
from distil.model.image import CONTAINERD_NAME, REF_NAME, Descriptor
from distil.model.reference import ImageName, Location, parse_image_name


class NamedImage(msgspec.Struct, frozen=True):
    """An image under one name.

    `name` has a tag, or only a digest where nothing but that shall find the image. `reference`
    is its ``ref.name``, which finds it inside an OCI layout or archive; an empty one stands for
    the tag.
    """

    image: Deliverable
    name: ImageName
    reference: str = ""

    @property
    def ref_name(self) -> str:
        """The value of the annotation ``org.opencontainers.image.ref.name``."""
        return self.reference or self.name.tag

    @property
    def key(self) -> str:
        """What two images for one place must not share."""
        return self.ref_name or self.image.descriptor.digest

    @property
    def entry(self) -> Descriptor:
        """The image's descriptor in ``index.json``."""
        annotations = {}
        if self.ref_name:
            annotations = {REF_NAME: self.ref_name, CONTAINERD_NAME: self.name.canonical}
        return msgspec.structs.replace(self.image.descriptor, annotations=annotations)


def name_image(
    image: Deliverable, names: Sequence[ImageName], location: Location, variant: str = ""
) -> list[NamedImage]:
    """`image` under every one of `names`, for writing to `location`.

    What the location itself says comes first: the name in ``docker-archive:FILE:NAME``,
    ``docker-daemon:NAME`` or ``containers-storage:NAME`` replaces `names`; the reference in
    ``oci:DIR:REFERENCE`` calls the first of them. `variant` is appended to tag and reference
    (``debug``: ``1.0`` becomes ``1.0-debug``).
    """
    chosen = [location.name] if location.name is not None else list(names)
    tagged = [name.variant(variant) if variant else name.tagged() for name in chosen]
    reference = location.reference if location.name is None else ""
    if reference and variant:
        reference += f"-{variant}"
    return [
        NamedImage(image, name, reference if number == 0 else "")
        for number, name in enumerate(tagged)
    ]


def unnamed(image: Deliverable, beside: ImageName) -> NamedImage:
    """`image` in the repository of `beside`, to be found by its digest, or as a referrer, alone."""
    digest = image.descriptor.digest
    return NamedImage(image, msgspec.structs.replace(beside, tag="", digest=digest))


def name_copy(
    image: Deliverable, origin: Location, found: Descriptor, target: Location
) -> NamedImage:
    """`image`, which is `found` at `origin`, under the name that `target` says or else its own.

    Raises `UnsupportedDestination` when `target` names a digest which the image has not.
    """
    if target.name is not None:
        _check_digest(target, target.name, image)
        return NamedImage(image, target.name)
    own = _own_name(origin, found) or _name_of_file(origin.path or target.path)
    inside = origin.reference if origin.name is None else ""
    reference = target.reference or inside or found.annotations.get(REF_NAME, "")
    try:
        return NamedImage(image, own.with_tag(reference) if reference else own, reference)
    except InvalidReference:  # Anything can find an image in a layout, also what is no tag.
        return NamedImage(image, own, reference)


def _check_digest(target: Location, name: ImageName, image: Deliverable) -> None:
    digest = image.descriptor.digest
    if name.digest not in ("", digest):
        raise UnsupportedDestination(
            str(target), f"the image's digest is {digest}", hint="name a tag, or that digest"
        )


def _own_name(origin: Location, found: Descriptor) -> ImageName | None:
    """What an image is called where it is; None when that is said nowhere."""
    if origin.name is not None:
        return origin.name.tagged()
    try:
        return parse_image_name(found.annotations[CONTAINERD_NAME]).tagged()
    except (KeyError, InvalidReference):
        return None


def _name_of_file(path: str) -> ImageName:
    """An image's name for want of any other: that of a directory or archive."""
    try:
        return parse_image_name(Path(path).name.partition(".")[0].lower()).tagged()
    except InvalidReference:
        return parse_image_name("image:latest")


def told_apart(images: Sequence[NamedImage]) -> list[NamedImage]:
    """`images` with references that differ: whole names where two would share a tag."""
    uses = Counter(image.key for image in images)
    return [
        msgspec.structs.replace(image, reference=image.name.familiar)
        if uses[image.key] > 1 and image.ref_name and not image.reference
        else image
        for image in images
    ]


def blobs_of(images: Iterable[NamedImage]) -> dict[Digest, Blob]:
    """Every blob of `images`, once each, sorted by digest."""
    found = {blob.digest: blob for image in images for blob in blobs_in(image.image)}
    return {digest: found[digest] for digest in sorted(found)}
