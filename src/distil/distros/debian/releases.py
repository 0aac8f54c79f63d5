"""Verified Release files: the links of the chain of trust from a key to an index's digest.

Each link is checked and fails with an error of its own: signature, Origin, suite, Date,
Valid-Until, and that a suite never goes back in time. What was verified lately is used without
the network.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final, Protocol, Self

import msgspec

from distil.distros.debian.errors import (
    NotDebian,
    ReleaseExpired,
    ReleaseNotYetValid,
    ReleaseRolledBack,
    ReleaseTooOld,
    WrongSuite,
)
from distil.distros.debian.formats.release import DEBIAN_FIELDS, Release, parse_release
from distil.distros.debian.suites import MAJOR_VERSIONS
from distil.fetch.address import redacted
from distil.fetch.cache import Cache
from distil.fetch.errors import InvalidConfiguration, NetworkError, NotFound
from distil.fetch.http import Client
from distil.trust.errors import NotSigned
from distil.trust.keyring import Keyring
from distil.trust.signed_text import verified_detached, verified_text

DEFAULT_AGE: Final = 3600.0
LARGEST_RELEASE: Final = 16 << 20
"""Bytes; Debian's own have 200 kB."""

_AREA: Final = "indexes"
_FUTURE_SECONDS: Final = 3600
_DAY: Final = 86400


class SuitePolicy(msgspec.Struct, frozen=True):
    """How fresh a suite has to be, and what is accepted all the same.

    `index_age`: seconds for which a verified Release file is used without asking again;
    `refresh` asks anyway. `release_days`: how old its Date may be, None for any. `accept_older`
    and `accept_expired` name the codenames for which rollback and Valid-Until are let pass.
    """

    components: tuple[str, ...] = ("main",)
    index_age: float = DEFAULT_AGE
    refresh: bool = False
    release_days: float | None = None
    accept_older: frozenset[str] = frozenset()
    accept_expired: frozenset[str] = frozenset()

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, *, refresh: bool = False
    ) -> Self:
        """The policy that variables of the environment ask for.

        They are ``DISTIL_INDEX_MAX_AGE`` (seconds), ``DISTIL_RELEASE_MAX_DAYS``, and
        ``DISTIL_ACCEPT_OLDER_INDEX`` and ``DISTIL_ACCEPT_EXPIRED_INDEX`` (codenames). Raises
        `InvalidConfiguration`.
        """
        age = _number(environment, "DISTIL_INDEX_MAX_AGE")
        return cls(
            index_age=DEFAULT_AGE if age is None else age,
            refresh=refresh,
            release_days=_number(environment, "DISTIL_RELEASE_MAX_DAYS"),
            accept_older=_names(environment, "DISTIL_ACCEPT_OLDER_INDEX"),
            accept_expired=_names(environment, "DISTIL_ACCEPT_EXPIRED_INDEX"),
        )


DEFAULT_POLICY: Final = SuitePolicy()


class _Record(msgspec.Struct):
    """A verified Release file and when it was last fetched; None: the mirror had none."""

    fetched: float
    release: Release | None


class SuiteAddress(msgspec.Struct, frozen=True):
    """Where a suite is.

    `suite` is a directory below ``dists`` of `mirror`, which has no slash at its end. When the
    suite ends in a slash, it is the directory of a flat repository (sources.list(5)).
    """

    mirror: str
    suite: str

    @property
    def root(self) -> str:
        """The address of the directory that holds the Release file."""
        if not self.suite.endswith("/"):
            return f"{self.mirror}/dists/{self.suite}"
        return f"{self.mirror}/{self.suite.removeprefix('./')}".rstrip("/")

    @property
    def what(self) -> str:
        """How messages call its Release file."""
        return f"the Release file of {self.suite} at {redacted(self.mirror)}"


class Publisher(Protocol):
    """Whose Release files are opened: what they have to say, and how they are told apart."""

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that a Release file has to have, in lower case."""

    @property
    def detached(self) -> bool:
        """Whether ``Release`` and ``Release.gpg`` do where there is no ``InRelease``."""

    @property
    def optional(self) -> bool:
        """Whether a suite may well be missing, so that its absence is remembered."""

    def check(self, release: Release, address: SuiteAddress) -> None:
        """Check that `release` is about the suite at `address`. Raises a `TrustError`."""

    def name(self, release: Release, address: SuiteAddress) -> str:
        """What the user calls the suite, to accept an old or expired one."""

    def memory(self, release: Release, address: SuiteAddress) -> str:
        """Under which key the newest date of the suite is remembered."""


class Debian:
    """Debian itself: a suite is the same wherever it comes from."""

    required = DEBIAN_FIELDS
    detached = False
    optional = True

    def check(self, release: Release, address: SuiteAddress) -> None:
        """See `Publisher`. Raises `NotDebian`, `WrongSuite`."""
        if release.origin != "Debian":
            raise NotDebian(address.what, release.origin)
        if address.suite not in (release.codename, release.suite):
            got = f"{release.codename} ({release.suite})"
            raise WrongSuite(address.what, address.suite, got)
        major = MAJOR_VERSIONS.get(release.codename)
        if release.version and major not in (None, release.version.partition(".")[0]):
            raise WrongSuite(address.what, address.suite, f"version {release.version}")

    def name(self, release: Release, address: SuiteAddress) -> str:  # noqa: ARG002
        """See `Publisher`."""
        return release.codename

    def memory(self, release: Release, address: SuiteAddress) -> str:  # noqa: ARG002
        """See `Publisher`."""
        return f"newest date {release.origin} {release.codename}"


class _Document(msgspec.Struct, frozen=True):
    """A Release file as it was fetched; `signature` is empty when it holds its own."""

    text: bytes
    signature: bytes = b""


class Releases:
    """Release files by mirror and suite, from the network or from the cache."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        policy: SuitePolicy,
        keyring: Keyring,
        publisher: Publisher | None = None,
        *,
        check_valid_until: bool = True,
    ) -> None:
        self._client = client
        self._cache = cache
        self._policy = policy
        self._keyring = keyring
        self._publisher = publisher or Debian()
        self._check_valid_until = check_valid_until

    def open(self, mirror: str, suite: str) -> Release:
        """The verified Release file of `suite` at `mirror`; see `SuiteAddress`.

        One verified less than the policy's `index_age` ago comes from the cache, and offline
        any that was ever verified does. Raises the subclasses of `TrustError`, `NotFound` when
        the mirror has no such suite, and other `NetworkError`s.
        """
        address = SuiteAddress(mirror, suite)
        record = self._recent(address)
        if record is not None and record.release is None:
            why = "it was not there when last asked"
            raise NotFound(address.what, redacted(f"{address.root}/InRelease"), why)
        if record is not None and record.release is not None:
            try:
                self._check_times(record.release, address)
            except (ReleaseExpired, ReleaseRolledBack):
                if self._client.offline:
                    raise
            else:
                return record.release
        return self._opened(address)

    def _opened(self, address: SuiteAddress) -> Release:
        kept = self._kept(address)
        if self._client.offline and kept is not None:
            return self._verified(kept, address)
        return self._fetched(address, warm=kept is not None)

    def _recent(self, address: SuiteAddress) -> _Record | None:
        if self._policy.refresh and not self._client.offline:
            return None
        data = self._cache.document(_AREA, self._record_key(address))
        if data is None:
            return None
        try:
            record = msgspec.msgpack.decode(data, type=_Record)
        except msgspec.DecodeError:
            # Written by another version of distil.
            return None
        if self._client.offline and record.release is None:
            return record
        age = time.time() - record.fetched
        return record if 0 <= age < self._policy.index_age else None

    def _fetched(self, address: SuiteAddress, *, warm: bool) -> Release:
        try:
            document = self._asked(address)
            try:
                release = self._verified(document, address)
            except (ReleaseExpired, ReleaseRolledBack):
                # A cache on the way may hold an old one.
                document = self._asked(address, uncached=True)
                release = self._verified(document, address)
        except NotFound:
            if self._publisher.optional:
                self._keep(address, None)
            raise
        except NetworkError as error:
            if warm:
                error.hint = "with --offline the indexes verified last are used, however old"
            raise
        packed = msgspec.msgpack.encode(document)
        self._cache.put_document(_AREA, _document_key(address), packed)
        self._remember(release, address)
        self._keep(address, release)
        return release

    def _asked(self, address: SuiteAddress, *, uncached: bool = False) -> _Document:
        """What the mirror has. Raises `NotFound`, `NotSigned` and what the client raises."""
        try:
            return _Document(self._get(address, "InRelease", uncached=uncached))
        except NotFound:
            if not self._publisher.detached:
                raise
        text = self._get(address, "Release", uncached=uncached)
        try:
            return _Document(text, self._get(address, "Release.gpg", uncached=uncached))
        except NotFound as error:
            raise NotSigned(address.what) from error

    def _get(self, address: SuiteAddress, name: str, *, uncached: bool) -> bytes:
        url = f"{address.root}/{name}"
        return self._client.document(
            url, limit=LARGEST_RELEASE, what=address.what, uncached=uncached
        )

    # --- checks ----------------------------------------------------------------------------

    def _verified(self, document: _Document, address: SuiteAddress) -> Release:
        """Check everything about `document` that can be checked. Only verified text is parsed."""
        what = address.what
        if document.signature:
            verified_detached(document.text, document.signature, self._keyring, what)
            text = document.text
        else:
            text = verified_text(document.text, self._keyring, what)
        release = parse_release(text, what, self._publisher.required)
        self._publisher.check(release, address)
        self._check_times(release, address)
        return release

    def _check_times(self, release: Release, address: SuiteAddress) -> None:
        """What time alone can make wrong, and so is checked on every use."""
        now = time.time()
        what, name = address.what, self._publisher.name(release, address)
        if release.date > now + _FUTURE_SECONDS:
            raise ReleaseNotYetValid(what, _day(release.date))
        until = release.valid_until
        if (
            until is not None
            and until < now
            and self._check_valid_until
            and name not in self._policy.accept_expired
        ):
            raise ReleaseExpired(what, _day(until), name)
        days = self._policy.release_days
        if days is not None and release.date < now - days * _DAY:
            raise ReleaseTooOld(what, _day(release.date), days)
        newest = self._newest(release, address)
        if release.date < newest and name not in self._policy.accept_older:
            raise ReleaseRolledBack(what, _day(release.date), _day(newest), name)

    # --- memory ----------------------------------------------------------------------------

    def _newest(self, release: Release, address: SuiteAddress) -> int:
        data = self._cache.document("state", self._publisher.memory(release, address))
        return int(data) if data is not None and data.isdigit() else 0

    def _remember(self, release: Release, address: SuiteAddress) -> None:
        if release.date > self._newest(release, address):
            key = self._publisher.memory(release, address)
            self._cache.put_document("state", key, b"%d" % release.date)

    def _keep(self, address: SuiteAddress, release: Release | None) -> None:
        packed = msgspec.msgpack.encode(_Record(time.time(), release))
        self._cache.put_document(_AREA, self._record_key(address), packed)

    def _kept(self, address: SuiteAddress) -> _Document | None:
        data = self._cache.document(_AREA, _document_key(address))
        if data is None:
            return None
        try:
            return msgspec.msgpack.decode(data, type=_Document)
        except msgspec.DecodeError:
            return None

    def _record_key(self, address: SuiteAddress) -> str:
        publisher = type(self._publisher).__name__
        return f"release 2 {publisher} {self._keyring.identity} {address.root}"


def _document_key(address: SuiteAddress) -> str:
    return f"signed 1 {address.root}"


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _number(environment: Mapping[str, str], name: str) -> float | None:
    value = environment.get(name)
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    # The comparison is false for "nan" too.
    if not number >= 0:
        raise InvalidConfiguration(name, f"{value!r} is not a number that is zero or more")
    return number


def _names(environment: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(environment.get(name, "").replace(",", " ").split())
