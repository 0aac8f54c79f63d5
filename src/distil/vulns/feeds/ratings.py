"""How bad something is: CVSS vectors with their scores, and words, in one scale."""

from __future__ import annotations

import functools
from typing import Final

from distil.model.advisory import Rating, Severity

_WORDS: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "minimal": Severity.LOW,
    "negligible": Severity.NEGLIGIBLE,
    "unimportant": Severity.NEGLIGIBLE,
    "none": Severity.NEGLIGIBLE,
}

_LEAST: Final = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
    (0.0, Severity.NEGLIGIBLE),
)
"""CVSS 3.1 and 4.0, the qualitative scale; what has no impact is negligible here."""

_SOURCES: Final = {
    "ALBA": "AlmaLinux",
    "ALEA": "AlmaLinux",
    "ALPINE": "Alpine",
    "ALSA": "AlmaLinux",
    "BIT": "Bitnami",
    "CGA": "Chainguard",
    "DEBIAN": "Debian",
    "DLA": "Debian",
    "DSA": "Debian",
    "GHSA": "GitHub",
    "GO": "Go",
    "MAL": "OpenSSF",
    "OSV": "OSV",
    "PYSEC": "PyPA",
    "RHBA": "Red Hat",
    "RHEA": "Red Hat",
    "RHSA": "Red Hat",
    "RLSA": "Rocky Linux",
    "RUSTSEC": "RustSec",
    "SUSE": "SUSE",
    "UBUNTU": "Ubuntu",
    "USN": "Ubuntu",
}


def source_of(advisory: str) -> str:
    """Who publishes an advisory, by the beginning of its id."""
    prefix = advisory.partition("-")[0]
    return _SOURCES.get(prefix, prefix)


def rating_of_word(word: str, by: str) -> Rating | None:
    """A rating by a word alone, None for a word that says nothing."""
    found = _WORDS.get(word.strip().strip("*").lower())
    return None if found is None else Rating(found, by=by)


def rating_of_vector(vector: str, by: str) -> Rating | None:
    """A rating by a CVSS vector, of version 2, 3.0, 3.1 or 4.0; None for what is none."""
    score = score_of(vector)
    if score is None:
        return None
    severity = next(one for least, one in _LEAST if score >= least)
    return Rating(severity, score, vector, by)


@functools.lru_cache(maxsize=1 << 14)
def score_of(vector: str) -> float | None:
    """The base score of a CVSS vector, 0 to 10; None where it is not one."""
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError

    kinds = {"CVSS:3": CVSS3, "CVSS:4": CVSS4}
    try:
        return float(kinds.get(vector[:6], CVSS2)(vector).base_score)
    except (CVSSError, ValueError, KeyError, TypeError):
        return None
