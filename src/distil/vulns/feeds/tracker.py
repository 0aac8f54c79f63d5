"""Debian's security tracker: what it says of each package in each release, in one document.

It is what OSV's documents for Debian are made from, and says more: why there is no fix, and that a
release is not affected. https://security-tracker.debian.org/tracker/data/json
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.advisory import Advisory, AffectedPackage, Event, EventKind, FixState
from distil.vulns.database.layout import ADVISORY, PACKAGE, encoder
from distil.vulns.errors import MalformedFeed
from distil.vulns.feeds.document import FeedDocument, Told
from distil.vulns.feeds.osv import LONGEST_DETAILS, facts, first_sentence
from distil.vulns.feeds.ratings import rating_of_word

SOURCE: Final = "debian-tracker"

_ALL: Final = (Event(EventKind.INTRODUCED, "0"),)
_NEVER: Final = "0"
"""The fixed version of a release that never had it."""
_SUITES: Final = {"sid": "sid"}
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)


class _Release(msgspec.Struct, gc=False):
    status: str
    fixed_version: str = ""
    urgency: str = ""
    nodsa: str = ""
    nodsa_reason: str = ""


class _Issue(msgspec.Struct, gc=False):
    releases: dict[str, _Release]
    description: str = ""


_packages: Final = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_issue: Final = msgspec.json.Decoder(_Issue)


def read_tracker(
    data: bytes, name: str, versions: dict[str, str], modified: int
) -> Iterator[FeedDocument]:
    """A document for each issue; `versions` are releases by codename, others are left out.

    The tracker does not say when it was changed: that is `modified`. Raises `MalformedFeed`.
    """
    versions = {**versions, **_SUITES}
    try:
        # Packages of an issue stand far from each other; what is kept of them is not decoded yet.
        issues: dict[str, list[tuple[str, msgspec.Raw]]] = {}
        for package, found in _packages.decode(data).items():
            for issue, raw in found.items():
                issues.setdefault(issue, []).append((package, raw))
        for issue, concerned in issues.items():
            told = [(package, _issue.decode(raw)) for package, raw in concerned]
            yield _document(issue, told, versions, modified)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedFeed(name, f"not the security tracker's: {error}") from error


def _document(
    issue: str, concerned: list[tuple[str, _Issue]], versions: dict[str, str], modified: int
) -> FeedDocument:
    is_cve = _CVE.fullmatch(issue) is not None
    # The id that OSV gives the same issue.
    name = f"DEBIAN-{issue}" if is_cve else issue
    affected = [
        (f"Debian:{versions[codename]}", package, _affected(name, release))
        for package, found in concerned
        for codename, release in found.releases.items()
        if codename in versions
    ]
    description = concerned[0][1].description
    advisory = Advisory(
        id=name,
        source=SOURCE,
        modified=modified,
        upstream=(issue,) if is_cve else (),
        summary=first_sentence(description),
        details=description[:LONGEST_DETAILS],
        references=(f"https://security-tracker.debian.org/tracker/{issue}",),
        packages=tuple((where, package) for where, package, _ in affected),
    )
    told = [Told(ADVISORY, name, encoder.encode(advisory))]
    told += (
        Told(PACKAGE + where, package, encoder.encode(one)) for where, package, one in affected
    )
    return FeedDocument(
        name, modified, told + facts(advisory, [one.rating for *_, one in affected])
    )


def _affected(advisory: str, release: _Release) -> AffectedPackage:
    rating = rating_of_word(release.urgency, "Debian")
    fixed = release.fixed_version
    if release.status == "resolved":
        if fixed == _NEVER:
            return AffectedPackage(advisory, state=FixState.NOT_AFFECTED)
        until = Event(EventKind.FIXED, fixed)
        return AffectedPackage(advisory, ((*_ALL, until),) if fixed else (_ALL,), rating=rating)
    if release.status == "undetermined":
        return AffectedPackage(advisory, (_ALL,), state=FixState.UNDETERMINED, rating=rating)
    note = release.nodsa or ("unimportant" if release.urgency == "unimportant" else "")
    return AffectedPackage(advisory, (_ALL,), state=_state(release), note=note, rating=rating)


def _state(release: _Release) -> FixState:
    """Why an open issue is open."""
    if release.urgency == "end-of-life":
        return FixState.END_OF_LIFE
    if release.nodsa_reason == "ignored":
        return FixState.IGNORED
    if release.nodsa_reason == "postponed" or release.nodsa:
        return FixState.DEFERRED
    return FixState.UNFIXED
