"""Which advisories are one vulnerability, and what it is called.

Aliases are the same vulnerability. What a distribution says on behalf of a CVE is about that CVE;
an errata that mends several is about each of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from distil.model.advisory import Advisory
from distil.vulns.matching.answers import Match

_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_ERRATA: Final = re.compile(
    r"(?:ALSA|RHSA|RLSA|RXSA|ELSA|ALAS2?|USN|LSN|DSA|DLA|DTSA|MGASA|SUSE-SU|openSUSE-SU|OESA|PHSA|"
    r"FEDORA|GLSA|BELL)-"
)
"""Beginnings of ids of advisories that tell of an upload, which may mend many things."""
_NO_SECURITY: Final = re.compile(
    r"(?:ALBA|ALEA|RHBA|RHEA|RLBA|RLEA|ELBA|ELEA|SUSE-[ROF]U|openSUSE-[ROF]U|MGAA)-"
)
"""Those of uploads that mend other things."""
_OWN: Final = ("DEBIAN-", "UBUNTU-", "ALPINE-", "")
"""What a distribution writes before a CVE in the id of what it says of that CVE alone."""


class Told(NamedTuple):
    """A match and the document that it is of."""

    match: Match
    document: Advisory


class Vulnerability(NamedTuple):
    """A vulnerability, by its id, all of its names, and what tells of it."""

    id: str
    names: tuple[str, ...]
    told: tuple[Told, ...]


def is_cve(name: str) -> bool:
    """Whether `name` is the id of a CVE."""
    return _CVE.fullmatch(name) is not None


def joined(
    matches: Iterable[Match], documents: Mapping[str, Advisory], about: frozenset[str]
) -> list[Vulnerability]:
    """The vulnerabilities that `matches` come to, by id.

    `about` are the ids of all that tell of the package, matching or not: where the distribution
    has a word on a CVE alone, that counts, and what an errata says of it does not.
    """
    names = _Names()
    found: list[tuple[str, Told]] = []
    for match in matches:
        document = documents.get(match.entry.advisory)
        if document is None or document.withdrawn:
            continue
        found += [(name, Told(match, document)) for name in _about(document, about)]
        if not _tells_of_many(document):
            names.join((document.id, *document.aliases, *document.upstream))
    groups: defaultdict[str, list[Told]] = defaultdict(list)
    for name, told in found:
        groups[names.first(name)].append(told)
    same = names.groups()
    return sorted(
        (_vulnerability(same.get(first, (first,)), told) for first, told in groups.items()),
        key=lambda one: one.id,
    )


def _cves(names: Sequence[str]) -> list[str]:
    return [name for name in names if is_cve(name)]


def _tells_of_many(document: Advisory) -> bool:
    return (
        _ERRATA.match(document.id) is not None
        or _NO_SECURITY.match(document.id) is not None
        or len(_cves(document.upstream)) > 1
    )


def _about(document: Advisory, others: frozenset[str]) -> list[str]:
    """The names of the vulnerabilities that `document` is about."""
    if not _tells_of_many(document):
        return [document.id]
    known = dict.fromkeys(_cves((*document.upstream, *document.aliases, *document.related)))
    if not known:
        return [] if _NO_SECURITY.match(document.id) else [document.id]
    return [cve for cve in known if not any(f"{own}{cve}" in others for own in _OWN)]


class _Names:
    """Names of which some mean the same."""

    def __init__(self) -> None:
        self._before: dict[str, str] = {}

    def first(self, name: str) -> str:
        """The one that stands for all that mean the same as `name`."""
        while (before := self._before.get(name, name)) != name:
            name = before
        return name

    def join(self, names: Sequence[str]) -> None:
        roots = sorted({self.first(name) for name in names})
        for root in roots:
            self._before[root] = roots[0]
        for name in names:
            self._before[name] = roots[0]
        self._before[roots[0]] = roots[0]

    def groups(self) -> dict[str, tuple[str, ...]]:
        """All that mean the same, by the one that stands for them."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(self._before):
            found[self.first(name)].append(name)
        return {first: tuple(same) for first, same in found.items()}


def _vulnerability(names: Sequence[str], told: Sequence[Told]) -> Vulnerability:
    cves = sorted(_cves(names), key=_number)
    documents = sorted(one.document.id for one in told)
    own = cves[0] if cves else documents[0]
    ordered = tuple(sorted(told, key=lambda one: (one.document.id, one.match.question)))
    return Vulnerability(own, tuple(names), ordered)


def _number(cve: str) -> tuple[int, int]:
    _, year, number = cve.split("-")
    return int(year), int(number)
