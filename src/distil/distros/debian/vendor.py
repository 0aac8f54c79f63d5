"""Apt repositories beside Debian's own: opened with the one key that the user names for each.

The chain of trust is Debian's, link for link, with other keys: what one repository's key has
signed is never believed of another, nor of Debian, and Debian's keys are not believed here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.errors import UnusableRepository, WrongSuite
from distil.distros.debian.formats.release import LEAST_FIELDS, Release
from distil.distros.debian.releases import Releases, SuiteAddress, SuitePolicy
from distil.distros.debian.repository import IndexFiles, SuiteIndex
from distil.fetch.address import redacted
from distil.fetch.cache import Cache
from distil.fetch.errors import NotFound
from distil.fetch.http import Client
from distil.formats.spec_sources import is_flat
from distil.model.platform import Platform
from distil.trust.errors import KeyringUnreadable, UnknownSigner, UnusableKey
from distil.trust.keyring import Keyring

DEFAULT_COMPONENTS: Final = ("main",)
_PACKAGES: Final = "Packages"
_ALL: Final = "all"


class Repository(msgspec.Struct, frozen=True):
    """A repository as the user describes it; `key` is a file of OpenPGP certificates.

    A `suite` that ends in a slash is the directory of a flat repository, without components.
    """

    url: str
    suite: str
    key: Path
    components: tuple[str, ...] = DEFAULT_COMPONENTS

    def __str__(self) -> str:
        return f"{redacted(self.url)} {self.suite}"


class Vendor:
    """The publisher of a `Repository`, of whom nothing is known but the key.

    A suite has to be called what it is asked for as, as far as its Release file has a name for
    it: its Suite or its Codename, or of a suite with a path what stands before the last slash
    (apt's rule). What is remembered of it is kept apart from everything else by its address.
    """

    required = LEAST_FIELDS
    detached = True
    optional = False

    def check(self, release: Release, address: SuiteAddress) -> None:
        """See `Publisher`. Raises `WrongSuite`."""
        names = {release.suite, release.codename} - {""}
        asked = {address.suite, address.suite.rpartition("/")[0]}
        if names and not is_flat(address.suite) and not names & asked:
            raise WrongSuite(address.what, address.suite, " and ".join(sorted(names)))

    def name(self, release: Release, address: SuiteAddress) -> str:  # noqa: ARG002
        """See `Publisher`: the address, since two vendors can use one codename."""
        return redacted(address.root)

    def memory(self, release: Release, address: SuiteAddress) -> str:  # noqa: ARG002
        """See `Publisher`."""
        return f"newest date at {address.root}"


def open_repository(
    repository: Repository,
    platform: Platform,
    client: Client,
    cache: Cache,
    policy: SuitePolicy,
) -> tuple[SuiteIndex, ...]:
    """The verified indexes of `repository` for `platform`, one for each component.

    As in `open_suites`, only the Release file is read here. Its proxies and credentials are
    those of apt and netrc. Raises `UnusableRepository` for what it does not have, also for a
    file that holds no keys, and what `Releases.open` raises.
    """
    keyring = _keyring(repository)
    mirror = client.use_debian_mirror(repository.url)
    address = SuiteAddress(mirror, repository.suite)
    releases = Releases(client, cache, policy, keyring, Vendor())
    try:
        release = releases.open(mirror, repository.suite)
    except NotFound as error:
        why = f"has no Release file at {redacted(error.url)}"
        raise UnusableRepository(str(repository), "suite", why) from error
    except KeyringUnreadable as error:
        raise _no_keyring(repository, error) from error
    except (UnknownSigner, UnusableKey) as error:
        error.hint = f"only the keys in {repository.key} count here: are they the repository's?"
        raise
    if release.not_automatic:
        why = "is marked NotAutomatic: apt would take nothing from it unless told so"
        hint = "leave it out, and name single packages of it as files in `debs`"
        raise UnusableRepository(str(repository), "suite", why, hint=hint)
    files = IndexFiles(client, address.root, str(repository), release)
    return tuple(
        _suite_index(repository, release, address, files, name, component)
        for component, name in _indexes(repository, release, files, platform)
    )


def _keyring(repository: Repository) -> Keyring:
    try:
        return Keyring([repository.key])
    except KeyringUnreadable as error:
        raise _no_keyring(repository, error) from error


def _no_keyring(repository: Repository, error: KeyringUnreadable) -> UnusableRepository:
    hint = "name an exported public key, armored or binary"
    why = f"cannot be checked: {error.message}"
    return UnusableRepository(str(repository), "key", why, hint=hint)


def _indexes(
    repository: Repository, release: Release, files: IndexFiles, platform: Platform
) -> Iterator[tuple[str, str]]:
    """Component and name of each index that is for `platform`.

    Packages for all architectures are in the index of each, or in one of their own.
    """
    if is_flat(repository.suite):
        if not files.lists(_PACKAGES):
            raise UnusableRepository(str(repository), "suite", "lists no Packages file")
        yield "", _PACKAGES
        return
    known = release.architectures
    wanted = [name for name in (platform.debian, _ALL) if not known or name in known]
    for component in repository.components:
        names = [f"{component}/binary-{name}/{_PACKAGES}" for name in wanted]
        found = [name for name in names if files.lists(name)]
        if not found:
            raise _no_index(repository, release, component, platform)
        for name in found:
            yield component, name


def _no_index(
    repository: Repository, release: Release, component: str, platform: Platform
) -> UnusableRepository:
    if release.architectures and platform.debian not in release.architectures:
        hint = f"it has {', '.join(release.architectures)}"
        why = f"has no packages for {platform.debian}"
        return UnusableRepository(str(repository), "suite", why, hint=hint)
    known = ", ".join(release.components)
    return UnusableRepository(
        str(repository),
        "components",
        f"has no component {component!r} for {platform.debian}",
        hint=f"it has {known}" if known else "",
    )


def _suite_index(
    repository: Repository,
    release: Release,
    address: SuiteAddress,
    files: IndexFiles,
    name: str,
    component: str,
) -> SuiteIndex:
    flat = is_flat(repository.suite)
    return SuiteIndex(
        suite=str(repository),
        component=component,
        codename=release.codename or repository.suite,
        version=release.version,
        date=release.date,
        base_url=address.root if flat else address.mirror,
        digest=files.digest(name),
        packages=functools.partial(files.read, name),
        extra=functools.partial(files.find, component),
    )
