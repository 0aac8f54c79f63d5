"""What tasks left in a layer, as the entries of an image layer.

A layer is hostile content: each directory is opened relative to the one above it and without
following links, nothing but regular files is opened, and what there may be is bounded.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

from distil.model.blob import FileBlob
from distil.model.digest import Digest
from distil.model.node import MOUNTED, ROOT, Kind, Node, parent_of, unusable
from distil.model.tree import OPAQUE, WHITEOUT
from distil.run.errors import UnusableChange
from distil.run.layers import COPY, UPPER, copied, is_copied, place, places

MOST_PATHS: Final = 1_000_000
MOST_BYTES: Final = 64 << 30
DEEPEST: Final = 200
"""What a layer may hold: paths, bytes of files, directories within one another."""

_CAPABILITY: Final = "security.capability"
_OPAQUE_MARK: Final = "user.overlay.opaque"
_WHITEOUT_MARK: Final = "user.overlay.whiteout"
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def changes(layer: Path, lower: Path, put: Container[str] = ()) -> Iterator[Node]:
    """What `layer` adds to the root `lower`, changes in it and hides of it, sorted by directory.

    Whiteouts are nodes named as the OCI image specification has them. Everything is root's.
    Directories and files that are as `lower` has them but for their time are left out, and so are
    sockets, which no image holds. Paths of `put`, which were put into the layer before anything
    ran, are told of as long as they are there, whatever `lower` has. File contents are in `layer`,
    and can be read while it is there.
    Raises `UnusableChange`, OSError.
    """
    reader = _Reader(layer, lower, put)
    yield from reader.copied_changes() if is_copied(layer) else reader.overlaid_changes()


class _Reader:
    def __init__(self, layer: Path, lower: Path, put: Container[str]) -> None:
        self._layer = layer
        self._lower = lower
        self._put = put
        self._links: dict[tuple[int, int], tuple[str, int]] = {}
        self._paths = 0
        self._bytes = 0

    # --- overlays --------------------------------------------------------------------------

    def overlaid_changes(self) -> Iterator[Node]:
        """The entries of an overlay's upper directory (kernel: filesystems/overlayfs)."""
        top = self._layer / UPPER
        emptied = ""
        for path, name, parent, found in self._walked(top):
            marks = _marks(parent, name) if stat.S_IFMT(found.st_mode) in _MARKED else {}
            gone = stat.S_ISCHR(found.st_mode) and found.st_rdev == 0
            if gone or _WHITEOUT_MARK in marks:
                if self._before(path) is not None:
                    yield _hidden(path)
                continue
            # In a directory that hides all of the root's, everything is new, whatever it is like.
            is_new = bool(emptied) and path.startswith(emptied)
            if marks.get(_OPAQUE_MARK) == b"y" and not is_new:
                is_new, emptied = True, f"{path}/"
                if self._was_directory(path):
                    yield _emptied(path)
            node = self._node(path, name, parent, found)
            if node is not None and (is_new or not self._is_as_before(node)):
                yield node

    # --- copies ----------------------------------------------------------------------------

    def copied_changes(self) -> Iterator[Node]:
        """What differs in a copy of the root from when it was copied."""
        before = copied(self._layer)
        there: set[str] = set()
        found = list(self._copied(before, there))
        # What was made to be mounted on is nothing of the task's, unless it put something there.
        made = {path for path in places(self._layer) if path[1:] not in before}
        above = {parent for node in found if node.path not in made for parent in _above(node.path)}
        for node in found:
            if node.path not in made or node.path in above or node.size:
                yield node
        for inner in sorted(before.keys() - there):
            parent = os.path.dirname(inner)
            if not parent or parent in there:
                yield _hidden(f"/{inner}")

    def _copied(self, before: dict[str, tuple[int, int]], there: set[str]) -> Iterator[Node]:
        for path, name, parent, found in self._walked(self._layer / COPY):
            inner = path[1:]
            there.add(inner)
            if before.get(inner) == (found.st_ino, found.st_ctime_ns):
                if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                    # Another name for what was there before is a link to it.
                    mode = stat.S_IMODE(found.st_mode)
                    self._links.setdefault((found.st_dev, found.st_ino), (path, mode))
                continue
            node = self._node(path, name, parent, found)
            if node is not None and not self._is_as_before(node):
                yield node

    # --- both ------------------------------------------------------------------------------

    def _walked(self, top: Path) -> Iterator[tuple[str, str, int, os.stat_result]]:
        """Every path below `top` as the sandbox saw it, its name, its directory, its status."""
        opened = [_open_directory(str(top), None)]
        pending = [sorted(os.listdir(opened[0]), reverse=True)]
        path = [""]
        try:
            while opened:
                if not pending[-1]:
                    os.close(opened.pop())
                    pending.pop()
                    path.pop()
                    continue
                name = pending[-1].pop()
                here = f"{path[-1]}/{name}"
                found = os.stat(name, dir_fd=opened[-1], follow_symlinks=False)
                self._paths += 1
                if self._paths > MOST_PATHS:
                    raise UnusableChange(here, f"there are more than {MOST_PATHS:,} paths")
                yield here, name, opened[-1], found
                if stat.S_ISDIR(found.st_mode):
                    if len(opened) >= DEEPEST:
                        raise UnusableChange(here, f"it is more than {DEEPEST} directories deep")
                    opened.append(_open_directory(name, opened[-1]))
                    pending.append(sorted(os.listdir(opened[-1]), reverse=True))
                    path.append(here)
        finally:
            for handle in opened:
                os.close(handle)

    def _node(self, path: str, name: str, parent: int, found: os.stat_result) -> Node | None:
        kind = _KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is None:
            if stat.S_ISSOCK(found.st_mode):
                return None
            raise UnusableChange(path, "it is a device")
        if path in MOUNTED:
            return None
        why = unusable(path)
        if why:
            raise UnusableChange(path, why)
        mode = stat.S_IMODE(found.st_mode)
        mtime = int(found.st_mtime_ns // 1_000_000_000)
        if kind is Kind.SYMLINK:
            target = os.readlink(name, dir_fd=parent)
            return Node(path, kind, 0o777, mtime=mtime, target=target)
        if kind is not Kind.FILE:
            return Node(path, kind, mode, mtime=mtime)
        if found.st_nlink > 1:
            first, mode = self._links.setdefault((found.st_dev, found.st_ino), (path, mode))
            if first != path:
                return Node(path, Kind.HARDLINK, mode, mtime=mtime, target=first)
        self._bytes += found.st_size
        if self._bytes > MOST_BYTES:
            raise UnusableChange(path, f"all files together have more than {MOST_BYTES >> 30} GiB")
        blob, xattrs = self._contents(path, name, parent, found)
        return Node(path, kind, mode, mtime=mtime, blob=blob, xattrs=xattrs)

    def _contents(
        self, path: str, name: str, parent: int, found: os.stat_result
    ) -> tuple[FileBlob, tuple[tuple[str, bytes], ...]]:
        if not found.st_mode & stat.S_IRUSR:
            # Its mode is in the node; the file itself is only read once more.
            os.chmod(name, stat.S_IMODE(found.st_mode) | stat.S_IRUSR, dir_fd=parent)
        handle = os.open(name, _FILE, dir_fd=parent)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UnusableChange(path, "it is no longer a file")
            digest = Digest.from_hex(hashlib.file_digest(stream, "sha256").hexdigest())
            size = stream.tell()
            xattrs: tuple[tuple[str, bytes], ...] = ()
            with contextlib.suppress(OSError):
                xattrs = ((_CAPABILITY, _plain(os.getxattr(handle, _CAPABILITY))),)
        return FileBlob(f"{place(self._layer)}{path}", 0, size, digest), xattrs

    def _before(self, path: str) -> os.stat_result | None:
        """What the root below has at `path`, if no link leads there."""
        try:
            handle = _open_directory(str(self._lower), None)
        except OSError:
            return None
        try:
            *above, name = path[1:].split("/")
            for part in above:
                deeper = _open_directory(part, handle)
                os.close(handle)
                handle = deeper
            return os.stat(name, dir_fd=handle, follow_symlinks=False)
        except OSError:
            return None
        finally:
            os.close(handle)

    def _was_directory(self, path: str) -> bool:
        before = self._before(path)
        return before is not None and stat.S_ISDIR(before.st_mode)

    def _is_as_before(self, node: Node) -> bool:
        """Whether the root below has the same at this path, whatever the time."""
        before = None if node.path in self._put else self._before(node.path)
        if before is None or _KINDS.get(stat.S_IFMT(before.st_mode)) is not node.kind:
            return False
        if node.kind is Kind.SYMLINK:
            return os.readlink(f"{self._lower}{node.path}") == node.target
        if stat.S_IMODE(before.st_mode) != node.mode or node.kind is not Kind.FILE:
            return stat.S_IMODE(before.st_mode) == node.mode
        if node.blob is None or node.blob.size != before.st_size or node.xattrs:
            return False
        with contextlib.suppress(OSError):
            return FileBlob.of_file(Path(f"{self._lower}{node.path}")).digest == node.blob.digest
        return False


_MARKED: Final = (stat.S_IFDIR, stat.S_IFREG)
"""What overlayfs keeps its own attributes on; reading those of a link would follow it."""

_KINDS: Final = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
}


def _hidden(path: str) -> Node:
    above, _, name = path.rpartition("/")
    return Node(f"{above}/{WHITEOUT}{name}", Kind.FILE, 0o644)


def _emptied(path: str) -> Node:
    return Node(f"{path.rstrip(ROOT)}/{OPAQUE}", Kind.FILE, 0o644)


def _above(path: str) -> Iterator[str]:
    while (path := parent_of(path)) != ROOT:
        yield path


def _open_directory(name: str, parent: int | None) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except PermissionError:
        # Its owner, who is the caller, may not look into it: until now.
        mode = stat.S_IMODE(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        os.chmod(name, mode | stat.S_IRWXU, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)


def _marks(parent: int, name: str) -> dict[str, bytes]:
    """The attributes in which overlayfs says what a directory or an empty file means."""
    place = f"/proc/self/fd/{parent}/{name}"
    marks = {}
    for attribute in (_OPAQUE_MARK, _WHITEOUT_MARK):
        with contextlib.suppress(OSError):
            marks[attribute] = os.getxattr(place, attribute, follow_symlinks=False)
    return marks


def _plain(value: bytes) -> bytes:
    """File capabilities as they are outside of a user namespace (capabilities(7)).

    Version 3 is version 2 with the namespace's root behind it.
    """
    if len(value) != 24:
        return value
    (magic,) = struct.unpack_from("<I", value)
    return struct.pack("<I", magic & 0x00FFFFFF | 0x02000000) + value[4:20]
