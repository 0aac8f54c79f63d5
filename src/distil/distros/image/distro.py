"""An image as a base of the table: what `distil.distros.protocol.Distro` asks for.

What can be added to it, and how, a distribution tells: the one whose packages are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from distil.distros.foundation import Asked, Foundation, open_foundation
from distil.distros.protocol import Base, LockedArchive, Opening
from distil.events import Warned, emit
from distil.fetch.cache import Check
from distil.formats.lock_toml import from_part, to_part
from distil.image.stores import StoreSettings
from distil.model.digest import Digest
from distil.model.lock import LockPart, Pinned
from distil.model.platform import Platform
from distil.model.reference import Location, names_image, parse_location
from distil.model.spec import Level, Spec

IMAGE: Final = "image"
"""The kind of an image among what a lock pins."""


class Adding(Protocol):
    """A distribution that can add packages to an image."""

    def open_onto(self, foundation: Foundation, opening: Opening, platform: Platform) -> Base:
        """What can be added to `foundation`; nothing, if that is so. Raises what opening does."""

    def open_locked_onto(
        self, foundation: Foundation, part: LockPart, opening: Opening, platform: Platform
    ) -> Base:
        """The same with nothing in it but the packages of a lock's `part`."""

    def is_locked(self, part: LockPart, source: Path, spec: Spec, platform: Platform) -> bool:
        """See `Distro.is_locked`."""

    def pinned(self, part: LockPart) -> Pinned:
        """See `Distro.pinned`."""

    def locked_files_onto(
        self, foundation: Foundation, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        """See `Distro.locked_files`."""


class ImagePart(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a lock holds of an image: its name, its digest if others know it by one, and packages.

    These are as the distribution writes them that they are of.
    """

    name: str
    digest: Digest | None = None
    packages: dict[str, Any] = {}


class Images(msgspec.Struct, frozen=True):
    """Images from anywhere. `adding` is whose packages are added to them."""

    adding: Adding
    name: str = IMAGE

    @property
    def bases(self) -> tuple[str, ...]:
        """None: which images there are, only users know."""
        return ()

    @property
    def cache_checks(self) -> Mapping[str, Check]:
        """None of its own."""
        return {}

    def owns(self, base: str) -> bool:
        """Whether `base` names an image."""
        return names_image(base)

    def open(self, opening: Opening, platform: Platform) -> Base:
        """The image that the specification names, the one that an earlier lock holds if it shall.

        Raises what `open_foundation` and opening the distribution raise.
        """
        held = None
        if opening.held and opening.upgraded is not None:
            held = from_part(opening.held, ImagePart)
            if held.name in opening.upgraded or held.name != opening.spec.base.source:
                held = None
        foundation = _opened(opening, platform, held.digest if held is not None else None)
        packages = held.packages if held is not None else None
        inner = msgspec.structs.replace(opening, held=packages)
        return self.adding.open_onto(foundation, inner, platform)

    def open_locked(self, part: LockPart, opening: Opening, platform: Platform) -> Base:
        """The image with the digest that is locked. Raises what `open` raises."""
        locked = from_part(part, ImagePart)
        foundation = _opened(opening, platform, locked.digest)
        return self.adding.open_locked_onto(foundation, locked.packages, opening, platform)

    def is_locked(self, part: LockPart, source: Path, spec: Spec, platform: Platform) -> bool:
        """Whether the user's own package files are those that are locked."""
        return self.adding.is_locked(from_part(part, ImagePart).packages, source, spec, platform)

    def locked(self, base: Base, packages: LockPart) -> LockPart:
        """The image as well."""
        return to_part(ImagePart(base.name, base.foundation.digest, dict(packages)))

    def pinned(self, part: LockPart) -> Pinned:
        """The image and the packages that are added to it."""
        locked = from_part(part, ImagePart)
        found = self.adding.pinned(locked.packages)
        digest = str(locked.digest or "")
        versions = {(IMAGE, locked.name): digest, **found.versions}
        return msgspec.structs.replace(found, version=digest or locked.name, versions=versions)

    def locked_files(
        self, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        """The archives of the packages; the image is had from where it is."""
        locked = from_part(part, ImagePart)
        foundation = _opened(opening, platform, locked.digest)
        return self.adding.locked_files_onto(foundation, locked.packages, opening, platform)


def _opened(opening: Opening, platform: Platform, digest: Digest | None) -> Foundation:
    asked = Asked(place_of(opening.spec.base.source, opening.source), platform, digest)
    if opening.spec.reach.level is not Level.PACKAGES:
        what = "the base image stays whole, and what is put on top of it as well: level packages"
        emit(Warned(what, minor=True))
    client = opening.client
    settings = StoreSettings(client.insecure)
    return open_foundation(asked, client.cache, settings, offline=client.offline)


def place_of(base: str, source: Path) -> Location:
    """Where the image called `base` is: a path is relative to the application in `source`.

    Raises `InvalidReference`.
    """
    location = parse_location(base)
    if not location.transport.is_file:
        return location
    return msgspec.structs.replace(location, path=str(source / location.path))
