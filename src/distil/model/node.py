"""One path of an image."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from distil.model.blob import Blob, InlineBlob
from distil.model.errors import InvalidPath
from distil.model.origin import GeneratedOrigin, Origin


class Kind(enum.IntEnum):
    """What a path is. The values are stable: packs store them."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARDLINK = 3
    CHARACTER = 4
    BLOCK = 5
    FIFO = 6


class Node(msgspec.Struct, frozen=True, gc=False, eq=True):
    """One path with its metadata; contents are a reference.

    `path` is absolute and normalised, without a trailing slash; bytes that are not UTF-8
    are kept by surrogate escapes. `mode` holds the twelve permission bits only, `mtime` is
    in seconds since 1970. `target` is a symbolic link's text as it stands, or the absolute
    path that a hard link shares its contents with. `device` is (major, minor).
    """

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""
    blob: Blob | None = None
    origin: Origin | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        """Bytes of content; 0 for anything but a file."""
        return self.blob.size if self.blob is not None else 0

    @property
    def parent(self) -> str:
        """The path of the directory that holds this node."""
        return parent_of(self.path)

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rsplit("/", 1)[1]


ROOT: Final = "/"
PATH_MAX: Final = 4096
NAME_MAX: Final = 255
"""Bytes that Linux opens of a path, a NUL behind it included, and that a name can have."""

MOUNTED: Final = ("/proc", "/sys", "/dev")
"""Where an engine mounts something over what the image has."""

_WHITEOUT: Final = "/.wh."
"""What the name of a file in a layer begins with that hides another one."""


def parent_of(path: str) -> str:
    """The directory part of an absolute, normalised `path`; the root is its own parent."""
    return path.rsplit("/", 1)[0] or ROOT


def absolute_path(name: str) -> str:
    """Turn an archive member name (``./usr/bin/x``, ``usr/bin/``) into an absolute path.

    Raises `InvalidPath` for names that are empty, hold NUL, climb with ``..`` or are longer
    than Linux can open (PATH_MAX): image content is hostile and such a name has no honest
    meaning.
    """
    if len(name) > PATH_MAX:
        raise InvalidPath(f"{name[:60]}…", f"it is longer than {PATH_MAX} characters")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidPath(name, "it climbs out of its directory with '..'")
    if not name or "\0" in name:
        raise InvalidPath(name, "it is empty or holds a NUL byte")
    return ROOT + "/".join(parts)


def unusable(path: str) -> str:
    """Why nothing at `path` of an image, or below a directory of it (``./a``), can be used, or "".

    Directories of `MOUNTED` themselves are the places that an engine mounts at.
    """
    if len(path) > NAME_MAX // 4:
        data = path.encode("utf-8", "surrogatepass")
        if len(data) >= PATH_MAX:
            return f"it is longer than the {PATH_MAX - 1} bytes that Linux opens"
        if any(len(name) > NAME_MAX for name in data.split(b"/")):
            return f"a name in it is longer than {NAME_MAX} bytes"
    if _WHITEOUT in path:
        return "a name that begins with .wh. hides a file of the image"
    if path.startswith(MOUNTED):
        for place in MOUNTED:
            if path == place or path.startswith(f"{place}/"):
                return f"engines mount over {place}"
    return ""


def directory(path: str, origin: Origin, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Node:
    """A directory node."""
    return Node(path, Kind.DIRECTORY, mode, uid, gid, origin=origin)


def symlink(path: str, target: str, origin: Origin) -> Node:
    """A symbolic link node; `target` is its text."""
    return Node(path, Kind.SYMLINK, 0o777, target=target, origin=origin)


def generated_file(path: str, data: bytes, rule: str, mode: int = 0o644) -> Node:
    """A file whose bytes distil wrote itself, attributed to `rule`."""
    return Node(path, Kind.FILE, mode, blob=InlineBlob.of(data), origin=GeneratedOrigin(rule))
