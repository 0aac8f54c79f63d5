"""From an image in any place to its inventory: catalogue, ledger and base in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.catalog.asked import Asked
from distil.catalog.inventory import inventory
from distil.compose.accounted import base_layers
from distil.compose.contents import catalogued, with_base
from distil.compose.ledgers import ledger_about
from distil.compose.subject_of_image import subject_of, subject_of_index
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.image.errors import PlatformNotFound
from distil.image.layer import Layer
from distil.image.layer_contents import wrong_digest
from distil.image.read import (
    StoredImage,
    find_manifest,
    image_at,
    listed_manifests,
    read_image,
    read_index,
)
from distil.image.stores import Source, StoreSettings
from distil.image.stores.table import store_to_read
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MissingPart
from distil.model.image import (
    IMAGE_TYPES,
    INDEX_TYPES,
    Descriptor,
    DescriptorPlatform,
)
from distil.model.inventory import (
    IndexInventory,
    Inventory,
    Scope,
    Subject,
)
from distil.model.ledger import Ledger
from distil.model.platform import optional_platform
from distil.model.reference import Location
from distil.survey.attached import VEX, AttachedDocument, attached_documents
from distil.survey.base import KnownImage, recognised, remember
from distil.survey.errors import NoBase
from distil.survey.functions import ProgramFunctions, keep_functions

_ABOUT: Final = "vnd.docker.reference.type"
_NO_PLATFORM: Final = "unknown"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What of an image is wanted.

    `platform` is what it has to be for; where there are several and none is named, it is all of
    them, or else the one that is `likely` or this machine's. `contents` says whether files are
    hashed and attributed, `attached` whether SBOMs about the image are looked for, `vex` whether
    VEX documents about it or its index are, `functions` whether those of Go programs are read.
    `base` is the image that the user says it is made on. With `hashed` every layer is hashed,
    known or not.
    """

    platform: str = ""
    all_platforms: bool = True
    likely: str = ""
    scope: Scope = Scope.SQUASHED
    contents: bool = True
    attached: bool = False
    vex: bool = False
    hashed: bool = False
    base: KnownImage | None = None
    anew: bool = False
    functions: bool = False
    settings: StoreSettings = StoreSettings()


class Surveyed(msgspec.Struct, frozen=True):
    """What is in one image, and the SBOMs and VEX documents that are attached to it.

    `functions` are those of its Go programs, where these were wanted.
    """

    inventory: Inventory
    attached: tuple[AttachedDocument, ...] = ()
    vex: tuple[AttachedDocument, ...] = ()
    has_ledger: bool = False
    functions: ProgramFunctions | None = None
    ledger: Ledger | None = None
    index: str = ""
    """The digest of the index that the image was found in."""


class SurveyedImage(msgspec.Struct, frozen=True):
    """What is in an image: for one platform, or for several when there is the `index` of them.

    `missing` are platforms of the index whose images are not where it is.
    """

    images: tuple[Surveyed, ...]
    index: Subject | None = None
    missing: tuple[str, ...] = ()

    @property
    def inventory(self) -> Inventory | IndexInventory:
        """The inventory of what the name means."""
        if self.index is None:
            return self.images[0].inventory
        children = tuple(one.inventory for one in self.images)
        return IndexInventory(subject=self.index, children=children)


def survey(location: Location, wanted: Wanted, cache: Cache) -> SurveyedImage:
    """What is in the image at `location`. Of an index, what is in the image of each platform.

    Raises `NotTheBase` and what reading images raises.
    """
    with store_to_read(location, wanted.settings).opened() as source:
        meant = source.resolve()
        if meant.media_type in INDEX_TYPES and wanted.all_platforms and not wanted.platform:
            entries = list(_platforms(source, meant))
            images, missing = _each(source, entries, wanted, cache)
            if len(entries) > 1:
                index = subject_of_index(source, meant, read_index(source, meant))
                return SurveyedImage(images, index, missing)
            if entries:
                return SurveyedImage(images)
        return SurveyedImage((_survey_one(source, _chosen(source, meant, wanted), wanted, cache),))


def known_image(location: Location, platform: str, settings: StoreSettings) -> KnownImage:
    """The image at `location` as something that another one may be made on.

    Raises what `read_image` raises.
    """
    with store_to_read(location, settings).opened() as source:
        image = read_image(source, optional_platform(platform))
        digest = str(image.descriptor.digest) if source.has_digests else ""
        layers = tuple(layer.diff_id for layer in image.layers)
        return KnownImage(str(location), digest, layers)


def survey_base(location: Location, image: Surveyed, wanted: Wanted, cache: Cache) -> Surveyed:
    """What is in the image that `image`, found at `location`, was made on: its lowest layers.

    Nobody else is asked for it. Raises `NoBase` and what reading images raises.
    """
    found = image.inventory
    of_base = {layer.diff_id for layer in found.layers if layer.is_base}
    if found.base is None or not of_base:
        raise NoBase(found.subject.name, found.base)
    platform = found.subject.platform
    chosen = msgspec.structs.replace(wanted, platform=platform) if platform else wanted
    with store_to_read(location, wanted.settings).opened() as source:
        stored = _chosen(source, source.resolve(), chosen)
        layers = [layer for layer in stored.layers if layer.diff_id in of_base]
        subject = Subject(
            name=found.base.name or f"the base of {found.subject.name}",
            digest=found.base.digest,
            platform=platform,
            size=sum(layer.descriptor.size for layer in layers),
        )
        below = inventory(subject, layers, cache, Asked(contents=wanted.contents))
        functions = keep_functions(below, layers, cache) if wanted.functions else None
        return Surveyed(below, functions=functions)


def _platforms(source: Source, index: Descriptor) -> Iterator[Descriptor]:
    """The entries of `index` that are images, and not documents about them.

    One for a platform is an image whatever else it says it is: engines choose by the platform.
    """
    for entry in listed_manifests(source, index):
        if entry.platform is not None:
            is_image = entry.platform.os != _NO_PLATFORM
        else:
            is_image = not entry.artifact_type and _ABOUT not in entry.annotations
        if is_image and entry.media_type in IMAGE_TYPES:
            yield entry


def _each(
    source: Source, entries: Sequence[Descriptor], wanted: Wanted, cache: Cache
) -> tuple[tuple[Surveyed, ...], tuple[str, ...]]:
    """What is in the image of each entry, and the platforms whose images are not there."""
    found, left, missing = [], [], None
    for entry in entries:
        try:
            image = image_at(source, entry, is_of_several=len(entries) > 1)
        except MissingPart as error:
            # A copy of some platforms alone keeps the index of all.
            missing = error
            left.append(str(entry.platform or "an unnamed platform"))
            emit(Warned(f"{source.where} does not hold the image for {entry.platform}"))
            continue
        found.append(_survey_one(source, image, wanted, cache))
    if missing is not None and not found:
        raise missing
    return tuple(found), tuple(left)


def _chosen(source: Source, meant: Descriptor, wanted: Wanted) -> StoredImage:
    likely = wanted.likely if meant.media_type in INDEX_TYPES else ""
    name = wanted.platform or likely
    platform = DescriptorPlatform.named(name) if name else None
    descriptor, several = find_manifest(source, meant, platform)
    image = image_at(source, descriptor, is_of_several=several)
    if platform is not None and image.platform != str(platform):
        raise PlatformNotFound(str(source.location), str(platform), [image.platform])
    return image


def _survey_one(source: Source, image: StoredImage, wanted: Wanted, cache: Cache) -> Surveyed:
    if wanted.anew:
        _hash(image.layers)
    subject, opened = subject_of(source, image), ledger_about(source, image, cache)
    ledger = opened.ledger if opened is not None else None
    is_ours = opened is None or opened.from_cache
    asked = Asked(scope=wanted.scope, contents=wanted.contents, hashed=wanted.hashed)
    found = catalogued(subject, image.layers, ledger, cache, asked, is_ours=is_ours)
    below = base_layers(ledger)
    base = recognised(image, below, cache, wanted.base, is_ours=is_ours)
    found = with_base(found, base, below)
    remember(image, subject.name, subject.digest, cache)
    attached = (
        tuple(attached_documents(source, image.descriptor, wanted.settings))
        if wanted.attached and source.has_digests
        else ()
    )
    functions = keep_functions(found, image.layers, cache) if wanted.functions else None
    within = _index_of(source)
    vex = _vex(source, image, within, wanted) if wanted.vex and source.has_digests else ()
    return Surveyed(
        found,
        attached,
        vex,
        has_ledger=ledger is not None,
        functions=functions,
        ledger=ledger,
        index=str(within.digest) if within is not None else "",
    )


def _index_of(source: Source) -> Descriptor | None:
    """The index that the image is in, if the name means one."""
    meant = source.resolve()
    return meant if meant.media_type in INDEX_TYPES else None


def _vex(
    source: Source, image: StoredImage, index: Descriptor | None, wanted: Wanted
) -> tuple[AttachedDocument, ...]:
    """VEX documents about the image, and about the index that it is in."""
    found: dict[Digest, AttachedDocument] = {}
    for about in (image.descriptor, *([index] if index is not None else ())):
        for one in attached_documents(source, about, wanted.settings, VEX):
            found.setdefault(one.digest, one)
    return tuple(found.values())


def _hash(layers: Sequence[Layer]) -> None:
    """Read all bytes of layers that are here. Raises `MalformedImage` for wrong ones."""
    for layer in layers:
        if layer.blob.is_local:
            try:
                for _ in layer.blob.chunks():
                    pass
            except CorruptContent as error:
                raise wrong_digest(layer) from error
