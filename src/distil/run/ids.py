"""Which users there can be inside beside the caller (user_namespaces(7), subuid(5))."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Final

ALL: Final = 1 << 16
"""Ids that images use."""


def further_ids() -> tuple[tuple[int, int, int], ...]:
    """Lines of an id map, for users and groups alike, with more than the caller in it; or none.

    Root maps every id to itself. Others have what /etc/subuid and /etc/subgid give them, where
    newuidmap(1) is installed.
    """
    if os.geteuid() == 0:
        return ((0, 0, ALL),) if _all_mapped() else ()
    if not (shutil.which("newuidmap") and shutil.which("newgidmap")):
        return ()
    users, groups = _lent("/etc/subuid"), _lent("/etc/subgid")
    # One map serves for both; where they differ, as they never do by default, there is none.
    if users is None or users != groups or os.geteuid() != os.getegid():
        return ()
    first, count = users
    return ((0, os.geteuid(), 1), (1, first, min(count, ALL - 1)))


def _all_mapped() -> bool:
    """Whether the ids of images all exist here, which they do not in every container."""
    try:
        line = Path("/proc/self/uid_map").read_text("ascii").split("\n")[0].split()
    except OSError:
        return False
    return int(line[0]) == 0 and int(line[2]) >= ALL


def _lent(path: str) -> tuple[int, int] | None:
    """First id and number of the caller's range in a file of subuid(5)."""
    uid = os.geteuid()
    try:
        names = {str(uid), pwd.getpwuid(uid).pw_name}
        lines = Path(path).read_text("utf-8", "replace").splitlines()
    except (OSError, KeyError):
        return None
    for line in lines:
        name, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if name in names and first.isdecimal() and count.isdecimal():
            return int(first), int(count)
    return None
