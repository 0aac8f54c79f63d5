"""How bad a vulnerability is, of all that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from distil.model.advisory import Rating, Severity, VulnerabilityFacts
from distil.vulns.matching.joining import Told

_MALICIOUS: Final = "MAL-"
"""How ids of malicious packages begin; nobody rates them."""


def rating_of(told: Sequence[Told], facts: VulnerabilityFacts | None) -> Rating | None:
    """The rating that counts: of the package itself, else of the advisory, else of the CVE.

    Among several the one with a score counts before words alone, newer versions of CVSS before
    older ones, and the worst of these.
    """
    own = [one.match.entry.rating for one in told if one.match.entry.rating is not None]
    documents = [rating for one in told for rating in one.document.ratings]
    for ratings in (own, documents, facts.ratings if facts is not None else ()):
        found = _worst(ratings)
        if found is not None:
            return found
    if any(one.document.id.startswith(_MALICIOUS) for one in told):
        return Rating(Severity.CRITICAL, by="it is malicious")
    return None


def _worst(ratings: Iterable[Rating]) -> Rating | None:
    told = [one for one in ratings if one.severity is not Severity.UNKNOWN or one.score >= 0]
    return max(told, key=_weight, default=None)


def _weight(rating: Rating) -> tuple[bool, bool, Severity, float, str, str]:
    is_current = rating.vector.startswith(("CVSS:3", "CVSS:4"))
    return (
        rating.score >= 0,
        is_current,
        rating.severity,
        rating.score,
        rating.vector,
        rating.by,
    )
