"""Sizes as people write them, in the units that reports use: ``60MB``, ``1.5 GiB``."""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(B|kB|MB|GB|KiB|MiB|GiB)", re.ASCII)
_UNITS: Final = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}


def size_in_bytes(text: str) -> int | None:
    """The bytes of a size such as ``60MB``; None for what is none."""
    found = _SIZE.fullmatch(text)
    return int(float(found[1]) * _UNITS[found[2]]) if found is not None else None


def size(count: int) -> str:
    """A number of bytes in decimal units: ``54.9 MB``."""
    if count < 1000:
        return f"{count} B"
    power = 1 + sum(count >= 999_950 * 1000**step for step in range(2))
    return f"{count / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"
