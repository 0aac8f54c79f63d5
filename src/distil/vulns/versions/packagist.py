"""Composer's order: what ``composer/semver`` normalises, as PHP's ``version_compare`` has it.

Branches (``dev-main``) are not ordered there, and so they are not here.
"""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_MODIFIER: Final = r"[._-]?(?:(stable|beta|b|RC|alpha|a|patch|pl|p)((?:[.-]?\d+)*)?)?([.-]?dev)?"
_FLAGS: Final = re.ASCII | re.IGNORECASE
_CLASSIC: Final = re.compile(r"v?(\d{1,5}(?:\.\d+){0,3})" + _MODIFIER, _FLAGS)
_DATE: Final = re.compile(r"v?(\d{4}(?:[.:-]?\d{2}){1,6}(?:[.:-]?\d{1,3})?)" + _MODIFIER, _FLAGS)
_BRANCH: Final = re.compile(r"v?(\d+(?:\.(?:\d+|[x*])){0,3})[.-]?dev", _FLAGS)
_BUILD: Final = re.compile(r"([^,\s+]+)\+\S+")
_STABILITY: Final = re.compile(r"@(?:stable|RC|beta|alpha|dev)$", _FLAGS)

_NEVER: Final = 9999999
"""The number that a branch's ``x`` stands for."""

# Words before the end of a version, the end, numbers, and patches after them.
_DEV, _ALPHA, _BETA, _RC, _END, _NUMBER, _PATCH = range(7)
_WORDS: Final = {
    "alpha": _ALPHA,
    "a": _ALPHA,
    "beta": _BETA,
    "b": _BETA,
    "rc": _RC,
    "patch": _PATCH,
    "pl": _PATCH,
    "p": _PATCH,
}


def _parse(version: str) -> Key | None:
    told = _STABILITY.sub("", version.strip())
    build = _BUILD.fullmatch(told)
    told = build[1] if build else told
    matched = _CLASSIC.fullmatch(told)
    if matched:
        numbers = [int(one) for one in matched[1].split(".")]
        numbers += [0] * (4 - len(numbers))
        return _key(numbers, matched)
    matched = _DATE.fullmatch(told)
    if matched:
        return _key([int(one) for one in re.findall(r"\d+", matched[1], re.ASCII)], matched)
    branch = _BRANCH.fullmatch(told)
    if branch:
        parts = branch[1].split(".")
        numbers = [int(one) if one.isdecimal() else _NEVER for one in parts]
        numbers += [_NEVER] * (4 - len(numbers))
        return (*((_NUMBER, one) for one in numbers), (_DEV, 0), (_END, 0))
    return None


def _key(numbers: list[int], matched: re.Match[str]) -> Key:
    key = [(_NUMBER, one) for one in numbers]
    word, of_word, dev = (matched[2] or "").lower(), matched[3] or "", matched[4]
    if word == "stable":
        return (*key, (_END, 0))
    if word:
        key.append((_WORDS[word], 0))
        key += [(_NUMBER, int(one)) for one in re.findall(r"\d+", of_word, re.ASCII)]
    if dev:
        key.append((_DEV, 0))
    return (*key, (_END, 0))


PACKAGIST: Final = ordering("Composer", _parse)
