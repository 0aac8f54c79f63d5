"""The applets that a busybox binary has, read from the binary: it need not be run for that."""

from __future__ import annotations

import re
from typing import Final

from distil.distros.debian.errors import MalformedBusybox

_TABLE_START: Final = b"[\0[[\0"
"""The names of the applets stand in one sorted, NUL-separated table (busybox, applet_tables.h)."""

_NAME: Final = re.compile(rb"[a-z0-9_.\[-]+")


def applets(binary: bytes) -> tuple[str, ...]:
    """The names of all applets, sorted as busybox does. Raises `MalformedBusybox`."""
    start = binary.find(_TABLE_START)
    end = binary.find(b"\0\0", start)
    if start < 0 or end < 0:
        raise MalformedBusybox("it has no table of applets")
    names = binary[start:end].split(b"\0")
    if names != sorted(names) or not all(_NAME.fullmatch(name) for name in names):
        raise MalformedBusybox("its table of applets is not one of names in order")
    return tuple(name.decode() for name in names)
