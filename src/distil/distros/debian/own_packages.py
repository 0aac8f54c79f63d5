"""``debs`` and ``[[base.repositories]]``: packages that are not from Debian's suites."""

from __future__ import annotations

from pathlib import Path

import msgspec

from distil.distros.debian.errors import UnusableDeb, UnusableRepository
from distil.distros.debian.local_debs import LocalDeb, LocalDebs, read_deb
from distil.distros.debian.lock_part import DebianPart
from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import SuiteIndex
from distil.distros.debian.vendor import DEFAULT_COMPONENTS, Repository, open_repository
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.formats.spec_sources import is_flat
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.source.own_files import check_inside, find_own
from distil.source.specification import SpecPlace

_ALL = "all"


class OwnRepository(msgspec.Struct, frozen=True):
    """A repository, and its place in the specification."""

    repository: Repository
    place: SpecPlace


class OwnPackages(msgspec.Struct, frozen=True):
    """What the user has beside Debian's suites; no local file is None."""

    repositories: tuple[OwnRepository, ...] = ()
    debs: LocalDebs | None = None

    def open(
        self, platform: Platform, client: Client, cache: Cache, policy: SuitePolicy
    ) -> tuple[SuiteIndex, ...]:
        """The verified indexes of the repositories.

        Raises `InvalidSpec`, which names the line of what a repository does not have, and what
        `open_repository` raises.
        """
        found: list[SuiteIndex] = []
        for own in self.repositories:
            try:
                found += open_repository(own.repository, platform, client, cache, policy)
            except UnusableRepository as error:
                place = msgspec.structs.replace(own.place, keys=(*own.place.keys, error.key))
                raise place.error(error.message, hint=error.hint) from error
        return tuple(found)


NOTHING = OwnPackages()


def find_own_packages(source: Path, spec: Spec, platform: Platform) -> OwnPackages:
    """What `spec` of the application in `source` names; nothing is fetched.

    Raises `InvalidSpec`, which names the line, for a key that is not there, and for .deb files
    that are none, do not fit `platform`, or are two of one package.
    """
    debs = _fitting_debs(source, spec, platform)
    return OwnPackages(
        repositories=tuple(_repositories(source, spec)),
        debs=LocalDebs(source, tuple(debs)) if debs else None,
    )


def are_locked(source: Path, spec: Spec, locked: DebianPart, platform: Platform) -> bool:
    """Whether the local .deb files of `spec` for `platform` are those that `locked` holds.

    Raises what `find_own_packages` raises.
    """
    own = find_own_packages(source, spec, platform).debs
    files = set() if own is None else {deb.digest for deb in own.debs}
    return files == {package.digest for package in locked.packages if package.is_local}


def _repositories(source: Path, spec: Spec) -> list[OwnRepository]:
    found = []
    for number, one in enumerate(spec.base.repositories):
        place = SpecPlace(source, ("base", "repositories", f"[{number}]"))
        at_key = msgspec.structs.replace(place, keys=(*place.keys, "key"))
        [key, *more] = find_own(at_key, one.key)
        if more:
            raise at_key.error(f"{one.key!r} stands for several files", hint="name one")
        components = () if is_flat(one.suite) else one.components or DEFAULT_COMPONENTS
        url = one.url.rstrip("/")
        file = check_inside(at_key, key.path)
        found.append(OwnRepository(Repository(url, one.suite, file, components), place))
    return found


def _fitting_debs(source: Path, spec: Spec, platform: Platform) -> list[LocalDeb]:
    """The local packages for `platform`, sorted by name.

    Of a package whose files are for several architectures, the one that fits is taken.
    """
    place = SpecPlace(source, ("base", "debs"))
    paths = [own.path for pattern in spec.base.debs for own in find_own(place, pattern)]
    found: dict[str, LocalDeb] = {}
    others: dict[str, LocalDeb] = {}
    for path in sorted(dict.fromkeys(paths)):
        try:
            deb = read_deb(source, path)
        except UnusableDeb as error:
            raise place.error(error.message, hint=error.hint) from error
        if deb.architecture not in (platform.debian, _ALL):
            others[deb.name] = deb
            continue
        other = found.setdefault(deb.name, deb)
        if other.digest != deb.digest:
            why = f"{other.path} and {path} are both the package {deb.name}"
            raise place.error(why, hint="name one of them")
    for name, deb in others.items():
        if name not in found:
            why = f"{deb.path} is for {deb.architecture}, and the image for {platform.debian}"
            raise place.error(why, hint=f"add the package {name} for {platform.debian}")
    return [found[name] for name in sorted(found)]
