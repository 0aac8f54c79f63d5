"""Writing a tree into a directory of this machine, for sandboxes and runtimes.

No name of the tree is ever looked up as a path: each directory is opened relative to the one
above it, without following links, so nothing a tree holds can lead out of the directory.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from distil.image.errors import OutputFailed
from distil.image.layer import arranged
from distil.image.staging import reporting
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.tree import Tree

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SET_ID: Final = 0o6000


def unpack(tree: Tree, directory: Path, *, owners: bool) -> list[str]:
    """Write every node of `tree` below `directory`, which is made, or is there and empty.

    With `owners` (as root) uids, gids, devices, extended attributes and set-id bits are kept.
    Without, everything belongs to the caller, set-id bits are dropped, and devices and extended
    attributes left out. Returns the paths that are therefore not wholly as the tree has them.
    Raises `OutputFailed`, `DiskFull`, and `CorruptContent` when a file's bytes are not what its
    digest says; what was written by then stays.
    """
    with reporting(directory):
        directory.mkdir(0o755, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise OutputFailed(str(directory), "it is not empty")
        nodes = arranged(tree)
        with _Unpacker(directory, owners=owners) as unpacker:
            for node in nodes:
                unpacker.add(node)
            # Last, the deepest first: a directory without write permission takes no more files.
            for node in reversed(nodes):
                if node.kind is Kind.DIRECTORY:
                    unpacker.finish_directory(node)
            if ROOT in tree:
                unpacker.finish_directory(tree[ROOT])
            return sorted(unpacker.incomplete)


class _Unpacker:
    """Writes nodes that come sorted, so that the directory they are in seldom changes."""

    def __init__(self, root: Path, *, owners: bool) -> None:
        self.incomplete: set[str] = set()
        self._root = os.open(root, _DIRECTORY)
        self._owners = owners
        self._place = ROOT
        self._handle = self._root

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._release(self._handle)
        os.close(self._root)

    def add(self, node: Node) -> None:
        """Write one node; directories stay writable until `finish_directory`."""
        if node.path == ROOT:
            return
        parent, name = self._directory(parent_of(node.path)), node.name
        if node.kind is Kind.DIRECTORY:
            os.mkdir(name, 0o700, dir_fd=parent)
        elif node.kind is Kind.FILE:
            self._file(parent, node)
        elif node.kind is Kind.HARDLINK:
            with self._opened(parent_of(node.target)) as other:
                target = node.target.rsplit("/", 1)[1]
                os.link(target, name, src_dir_fd=other, dst_dir_fd=parent, follow_symlinks=False)
        elif node.kind is Kind.SYMLINK:
            os.symlink(node.target, name, dir_fd=parent)
            self._own(parent, node)
        elif node.kind is Kind.FIFO:
            os.mkfifo(name, 0o600, dir_fd=parent)
            self._own(parent, node)
            os.chmod(name, node.mode & ~_SET_ID, dir_fd=parent)
        else:
            self._device(parent, node)

    def finish_directory(self, node: Node) -> None:
        """Give a directory its owner, mode and time."""
        with self._opened(node.path) as handle:
            self._finish(handle, node)

    # --- places ----------------------------------------------------------------------------

    def _directory(self, path: str) -> int:
        """A handle of the directory `path`, kept until another one is asked for."""
        if path != self._place:
            self._release(self._handle)
            self._handle, self._place = self._root, ROOT
            self._handle = self._walk(path)
            self._place = path
        return self._handle

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        handle = self._walk(path)
        try:
            yield handle
        finally:
            self._release(handle)

    def _walk(self, path: str) -> int:
        handle = self._root
        for part in filter(None, path.split("/")):
            try:
                deeper = os.open(part, _DIRECTORY, dir_fd=handle)
            finally:
                self._release(handle)
            handle = deeper
        return handle

    def _release(self, handle: int) -> None:
        if handle != self._root:
            os.close(handle)

    # --- nodes -----------------------------------------------------------------------------

    def _file(self, parent: int, node: Node) -> None:
        handle = os.open(node.name, _NEW_FILE, 0o600, dir_fd=parent)
        with os.fdopen(handle, "wb") as stream:
            if node.blob is not None:
                for piece in node.blob.chunks():
                    stream.write(piece)
            stream.flush()
            self._finish(handle, node)

    def _device(self, parent: int, node: Node) -> None:
        if not self._owners or node.device is None:
            self.incomplete.add(node.path)
            return
        kind = 0o020000 if node.kind is Kind.CHARACTER else 0o060000
        os.mknod(node.name, kind | 0o600, os.makedev(*node.device), dir_fd=parent)
        self._own(parent, node)
        os.chmod(node.name, node.mode, dir_fd=parent)

    def _own(self, parent: int, node: Node) -> None:
        if self._owners:
            os.chown(node.name, node.uid, node.gid, dir_fd=parent, follow_symlinks=False)

    def _finish(self, handle: int, node: Node) -> None:
        """Owner first, since changing it clears set-id bits and capabilities."""
        mode = node.mode
        if self._owners:
            os.fchown(handle, node.uid, node.gid)
            for name, value in node.xattrs:
                os.setxattr(handle, os.fsencode(name), value)
        elif node.xattrs or mode & _SET_ID:
            self.incomplete.add(node.path)
            mode &= ~_SET_ID
        os.fchmod(handle, mode)
        os.utime(handle, (node.mtime, node.mtime))
