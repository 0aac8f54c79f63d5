"""What images are called where they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from distil.image.deliverable import Deliverable, blobs_in
from distil.model.blob import Blob
from distil.model.digest import Digest
from distil.model.image import CONTAINERD_NAME, REF_NAME, Descriptor
from distil.model.reference import ImageName, Location


class NamedImage(msgspec.Struct, frozen=True):
    """An image under one name.

    `name` has a tag. `reference` is its ``ref.name``, which finds it inside an OCI layout or
    archive; an empty one stands for the tag.
    """

    image: Deliverable
    name: ImageName
    reference: str = ""

    @property
    def ref_name(self) -> str:
        """The value of the annotation ``org.opencontainers.image.ref.name``."""
        return self.reference or self.name.tag

    @property
    def entry(self) -> Descriptor:
        """The image's descriptor in ``index.json``."""
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


def told_apart(images: Sequence[NamedImage]) -> list[NamedImage]:
    """`images` with references that differ: whole names where two would share a tag."""
    uses = Counter(image.ref_name for image in images)
    return [
        msgspec.structs.replace(image, reference=image.name.familiar)
        if uses[image.ref_name] > 1 and not image.reference
        else image
        for image in images
    ]


def blobs_of(images: Iterable[NamedImage]) -> dict[Digest, Blob]:
    """Every blob of `images`, once each, sorted by digest."""
    found = {blob.digest: blob for image in images for blob in blobs_in(image.image)}
    return {digest: found[digest] for digest in sorted(found)}
