"""Verified Release files: the links of Debian's chain of trust from a key to an index's digest.

Each link is checked and fails with an error of its own: signature, Origin, suite, Date,
Valid-Until, and that a suite never goes back in time. What was verified lately is used without
the network.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final, Self

import msgspec

from distil.errors import (
    InvalidConfiguration,
    NetworkError,
    NotDebian,
    NotFound,
    ReleaseExpired,
    ReleaseNotYetValid,
    ReleaseRolledBack,
    ReleaseTooOld,
    WrongSuite,
)
from distil.fetch.address import redacted
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.formats.debian_release import Release, parse_release
from distil.packages.suites import MAJOR_VERSIONS
from distil.trust.keyring import Keyring
from distil.trust.signed_text import verified_text

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


class Releases:
    """Release files by mirror and suite, from the network or from the cache."""

    def __init__(
        self,
        client: Client,
        cache: Cache,
        policy: SuitePolicy,
        keyring: Keyring,
        *,
        check_valid_until: bool = True,
    ) -> None:
        self._client = client
        self._cache = cache
        self._policy = policy
        self._keyring = keyring
        self._check_valid_until = check_valid_until

    def open(self, mirror: str, suite: str) -> Release:
        """The verified Release file of `suite` at `mirror`.

        One verified less than the policy's `index_age` ago comes from the cache, and offline
        any that was ever verified does. Raises the subclasses of `TrustError`, `NotFound` when
        the mirror has no such suite, and other `NetworkError`s.
        """
        url = f"{mirror}/dists/{suite}/InRelease"
        what = f"the Release file of {suite} at {redacted(mirror)}"
        record = self._recent(url)
        if record is not None and record.release is None:
            raise NotFound(what, redacted(url), "it was not there when last asked")
        if record is not None and record.release is not None:
            try:
                self._check_times(record.release, what)
            except (ReleaseExpired, ReleaseRolledBack):
                if self._client.offline:
                    raise
            else:
                return record.release
        return self._opened(url, suite, what)

    def _opened(self, url: str, suite: str, what: str) -> Release:
        kept = self._cache.document(_AREA, url)
        if self._client.offline and kept is not None:
            return self._verified(kept, suite, what)
        return self._fetched(url, suite, what, warm=kept is not None)

    def _recent(self, url: str) -> _Record | None:
        if self._policy.refresh and not self._client.offline:
            return None
        data = self._cache.document(_AREA, self._record_key(url))
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

    def _fetched(self, url: str, suite: str, what: str, *, warm: bool) -> Release:
        try:
            data = self._client.document(url, limit=LARGEST_RELEASE, what=what)
            try:
                release = self._verified(data, suite, what)
            except (ReleaseExpired, ReleaseRolledBack):
                # A cache on the way may hold an old one.
                data = self._client.document(url, limit=LARGEST_RELEASE, what=what, uncached=True)
                release = self._verified(data, suite, what)
        except NotFound:
            self._keep(url, None)
            raise
        except NetworkError as error:
            if warm:
                error.hint = "with --offline the indexes verified last are used, however old"
            raise
        self._cache.put_document(_AREA, url, data)
        self._remember(release)
        self._keep(url, release)
        return release

    # --- checks ----------------------------------------------------------------------------

    def _verified(self, document: bytes, suite: str, what: str) -> Release:
        """Check everything about `document` that can be checked. Only verified text is parsed."""
        release = parse_release(verified_text(document, self._keyring, what), what)
        if release.origin != "Debian":
            raise NotDebian(what, release.origin)
        if suite not in (release.codename, release.suite):
            raise WrongSuite(what, suite, f"{release.codename} ({release.suite})")
        major = MAJOR_VERSIONS.get(release.codename)
        if release.version and major not in (None, release.version.partition(".")[0]):
            raise WrongSuite(what, suite, f"version {release.version}")
        self._check_times(release, what)
        return release

    def _check_times(self, release: Release, what: str) -> None:
        """What time alone can make wrong, and so is checked on every use."""
        now = time.time()
        if release.date > now + _FUTURE_SECONDS:
            raise ReleaseNotYetValid(what, _day(release.date))
        until = release.valid_until
        if until is not None and until < now and self._check_valid_until:
            if release.codename not in self._policy.accept_expired:
                raise ReleaseExpired(what, _day(until), release.codename)
        days = self._policy.release_days
        if days is not None and release.date < now - days * _DAY:
            raise ReleaseTooOld(what, _day(release.date), days)
        newest = self._newest(release)
        if release.date < newest and release.codename not in self._policy.accept_older:
            raise ReleaseRolledBack(what, _day(release.date), _day(newest), release.codename)

    # --- memory ----------------------------------------------------------------------------

    def _newest(self, release: Release) -> int:
        data = self._cache.document("state", _state_key(release))
        return int(data) if data is not None and data.isdigit() else 0

    def _remember(self, release: Release) -> None:
        if release.date > self._newest(release):
            self._cache.put_document("state", _state_key(release), b"%d" % release.date)

    def _keep(self, url: str, release: Release | None) -> None:
        record = _Record(time.time(), release)
        self._cache.put_document(_AREA, self._record_key(url), msgspec.msgpack.encode(record))

    def _record_key(self, url: str) -> str:
        return f"release 1 {self._keyring.identity} {url}"


def _state_key(release: Release) -> str:
    return f"newest date {release.origin} {release.codename}"


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
