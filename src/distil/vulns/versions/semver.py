"""Semantic versions (semver.org 2.0.0): npm, Go, crates.io; and what Bitnami makes of them.

More is read than the specification allows, as npm's loose mode and Go do: a leading ``v``, parts
left out, a pre-release without its hyphen, leading zeros. How they order is as specified.
"""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_SEMVER: Final = re.compile(
    r"[v=]?(\d+)(?:\.(\d+))?(?:\.(\d+))?"
    r"(?:-([0-9a-z.-]+)|([a-z-][0-9a-z.-]*))?(?:\+[0-9a-z.-]*)?",
    re.ASCII | re.IGNORECASE,
)
_TOOLCHAIN: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(beta|rc)(\d+)", re.ASCII)
_PROGRAM: Final = re.compile(
    r"v?(\d+(?:\.\d+)*)([a-z]?)(?![0-9a-z])(?:[-_]?([0-9a-z][0-9a-z._-]*))?(?:\+.*)?"
    r"|v?(\d+(?:\.\d+)*)[-_]?([a-z][0-9a-z._-]*)(?:\+.*)?",
    re.ASCII | re.IGNORECASE,
)
_PATCH: Final = re.compile(r"p(?:l|atch)?[.-]?(\d+)", re.ASCII | re.IGNORECASE)

_BEFORE, _RELEASE, _AFTER = range(3)


def _semver(version: str) -> Key | None:
    matched = _SEMVER.fullmatch(version)
    if matched is None:
        return None
    major, minor, patch, hyphenated, attached = matched.groups()
    stage = _before(hyphenated or attached)
    if stage is None:
        return None
    return (int(major), int(minor or 0), int(patch or 0), stage)


def _before(prerelease: str | None) -> Key | None:
    """The place of a pre-release: identifiers in turn, numbers lower than words."""
    if not prerelease:
        return (_RELEASE,)
    identifiers = prerelease.split(".")
    if not all(identifiers):
        return None
    return (_BEFORE, *(_identifier(one) for one in identifiers))


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)


def _go(version: str) -> Key | None:
    """Module versions, and those of the toolchain: ``go1.21rc2`` is semver's ``1.21.0-rc.2``."""
    told = version.removeprefix("go").partition(" ")[0].partition("-X:")[0]
    matched = _TOOLCHAIN.fullmatch(told)
    if matched:
        major, minor, patch, word, number = matched.groups()
        told = f"{major}.{minor}.{patch or 0}-{word}.{number}"
    return _semver(told)


def _bitnami(version: str) -> Key | None:
    """Versions of upstream programs: any count of parts, letters and revisions too.

    ``-N`` is a revision of the package and comes after the release, ``-0`` is the release
    itself (advisories begin ranges with ``1.21.0-0``). ``-rc1`` comes before, as in semver:
    bitnami/go-version puts that after too, by which a release would lack its own fixes.
    """
    matched = _PROGRAM.fullmatch(version)
    if matched is None:
        return None
    numbers = [int(one) for one in (matched[1] or matched[4]).split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    stage = _bitnami_stage(matched[3] or matched[5] or "")
    return None if stage is None else (tuple(numbers), (matched[2] or "").lower(), stage)


def _bitnami_stage(rest: str) -> Key | None:
    if rest in ("", "0"):
        return (_RELEASE,)
    patch = _PATCH.fullmatch(rest)
    if patch:
        return (_AFTER, (0, int(patch[1]), ""))
    identifiers = [one for one in re.split(r"[._-]", rest) if one]
    place = tuple(_identifier(one) for one in identifiers)
    return (_AFTER if identifiers[0].isdecimal() else _BEFORE, *place)


SEMVER: Final = ordering("semver", _semver)
GO: Final = ordering("Go", _go)
BITNAMI: Final = ordering("Bitnami", _bitnami)
