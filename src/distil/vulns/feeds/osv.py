"""Documents of the OSV schema (1.7, https://ossf.github.io/osv-schema/)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from distil.model.advisory import (
    Advisory,
    AffectedPackage,
    Event,
    EventKind,
    Imported,
    Rating,
)
from distil.vulns.database.layout import ADVISORY, CVE, PACKAGE, Fact, encoder
from distil.vulns.feeds.document import FeedDocument, Told, seconds
from distil.vulns.feeds.ratings import rating_of_vector, rating_of_word, source_of
from distil.vulns.names import key_of
from distil.vulns.versions.ordering import InvalidVersion
from distil.vulns.versions.ranges import sorted_events
from distil.vulns.versions.table import ordering_of

MOST_REFERENCES: Final = 16
LONGEST_DETAILS: Final = 4000
"""Characters: what it is about, and not all that was ever written about it."""
_LONGEST_SUMMARY: Final = 200
_LONGEST_NAME: Final = 1000

_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_WORD: Final = re.compile(r"(Critical|Important|Moderate|Low): ", re.ASCII)
"""How errata of the family of Red Hat begin."""
_KINDS: Final = ("introduced", "fixed", "last_affected", "limit")
_NO_VULNERABILITIES: Final = frozenset({"unmaintained", "notice"})
"""What RustSec also tells of crates."""
_RANKS: Final = {"ADVISORY": 0, "FIX": 1, "REPORT": 2}


_FROM_THE_START: Final = (Event(EventKind.INTRODUCED, "0"),)
_NOTHING: Final = msgspec.Raw(b"null")


class NotOsv(ValueError):
    """A document that is not one of the OSV schema, and why."""


class _Package(msgspec.Struct, gc=False):
    name: str = ""
    ecosystem: str = ""


class _Event(msgspec.Struct, gc=False):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(msgspec.Struct, gc=False):
    type: str
    events: list[_Event]


class _Severity(msgspec.Struct, gc=False):
    type: str
    score: str


class _Import(msgspec.Struct, gc=False):
    path: str = ""
    symbols: list[str] | None = None
    goos: list[str] | None = None
    goarch: list[str] | None = None


class _Affects(msgspec.Struct, gc=False):
    functions: list[str] | None = None
    os: list[str] | None = None
    arch: list[str] | None = None


class _Specific(msgspec.Struct, gc=False):
    """What is particular to an ecosystem or a database; each of them has some of these."""

    severity: Any = None
    urgency: Any = None
    informational: Any = None
    imports: list[_Import] | None = None
    affects: _Affects | None = None


class _Affected(msgspec.Struct, gc=False):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None
    ecosystem_specific: msgspec.Raw = _NOTHING
    database_specific: msgspec.Raw = _NOTHING


class _Reference(msgspec.Struct, gc=False):
    url: str = ""
    type: str = ""


class _Document(msgspec.Struct, gc=False):
    id: str
    modified: str
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    severity: list[_Severity] | None = None
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None
    database_specific: msgspec.Raw = _NOTHING


_decoder: Final = msgspec.json.Decoder(_Document)
_specifics: Final = msgspec.json.Decoder(_Specific)


def read_document(data: bytes, ecosystem: str, source: str) -> FeedDocument:
    """What the document `data` says of packages of `ecosystem` and of its releases.

    What it says of others stands in the feeds of those. Raises `NotOsv`.
    """
    try:
        found = _decoder.decode(data)
        return FeedDocument(found.id, seconds(found.modified), _told(found, ecosystem, source))
    except (msgspec.DecodeError, UnicodeError, ValueError, OverflowError, RecursionError) as error:
        raise NotOsv(str(error)) from error


def _told(found: _Document, ecosystem: str, source: str) -> list[Told]:
    if not found.id or len(found.id) > _LONGEST_NAME:
        raise NotOsv("an id of no length, or of too much")
    by = source_of(found.id)
    affected = [] if found.withdrawn else list(_affected(found, ecosystem, by))
    ratings = _ratings(found, by)
    advisory = Advisory(
        id=found.id,
        source=source,
        modified=seconds(found.modified),
        published=seconds(found.published),
        withdrawn=seconds(found.withdrawn),
        aliases=tuple(found.aliases or ()),
        upstream=tuple(found.upstream or ()),
        related=tuple(found.related or ()),
        summary=found.summary or first_sentence(found.details or ""),
        details=(found.details or "")[:LONGEST_DETAILS],
        ratings=ratings,
        references=_references(found.references or ()),
        packages=tuple(dict.fromkeys((where, name) for where, name, _ in affected)),
    )
    told = [Told(ADVISORY, found.id, encoder.encode(advisory))]
    told += (
        Told(PACKAGE + where, key_of(where, name), encoder.encode(one))
        for where, name, one in affected
    )
    return told + facts(advisory, [one.rating for _, _, one in affected])


def facts(advisory: Advisory, of_packages: Iterable[Rating | None]) -> list[Told]:
    """What an advisory says of the CVEs that it names: its ratings.

    Of an advisory for several CVEs nobody knows which of them the rating is about.
    """
    if advisory.withdrawn:
        return []
    ratings = tuple(dict.fromkeys((*advisory.ratings, *(one for one in of_packages if one))))
    cves = [one for one in (advisory.id, *advisory.aliases) if _CVE.fullmatch(one)]
    if not cves:
        distant = advisory.upstream or advisory.related
        cves = [one for one in distant if _CVE.fullmatch(one)]
        if len(cves) > 1:
            return []
    if not ratings:
        return []
    data = encoder.encode(Fact(ratings))
    return [Told(CVE, one, data) for one in dict.fromkeys(cves)]


def _affected(
    found: _Document, ecosystem: str, by: str
) -> Iterator[tuple[str, str, AffectedPackage]]:
    for one in found.affected or ():
        package = one.package
        if package is None or package.ecosystem.partition(":")[0] != ecosystem:
            continue
        if not package.name or len(package.name) > _LONGEST_NAME:
            raise NotOsv("the name of a package of no length, or of too much")
        ranges = tuple(
            _sorted(tuple(_events(extent.events)), package.ecosystem)
            for extent in one.ranges or ()
            if extent.type != "GIT"
        )
        if not ranges and not one.versions:
            continue
        told = _package(found.id, one, ranges, by)
        if told.note not in _NO_VULNERABILITIES:
            yield package.ecosystem, package.name, told


def _package(
    advisory: str, one: _Affected, ranges: tuple[tuple[Event, ...], ...], by: str
) -> AffectedPackage:
    specific = _specific(one.ecosystem_specific)
    database = _specific(one.database_specific)
    informational = database.informational or specific.informational
    imports, platforms = _imports(specific, one.package)
    return AffectedPackage(
        advisory=advisory,
        ranges=ranges,
        versions=tuple(one.versions or ()),
        note=informational if isinstance(informational, str) else "",
        rating=_rating(one.severity, by)
        or _word(specific.severity or specific.urgency or database.severity, by),
        imports=imports,
        platforms=platforms,
    )


def _specific(raw: msgspec.Raw) -> _Specific:
    # Most say nothing here, in as many ways as there are.
    if len(memoryview(raw)) <= len("null"):
        return _Specific()
    return _specifics.decode(raw)


def _imports(
    specific: _Specific, package: _Package | None
) -> tuple[tuple[Imported, ...], tuple[str, ...]]:
    """Where the vulnerable code is, and the platforms that alone have it."""
    if specific.imports:
        found = tuple(Imported(one.path, tuple(one.symbols or ())) for one in specific.imports)
        platforms = {
            name
            for named in (
                [one.goos or () for one in specific.imports],
                [one.goarch or () for one in specific.imports],
            )
            if all(named)  # What one of them does not say may be anything.
            for names in named
            for name in names
        }
        return found, tuple(sorted(platforms))
    if specific.affects is not None and package is not None:
        affects = specific.affects
        functions = tuple(affects.functions or ())
        told = tuple(sorted({*(affects.os or ()), *(affects.arch or ())}))
        return (Imported(package.name, functions),) if functions else (), told
    return (), ()


def _sorted(events: tuple[Event, ...], ecosystem: str) -> tuple[Event, ...]:
    """As versions go up; as the document has them where a version cannot be ordered."""
    if len(events) <= 2 and events[:1] == _FROM_THE_START:
        return events  # Nearly all of them, and in order as they are.
    ordering = ordering_of(ecosystem)
    if ordering is None:
        return events
    try:
        return sorted_events(events, ordering)
    except InvalidVersion:
        return events


def _events(events: list[_Event]) -> Iterator[Event]:
    for one in events:
        for kind, name in enumerate(_KINDS):
            version = getattr(one, name)
            if version is not None:
                yield Event(EventKind(kind), version)


def _ratings(found: _Document, by: str) -> tuple[Rating, ...]:
    ratings = [rating for one in found.severity or () if (rating := _severity(one, by))]
    if not ratings:
        word = _word(_specific(found.database_specific).severity, by)
        beginning = _WORD.match(found.summary or "")
        if word is None and beginning is not None:
            word = rating_of_word(beginning[1], by)
        ratings = [] if word is None else [word]
    return tuple(dict.fromkeys(ratings))


def _rating(severities: list[_Severity] | None, by: str) -> Rating | None:
    """The newest form of CVSS that it is rated in."""
    ratings = [rating for one in severities or () if (rating := _severity(one, by))]
    return max(ratings, key=lambda one: (one.score >= 0, one.vector), default=None)


def _severity(one: _Severity, by: str) -> Rating | None:
    return rating_of_vector(one.score, by) if "/" in one.score else rating_of_word(one.score, by)


def _word(word: object, by: str) -> Rating | None:
    return rating_of_word(word, by) if isinstance(word, str) else None


def _references(references: Iterable[_Reference]) -> tuple[str, ...]:
    best = sorted(references, key=lambda one: _RANKS.get(one.type, 3))
    return tuple(dict.fromkeys(one.url for one in best if one.url))[:MOST_REFERENCES]


def first_sentence(text: str) -> str:
    """What stands for a summary where there is none."""
    line = text.strip().partition("\n")[0].lstrip("# ")
    sentence = line.partition(". ")[0]
    if len(sentence) > _LONGEST_SUMMARY:
        sentence = sentence[: _LONGEST_SUMMARY - 1].rstrip() + "…"
    return sentence
