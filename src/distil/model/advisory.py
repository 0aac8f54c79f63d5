"""Known vulnerabilities, as the databases of advisories tell of them.

An `Advisory` is a document of the OSV schema (1.7, https://ossf.github.io/osv-schema/) or what
another source says in other words. What it says of one package is an `AffectedPackage`: that is
all that matching reads, and it is kept apart, by package.
"""

from __future__ import annotations

import enum

import msgspec


class Severity(enum.IntEnum):
    """How bad it is, in the words that all use; ordered."""

    UNKNOWN = 0
    NEGLIGIBLE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """As it is written, in lower case."""
        return self.name.lower()


class Rating(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How bad somebody says it is: `score` is 0 to 10, below 0 where only the word was given.

    `vector` is that of CVSS 2, 3 or 4, empty for a word alone; `by` is the source that says so.
    """

    severity: Severity
    score: float = -1.0
    vector: str = ""
    by: str = ""


class EventKind(enum.IntEnum):
    """What happens at a version, going up."""

    INTRODUCED = 0
    FIXED = 1
    """Exclusive: this version has the fix."""
    LAST_AFFECTED = 2
    """Inclusive: this version is affected still."""
    LIMIT = 3


class Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One event of a range; the version ``0`` of `INTRODUCED` is before all versions."""

    kind: EventKind
    version: str


class FixState(enum.IntEnum):
    """What a distribution says of its own version, beyond the versions themselves."""

    NONE = 0
    """Nothing: the ranges say all."""
    UNFIXED = 1
    DEFERRED = 2
    """Fixed later, with other things: ``postponed``, or ``no-dsa`` with no other word."""
    IGNORED = 3
    """It will not be fixed there."""
    END_OF_LIFE = 4
    """The package has no support there any more."""
    UNDETERMINED = 5
    """Nobody knows yet whether it is affected."""
    NOT_AFFECTED = 6


class Imported(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where in a package the vulnerable code is: an import path and its symbols, none for all."""

    path: str
    symbols: tuple[str, ...] = ()


class AffectedPackage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What an advisory says of one package of one ecosystem.

    Affected is a version within any of `ranges` (each sorted as the ecosystem orders versions) or
    in `versions`. `note` is what the distribution says about `state`, in its own words.
    `rating` is of this package alone, where the advisory has one.
    """

    advisory: str
    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()
    state: FixState = FixState.NONE
    note: str = ""
    rating: Rating | None = None
    imports: tuple[Imported, ...] = ()
    platforms: tuple[str, ...] = ()
    """Operating systems or architectures that alone are affected, as GOOS and GOARCH say them."""


class Advisory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document, but for what it says of packages: `packages` are ecosystem and name of each.

    `aliases` are the same vulnerability elsewhere, `upstream` those it tells of on behalf of a
    distribution, `related` others. Dates are in seconds since 1970, 0 for none. One that is
    `withdrawn` concerns nobody. `source` is the name of the feed.
    """

    id: str
    source: str
    modified: int = 0
    published: int = 0
    withdrawn: int = 0
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""
    ratings: tuple[Rating, ...] = ()
    references: tuple[str, ...] = ()
    packages: tuple[tuple[str, str], ...] = ()


class Exploited(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An entry of CISA's catalogue of known exploited vulnerabilities; dates as ``2024-05-31``."""

    added: str
    due: str = ""
    ransomware: bool = False
    name: str = ""


class Likelihood(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """FIRST's EPSS: how likely it is exploited within 30 days, 0 to 1, and the percentile."""

    score: float
    percentile: float


class VulnerabilityFacts(msgspec.Struct, frozen=True):
    """What is known of a CVE, whatever package it is in.

    `ratings` are those of all advisories that name it.
    """

    id: str
    ratings: tuple[Rating, ...] = ()
    exploited: Exploited | None = None
    likelihood: Likelihood | None = None


class Support(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How long a release is cared for: days as ``2026-06-10``, empty where nobody has said.

    `ends` is when its own distribution stops, `extended` when those do who go on after that
    (Debian LTS, Ubuntu Pro) where the fixes are in feeds that are read.
    """

    distribution: str
    version: str
    codename: str = ""
    ends: str = ""
    extended: str = ""


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One source of the database: where it is from, how new, and how much it has.

    `fetched` is when it was read, `newest` the date of the newest document in it; in seconds
    since 1970.
    """

    name: str
    url: str = ""
    fetched: int = 0
    newest: int = 0
    documents: int = 0


class DatabaseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The database: its `digest` names the state it is in, `built` is in seconds since 1970.

    `ecosystems` says how many packages each has advisories for.
    """

    path: str
    size: int
    digest: str
    built: int
    feeds: tuple[FeedStatus, ...] = ()
    ecosystems: tuple[tuple[str, int], ...] = ()
