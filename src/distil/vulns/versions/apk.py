"""Alpine's order, of apk-tools 3 (``src/version.c``): Alpine, Wolfi, Chainguard and others.

``digit{.digit}…{letter}{_suffix{number}}…{~hash}{-r number}``. Versions that end earlier are
lower, but for a suffix of what comes before a release.
"""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_VERSION: Final = re.compile(
    r"(\d+)((?:\.?\d+)*)([a-z]?)((?:_[a-z]+\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?",
    re.ASCII | re.IGNORECASE,
)
_SUFFIX: Final = re.compile(r"_([a-z]+)(\d*)", re.ASCII)

_BEFORE: Final = ("alpha", "beta", "pre", "rc")
_AFTER: Final = ("cvs", "svn", "git", "hg", "p")

# What a part is, by what is lower when one version has it where the other has something else.
_BEFORE_RELEASE, _END, _REVISION, _HASH, _NUMBER_OF_SUFFIX, _AFTER_RELEASE, _LETTER, _DIGIT = range(
    8
)


def _parse(version: str) -> Key | None:
    matched = _VERSION.fullmatch(version)
    if matched is None or (matched[3] and not matched[3].islower()):
        return None
    first, digits, letter, suffixes, commit, revision = matched.groups()
    key: list[tuple[int, object, object]] = [(_DIGIT, int(first), "")]
    key += (_digits(one) for one in re.findall(r"\d+", digits, re.ASCII))
    if letter:
        key.append((_LETTER, letter, ""))
    for word, number in _SUFFIX.findall(suffixes):
        if word in _BEFORE:
            key.append((_BEFORE_RELEASE, _BEFORE.index(word), ""))
        elif word in _AFTER:
            key.append((_AFTER_RELEASE, _AFTER.index(word), ""))
        else:
            return None
        if number:
            key.append((_NUMBER_OF_SUFFIX, int(number), ""))
    if commit:
        key.append((_HASH, commit, ""))
    if revision:
        key.append((_REVISION, int(revision), ""))
    key.append((_END, 0, ""))
    return tuple(key)


def _digits(digits: str) -> tuple[int, object, object]:
    """Where one of two begins with 0 they compare as text, and then it is the lower one."""
    if digits[0] == "0":
        return (_DIGIT, -1, digits)
    return (_DIGIT, int(digits), "")


APK: Final = ordering("apk", _parse)
