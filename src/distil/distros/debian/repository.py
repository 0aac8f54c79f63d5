"""Debian's suites as verified indexes: what a base such as ``debian:trixie`` stands for."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.distros.debian.errors import (
    ByHashMismatch,
    IndexMismatch,
    IndexMissing,
    MalformedRelease,
    MissingComponent,
    NotDebian,
    UnknownSuite,
    UnsupportedArchitecture,
)
from distil.distros.debian.formats.release import Release, ReleaseFile
from distil.distros.debian.releases import DEFAULT_POLICY, Releases, SuitePolicy
from distil.distros.debian.sources import Mirrors
from distil.distros.debian.suites import (
    ALIASES,
    MAJOR_VERSIONS,
    is_security_suite,
    security_of,
    suite_of_base,
    updates_of,
)
from distil.errors import DistilError, did_you_mean
from distil.events import Warned, emit
from distil.fetch.address import redacted
from distil.fetch.cache import Cache
from distil.fetch.errors import NotFound, WrongDigest, WrongSize
from distil.fetch.http import Client, Download
from distil.formats.compressed import decompress
from distil.formats.errors import MalformedArchive
from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.platform import Platform
from distil.trust.errors import NotSigned, UnknownSigner
from distil.trust.keyring import Keyring

LARGEST_INDEX: Final = 2 << 30
"""Bytes of an index whose uncompressed size the Release file does not say."""

_COMPRESSIONS: Final = ("xz", "zst", "gz", "")


def _no_pieces(name: str) -> Iterator[bytes]:  # noqa: ARG001
    yield from ()


class SuiteIndex(msgspec.Struct, frozen=True):
    """One component of one suite for one architecture.

    `digest` is the sha256 of the uncompressed ``Packages`` file and so stands for everything in
    it. `base_url` is what a package's ``Filename`` is relative to. `date` is the suite's, in
    seconds since 1970. `version` is the release's ("13.8"), "" where a suite has none.
    """

    suite: str
    component: str
    codename: str
    version: str
    date: int
    base_url: str
    digest: Digest
    packages: Callable[[], bytes]
    """The ``Packages`` file, fetched if need be, verified and decompressed; see `open_suites`."""
    extra: Callable[[str], bytes | None]
    """Another index by its name in the component, such as ``Contents-amd64``; None when the
    suite has none. Fetched and verified like `packages`."""
    pieces: Callable[[str], Iterator[bytes]] = _no_pieces
    """As `extra`, piece by piece, for what is too large to be held; nothing where the suite has
    none. What does not match raises at the end, so nothing may be concluded before that."""


def open_suites(
    base: str,
    platform: Platform,
    client: Client,
    cache: Cache,
    mirrors: Mirrors,
    policy: SuitePolicy = DEFAULT_POLICY,
) -> tuple[SuiteIndex, ...]:
    """The verified suites that make up `base` for `platform`: itself, updates and security.

    Only the Release files are read here; an index is fetched when its `packages` is called, so
    that a build which knows the index by its digest never needs its bytes. A missing updates or
    security suite is a `Warned` event, as is one that is NotAutomatic.

    Raises `UnknownBase`, `UnknownSuite`, `UnsupportedArchitecture`, `MissingComponent`, and
    what `Releases.open` raises. `packages` and `extra` raise `IndexMismatch`,
    `ByHashMismatch`, `IndexMissing` and `NetworkError`.
    """
    mirrors = use_mirrors(client, mirrors)
    keyring = Keyring.debian(Path(mirrors.keyring) if mirrors.keyring else None)
    releases = Releases(client, cache, policy, keyring, check_valid_until=mirrors.check_valid_until)
    name = suite_of_base(base)
    opened = [_main_suite(releases, mirrors, name)]
    opened += _companions(releases, mirrors, opened[0])
    indexes = [
        index
        for suite in opened
        for component in policy.components
        for index in _component(client, suite, component, platform, required=suite is opened[0])
    ]
    return tuple(indexes)


def use_mirrors(client: Client, mirrors: Mirrors) -> Mirrors:
    """Make `client` fetch from `mirrors` as apt would, and old versions from snapshots.

    The mirrors come back without the logins in their addresses, which the client keeps, so that
    what is derived from them may be shown and stored. Raises `InvalidUrl`.
    """
    archives = [client.use_debian_mirror(m, mirrors.snapshot) for m in mirrors.archives]
    security = [client.use_debian_mirror(m, mirrors.security_snapshot) for m in mirrors.securities]
    return msgspec.structs.replace(mirrors, archives=tuple(archives), securities=tuple(security))


class _Suite(msgspec.Struct, frozen=True):
    """A suite with the mirror it was verified at. `name` is its codename."""

    mirror: str
    directory: str
    release: Release

    @property
    def name(self) -> str:
        return self.release.codename

    @property
    def root(self) -> str:
        return f"{self.mirror}/dists/{self.directory}"


def _main_suite(releases: Releases, mirrors: Mirrors, name: str) -> _Suite:
    """The suite asked for, from the first mirror that has it and is Debian's.

    Archives of others are in apt's sources as well; they are told by what they answer.
    """
    candidates = mirrors.securities if is_security_suite(name) else mirrors.archives
    refusals: list[DistilError] = []
    for mirror in candidates:
        try:
            return _Suite(mirror, name, releases.open(mirror, name))
        except (NotFound, NotDebian, UnknownSigner, NotSigned) as error:
            refusals.append(error)
    for refusal in refusals:
        if not isinstance(refusal, NotFound):
            raise refusal
    hint = did_you_mean(name, [*MAJOR_VERSIONS, *ALIASES])
    raise UnknownSuite(name, [redacted(mirror) for mirror in candidates], hint=hint)


def _companions(releases: Releases, mirrors: Mirrors, main: _Suite) -> list[_Suite]:
    """The updates and security suites of `main`, as far as they exist."""
    updates, security = updates_of(main.name), security_of(main.name)
    wanted = [("updates", updates, (main.mirror,)), ("security", security, mirrors.securities)]
    found = [_companion(releases, *entry) for entry in wanted if entry[1]]
    return [suite for suite in found if suite is not None]


def _companion(
    releases: Releases, kind: str, name: str, candidates: tuple[str, ...]
) -> _Suite | None:
    for mirror in candidates:
        try:
            release = releases.open(mirror, name)
        except NotFound:
            continue
        if release.not_automatic:
            emit(Warned(f"{name} is left out: it is marked NotAutomatic"))
            return None
        return _Suite(mirror, name, release)
    if candidates:
        where = " or ".join(redacted(mirror) for mirror in candidates)
        why, hint = f"there is no suite {name} at {where}", ""
    else:
        why = f"no mirror is named for {name}"
        hint = "name one with DISTIL_DEBIAN_SECURITY_MIRROR, or `security-mirror` in config.toml"
    emit(Warned(f"building without {kind} updates: {why}", hint=hint))
    return None


# --- indexes -------------------------------------------------------------------------------


def _component(
    client: Client, suite: _Suite, component: str, platform: Platform, *, required: bool
) -> Iterator[SuiteIndex]:
    release = suite.release
    if platform.debian not in release.architectures:
        raise UnsupportedArchitecture(suite.name, platform.debian, release.architectures)
    if component not in release.components:
        if required:
            raise MissingComponent(suite.name, component, release.components)
        return
    name = f"{component}/binary-{platform.debian}/Packages"
    files = IndexFiles(client, suite.root, suite.name, release)
    packages = functools.partial(files.read, name)
    yield SuiteIndex(
        suite=suite.name,
        component=component,
        codename=release.codename,
        version=release.version,
        date=release.date,
        base_url=suite.mirror,
        digest=files.digest(name),
        packages=packages,
        extra=functools.partial(files.find, component),
        pieces=functools.partial(files.find_pieces, component),
    )


class IndexFiles:
    """The files that one Release file vouches for: below `root`, of the suite called `suite`."""

    def __init__(self, client: Client, root: str, suite: str, release: Release) -> None:
        self._client = client
        self._root = root
        self._suite = suite
        self._release = release

    def lists(self, name: str) -> bool:
        """Whether there is a file `name`, compressed or not."""
        return any(self._release.file(packed) for packed in _packed_names(name))

    def digest(self, name: str) -> Digest:
        """The digest that stands for the contents of `name`. Raises `MalformedRelease`."""
        plain = self._release.file(name)
        return plain.digest if plain is not None else self._packed(name)[1].digest

    def find(self, component: str, name: str) -> bytes | None:
        """As `read`, for a name in `component` or at the top of the suite; None without one."""
        for candidate in (f"{component}/{name}", name):
            if self.lists(candidate):
                return self.read(candidate)
        return None

    def find_pieces(self, component: str, name: str) -> Iterator[bytes]:
        """As `find`, piece by piece; nothing without one."""
        for candidate in (f"{component}/{name}", name):
            if self.lists(candidate):
                yield from self._pieces(candidate)
                return

    def read(self, name: str) -> bytes:
        """The uncompressed bytes of `name`, checked at both ends of the decompression."""
        # Unlike a list of pieces, this hands its bytes over without a second copy.
        out = io.BytesIO()
        for piece in self._pieces(name):
            out.write(piece)
        return out.getvalue()

    def _pieces(self, name: str) -> Iterator[bytes]:
        what = f"{name} of {self._suite}"
        compression, packed = self._packed(name)
        plain = self._release.file(name)
        suffix = f".{compression}" if compression else ""
        blob = self._fetch(name + suffix, packed, what)
        limit = plain.size if plain is not None else LARGEST_INDEX
        hasher = hashlib.sha256()
        try:
            for piece in decompress(blob.chunks(), compression, limit=limit, what=what):
                hasher.update(piece)
                yield piece
        except MalformedArchive as error:
            raise IndexMismatch(what, error.message) from error
        if plain is not None and hasher.hexdigest() != plain.digest.hex:
            raise IndexMismatch(what, "its uncompressed contents have another digest")

    def _packed(self, name: str) -> tuple[str, ReleaseFile]:
        for compression, packed in zip(_COMPRESSIONS, _packed_names(name), strict=True):
            found = self._release.file(packed)
            if found is not None:
                return compression, found
        raise MalformedRelease(f"the Release file of {self._suite}", f"it has no {name}")

    def _fetch(self, name: str, file: ReleaseFile, what: str) -> FileBlob:
        """The file from the cache or the mirror, under its digest where the mirror has that."""
        url = f"{self._root}/{name}"
        if self._release.by_hash:
            directory = url.rpartition("/")[0]
            by_hash = f"{directory}/by-hash/SHA256/{file.digest.hex}"
            try:
                return self._client.archive(Download(by_hash, file.digest, file.size, what))
            except (WrongDigest, WrongSize) as error:
                raise ByHashMismatch(what, error.message) from error
            except NotFound:
                # Mirrors made by simple tools copy the field but not the directories.
                pass
        try:
            return self._client.archive(Download(url, file.digest, file.size, what))
        except (WrongDigest, WrongSize) as error:
            raise IndexMismatch(what, error.message) from error
        except NotFound as error:
            raise IndexMissing(what, redacted(url)) from error


def _packed_names(name: str) -> list[str]:
    return [f"{name}.{compression}" if compression else name for compression in _COMPRESSIONS]
