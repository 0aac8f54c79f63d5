"""Where images go, and under what names."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.compose.errors import NoOutput, NowhereToPush
from distil.compose.profiles import ANY, Profile
from distil.image.artifact import Artifact
from distil.image.assemble import Image, ImageIndex, assemble_index
from distil.image.errors import UnsupportedDestination
from distil.image.naming import NamedImage, name_image, unnamed
from distil.image.stores import NOTHING_SAID, Store, StoreSettings
from distil.image.stores.engine import ENGINES, load
from distil.image.stores.table import store_to_write
from distil.image.write import Output, staged
from distil.model.application import Application
from distil.model.platform import Platform, this_machine
from distil.model.reference import (
    ImageName,
    in_registry,
    parse_image_name,
    parse_location,
)

DEBUG: Final = "debug"
LEDGER: Final = ".ledger"


class Destinations(msgspec.Struct, frozen=True):
    """The names asked for, the places to write to, and whether an engine shall load the image."""

    names: tuple[ImageName, ...]
    stores: tuple[Store, ...]
    load: bool
    profile: Profile = ANY

    def names_for(self, application: Application) -> tuple[ImageName, ...]:
        """The names of the image: those asked for, or the application's name and version.

        Raises `InvalidReference`.
        """
        version = f":{application.version}" if application.version else ""
        return self.names or (parse_image_name(application.name + version).tagged(),)

    @property
    def engines(self) -> list[str]:
        """The places that are container engines, as users call them."""
        found = [str(store.location) for store in self.stores if store.is_engine]
        return [*found, "the container engine"] if self.load else found

    def check_platforms(self, platforms: Sequence[Platform]) -> None:
        """Raise `UnsupportedDestination` for what cannot hold an image for all `platforms`.

        And `UnfitForProfile` when that is what it is for.
        """
        self.profile.check_platforms(platforms)
        if len(platforms) == 1:
            return
        for store in self.stores:
            if not store.is_oci and not store.is_engine:
                raise UnsupportedDestination(
                    str(store.location),
                    f"a {store.location.transport} holds one platform for each name",
                    hint="write oci: or oci-archive:, or choose one with --platform",
                )
        if self.engines and this_machine() not in platforms:
            raise UnsupportedDestination(
                self.engines[0],
                "an engine takes one platform, this machine's, which is not among those built",
                hint="write oci: or oci-archive:, or choose one with --platform",
            )

    def check(self, application: Application) -> None:
        """Raise `NoOutput` when an image would be made for nobody."""
        if not self.stores and not self.load:
            raise NoOutput(application.name)


class Edition(msgspec.Struct, frozen=True):
    """An image to be written, for one platform or several, with each platform's ledger.

    `documents` are what else is about the images of the platforms.
    """

    image: Image | ImageIndex
    ledgers: tuple[Artifact, ...]
    documents: tuple[Artifact, ...] = ()


def bind(
    images: Sequence[Sequence[tuple[Image, Artifact]]], documents: Sequence[Artifact] = ()
) -> tuple[Edition, ...]:
    """From the images of each platform (production, twin) with their ledgers: what is written.

    One platform's images are written as they are, those of several as indexes. `documents` are
    about any of the images, each going where that goes.
    """
    bound = []
    for variant in zip(*images, strict=True):
        platforms, ledgers = zip(*variant, strict=True)
        image = platforms[0] if len(platforms) == 1 else assemble_index(platforms)
        about = {one.descriptor.digest for one in platforms}
        own = tuple(one for one in documents if one.subject in about)
        bound.append(Edition(image, ledgers, own))
    return tuple(bound)


class Published(msgspec.Struct, frozen=True):
    """An image and how it is addressed now."""

    image: Image | ImageIndex
    references: tuple[str, ...]


class Publication(msgspec.Struct, frozen=True):
    """The production image, its twin if there is one, and the engine that has them loaded."""

    images: tuple[Published, ...]
    engine: str = ""
    loaded: str = ""
    """The one platform that the engine got of several."""


def destinations(
    tags: Sequence[str],
    outputs: Sequence[str],
    settings: StoreSettings = NOTHING_SAID,
    profile: Profile = ANY,
    *,
    load: bool,
    push: bool = False,
) -> Destinations:
    """Parse where to write, and under what names: to `push` is to the registries of `tags`.

    Raises `InvalidReference`, `NowhereToPush`, and `UnsupportedDestination` for what can never be
    written to.
    """
    names = tuple(dict.fromkeys(parse_image_name(tag).tagged() for tag in tags))
    if push and not names:
        raise NowhereToPush
    places = [in_registry(name) for name in names] if push else []
    places += [parse_location(output) for output in outputs]
    stores = tuple(store_to_write(place, settings) for place in places)
    return Destinations(names, stores, load, profile)


def publish(
    where: Destinations, names: Sequence[ImageName], editions: Sequence[Edition]
) -> Publication:
    """Write the production image and then its twin to every place, OCI places with the ledgers.

    To all places or to none. An engine gets the image for this machine. Raises what `staged` and
    `load` raise.
    """
    images = [edition.image for edition in editions]
    references: list[list[str]] = [[] for _ in images]
    named = [_named(names, store, images) for store in where.stores]
    outputs = [
        _output(store, found, _attached(found, editions, where, store))
        for store, found in zip(where.stores, named, strict=True)
    ]
    loaded = _named(names, ENGINES[0], images) if where.load else []
    engine = ""
    with staged(outputs) as done:
        if where.load:
            engine = load([*itertools.chain(*loaded)])
            done.append(f"into {engine}")
    for output, found in zip(outputs, named, strict=True):
        printed = iter(output.references)
        for known, own in zip(references, found, strict=True):
            known.extend(itertools.islice(printed, len(own)))
    for known, own in zip(references, loaded, strict=bool(loaded)):
        known.extend(image.name.familiar for image in own)
    pairs = zip(images, references, strict=True)
    return Publication(
        images=tuple(Published(image, tuple(dict.fromkeys(found))) for image, found in pairs),
        engine=engine,
        loaded=str(this_machine()) if where.engines and len(images[0].images) > 1 else "",
    )


def _output(
    store: Store, named: Sequence[Sequence[NamedImage]], attached: Sequence[NamedImage]
) -> Output:
    """What is written to `store`: the images, each with all its names, and what is about them."""
    return Output([*itertools.chain(*named), *attached], store.location, store.settings)


def _named(
    names: Sequence[ImageName], store: Store, images: Sequence[Image | ImageIndex]
) -> list[list[NamedImage]]:
    """Each image under its names in `store`: the first is production, the second its twin."""
    if store.is_engine:
        images = [_for_this_machine(image) for image in images]
    return [
        name_image(image, names, store.location, variant)
        for image, variant in zip(images, ("", DEBUG), strict=False)
    ]


def _for_this_machine(image: Image | ImageIndex) -> Image:
    """What an engine gets: `check_platforms` saw to it that an index has this machine's."""
    if len(image.images) == 1:
        return image.images[0]
    here = this_machine()
    return next(one for one in image.images if here is not None and one.platform.fits(here))


def _attached(
    named: Sequence[Sequence[NamedImage]],
    editions: Sequence[Edition],
    where: Destinations,
    store: Store,
) -> list[NamedImage]:
    """What is about the images as `store` keeps it: found by the image, so without names.

    But for ledgers where there is no list of what is about an image: they have names for `why`.
    """
    if not store.is_oci or not where.profile.takes_artifacts:
        return []
    first = [names[0] for names in named]
    pairs = list(zip(first, editions, strict=True))
    documents = [unnamed(one, name.name) for name, edition in pairs for one in edition.documents]
    if not store.is_remote:
        return _named_ledgers(first, editions) + documents
    ledgers = [unnamed(ledger, name.name) for name, edition in pairs for ledger in edition.ledgers]
    return ledgers + documents


def _named_ledgers(named: Sequence[NamedImage], editions: Sequence[Edition]) -> list[NamedImage]:
    """Each ledger under the name of its image with ``.ledger`` behind it.

    Where there are several, the platform comes between: ``1.0.linux-arm64.ledger``.
    """
    return [
        NamedImage(ledger, name.name.with_tag(name.name.tag + end), name.ref_name + end)
        for name, edition in zip(named, editions, strict=True)
        for ledger, end in zip(edition.ledgers, _ledger_ends(edition.image), strict=True)
    ]


def _ledger_ends(image: Image | ImageIndex) -> list[str]:
    if isinstance(image, Image):
        return [LEDGER]
    return [f".{str(one.platform).replace('/', '-')}{LEDGER}" for one in image.images]
