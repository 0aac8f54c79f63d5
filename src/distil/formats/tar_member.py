"""What a tar archive holds, member by member, and how much of it is read."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.formats.pax import Xattrs
from distil.model.node import PATH_MAX, Kind

MEMBER_COST: Final = 320
"""Bytes of memory that the values of one member come to, about."""
_COPIES: Final = 3


class TarLimits(msgspec.Struct, frozen=True):
    """How much one archive may hold: members, bytes of contents, bytes of one extended header.

    `metadata` bounds the memory that all headers together come to (`cost_of`), and the PAX
    records with `members`: four for each. `path` are bytes of a name, `depth` its directories,
    `xattrs` bytes of the extended attributes of one member.
    """

    members: int = 400_000
    content: int = 64 << 30
    extension: int = 1 << 20
    metadata: int = 320 << 20
    path: int = PATH_MAX
    depth: int = PATH_MAX
    xattrs: int = 1 << 20


class TarMember(msgspec.Struct, frozen=True, gc=False):
    """One member of a tar archive.

    `path` and a hard link's `target` are absolute and normalised; a symbolic link's `target` is
    its text. `size` is in bytes, `mtime` in whole seconds since 1970. `is_sparse` is a file whose
    holes the archive leaves out; they are among its contents all the same.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int
    target: str = ""
    xattrs: Xattrs = ()
    device: tuple[int, int] | None = None
    is_sparse: bool = False


def cost_of(path: str, target: str, xattrs: Xattrs) -> int:
    """What a member costs in memory, about, in bytes: its values, and its strings a few times."""
    strings = len(path) + len(target)
    if xattrs:
        strings += sum(len(key) + len(value) for key, value in xattrs)
    return MEMBER_COST + _COPIES * strings
