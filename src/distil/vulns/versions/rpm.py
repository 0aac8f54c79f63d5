"""The order of RPM packages (``rpmvercmp`` of rpm 4.18): epoch, version, release."""

from __future__ import annotations

import re
from typing import Final

from distil.vulns.versions.ordering import Key, ordering

_EPOCH: Final = re.compile(r"(\d*):(.*)", re.ASCII | re.DOTALL)
_SEGMENT: Final = re.compile(r"\d+|[a-zA-Z]+|~|\^", re.ASCII)

# A tilde is lower than the end, a caret above it; letters are lower than numbers.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def _parse(version: str) -> Key:
    matched = _EPOCH.fullmatch(version)
    epoch, rest = (matched[1], matched[2]) if matched else ("", version)
    upstream, hyphen, release = rest.rpartition("-")
    if not hyphen:
        # Without a release it is lower than with any, a release that begins with a tilde too.
        return (int(epoch or 0), _segments(rest), ())
    return (int(epoch or 0), _segments(upstream), _segments(release))


def _segments(part: str) -> Key:
    key: list[tuple[int, int, str]] = []
    for segment in _SEGMENT.findall(part):
        if segment == "~":
            key.append((_TILDE, 0, ""))
        elif segment == "^":
            key.append((_CARET, 0, ""))
        elif segment[0] in "0123456789":
            key.append((_DIGITS, int(segment), ""))
        else:
            key.append((_LETTERS, 0, segment))
    key.append((_END, 0, ""))
    return tuple(key)


RPM: Final = ordering("rpm", _parse)
