"""Which advisories concern a version of a package, as the ecosystem orders versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from distil.model.advisory import AffectedPackage, FixState
from distil.vulns.matching.questions import Question
from distil.vulns.versions.ordering import InvalidVersion, Ordering
from distil.vulns.versions.ranges import fixed_versions, is_affected
from distil.vulns.versions.table import ordering_of

_ARCHITECTURES: Final = """
386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32
mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm
"""
_OTHERWISE: Final = {
    "aarch64": ("arm64",),
    "mips64": ("mips64", "mips64le"),
    "powerpc": ("ppc",),
    "powerpc64": ("ppc64", "ppc64le"),
    "wasm32": ("wasm",),
    "x86": ("386",),
    "x86_64": ("amd64",),
}
"""What RustSec calls architectures, where that is not GOARCH."""
_ARCHITECTURE: Final = {one: (one,) for one in _ARCHITECTURES.split()} | _OTHERWISE
"""Architectures as advisories have them, in the words of images; other platforms are systems."""


class Match(NamedTuple):
    """An advisory that concerns a version, and the versions that have the fix.

    `is_unordered`: its versions are not written as the ecosystem writes them, so that it cannot
    be told whether it does.
    """

    question: Question
    entry: AffectedPackage
    fixed: tuple[str, ...]
    is_unordered: bool = False


class Answer(NamedTuple):
    """The advisories that concern a version.

    `about` are the ids of all that tell of the package. `trouble` says why the version could not
    be compared with them.
    """

    matches: tuple[Match, ...]
    about: frozenset[str]
    trouble: str = ""


_NOTHING: Final = Answer((), frozenset())


class Platform(NamedTuple):
    """What is run, as GOOS and GOARCH say it; empty where that is not known."""

    os: str
    architecture: str


def answer(
    question: Question,
    entries: Mapping[str, Sequence[AffectedPackage]],
    platform: Platform,
) -> Answer:
    """What `entries`, the advisories by package of the question's ecosystem, say to it."""
    told = entries.get(question.name, ())
    if not told:
        return _NOTHING
    ordering = ordering_of(question.ecosystem)
    about = frozenset(entry.advisory for entry in told)
    trouble = _trouble(question, ordering)
    if ordering is None or trouble:
        # A version that is named is affected, however versions are ordered.
        named = [Match(question, one, ()) for one in told if question.version in one.versions]
        return Answer(tuple(named), about, trouble)
    matches = []
    for entry in told:
        if entry.state is FixState.NOT_AFFECTED or not _concerns(entry, platform):
            continue
        try:
            if is_affected(entry, question.version, ordering):
                fixed = fixed_versions(entry, question.version, ordering)
                matches.append(Match(question, entry, fixed))
        except InvalidVersion:
            matches.append(Match(question, entry, (), is_unordered=True))
    return Answer(tuple(matches), about)


def _trouble(question: Question, ordering: Ordering | None) -> str:
    if ordering is None:
        return f"nobody here can order versions of {question.ecosystem}"
    try:
        ordering.key(question.version)
    except InvalidVersion:
        return f"its version is none that {question.ecosystem} can have"
    return ""


def _concerns(entry: AffectedPackage, platform: Platform) -> bool:
    if not entry.platforms:
        return True
    known = [_ARCHITECTURE[one] for one in entry.platforms if one in _ARCHITECTURE]
    architectures = {name for names in known for name in names}
    systems = [one for one in entry.platforms if one not in _ARCHITECTURE]
    own = _ARCHITECTURE.get(platform.architecture, ())
    return (not systems or not platform.os or platform.os in systems) and (
        not architectures or not own or not architectures.isdisjoint(own)
    )
