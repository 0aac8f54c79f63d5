"""Where images go, and under what names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from distil.errors import NoOutput
from distil.image.artifact import Artifact
from distil.image.assemble import Image
from distil.image.naming import NamedImage, name_image
from distil.image.write import Output, check_location, staged
from distil.model.application import Application
from distil.model.reference import (
    ImageName,
    Location,
    Transport,
    parse_image_name,
    parse_location,
)

DEBUG: Final = "debug"
LEDGER: Final = ".ledger"
_WITH_ARTIFACTS: Final = (Transport.OCI, Transport.OCI_ARCHIVE)


class Destinations(msgspec.Struct, frozen=True):
    """The name asked for, the places to write to, and whether an engine shall load the image."""

    name: ImageName | None
    places: tuple[Location, ...]
    load: bool

    def name_for(self, application: Application) -> ImageName:
        """The name of the image: the one asked for, or the application's name and version.

        Raises `InvalidReference`.
        """
        version = f":{application.version}" if application.version else ""
        return self.name or parse_image_name(application.name + version).tagged()

    def check(self, application: Application) -> None:
        """Raise `NoOutput` when an image would be made for nobody."""
        if not self.places and not self.load:
            raise NoOutput(application.name)


class Published(msgspec.Struct, frozen=True):
    """An image and how it is addressed now."""

    image: Image
    references: tuple[str, ...]


class Publication(msgspec.Struct, frozen=True):
    """The production image, its twin if there is one, and the engine that has them loaded."""

    images: tuple[Published, ...]
    engine: str = ""


def destinations(tag: str | None, outputs: Sequence[str], *, load: bool) -> Destinations:
    """Parse where to write, and under what name.

    Raises `InvalidReference`, and `UnsupportedDestination` for what can never be written to.
    """
    places = tuple(parse_location(output) for output in outputs)
    for place in places:
        check_location(place)
    return Destinations(parse_image_name(tag).tagged() if tag else None, places, load)


def publish(
    where: Destinations, name: ImageName, images: Sequence[Image], ledgers: Sequence[Artifact]
) -> Publication:
    """Write the production image and then its twin to every place, OCI places with `ledgers`.

    To all places or to none. Raises what `staged` and `load` raise.
    """
    references: list[list[str]] = [[] for _ in images]
    outputs = []
    for place in where.places:
        named = _named(name, place, images)
        attached = _named_ledgers(named, ledgers) if place.transport in _WITH_ARTIFACTS else []
        outputs.append(Output([*named, *attached], place))
    engine = ""
    with staged(outputs) as done:
        if where.load:
            from distil.image.engine import load

            loaded = _named(name, Location(Transport.DOCKER_DAEMON), images)
            engine = load(loaded)
            done.append(f"into {engine}")
    for output in outputs:
        for found, reference in zip(references, output.references, strict=False):
            found.append(reference)
    if where.load:
        for found, image in zip(references, loaded, strict=True):
            found.append(image.name.familiar)
    pairs = zip(images, references, strict=True)
    return Publication(tuple(Published(image, tuple(found)) for image, found in pairs), engine)


def _named(name: ImageName, place: Location, images: Sequence[Image]) -> list[NamedImage]:
    """One name for each image at `place`: the first is production, the second its twin."""
    named = zip(images, ("", DEBUG), strict=False)
    return [
        entry for image, variant in named for entry in name_image(image, [name], place, variant)
    ]


def _named_ledgers(named: Sequence[NamedImage], ledgers: Sequence[Artifact]) -> list[NamedImage]:
    """Each ledger under the name of its image with ``.ledger`` behind it."""
    pairs = zip(named, ledgers, strict=True)
    return [
        NamedImage(
            ledger, image.name.with_tag(f"{image.name.tag}{LEDGER}"), f"{image.ref_name}{LEDGER}"
        )
        for image, ledger in pairs
    ]
