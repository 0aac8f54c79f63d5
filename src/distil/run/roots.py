"""Trees as directories, each made once and kept in the cache.

A root is only ever read, as the lower layer of what is run; but it lies there as plain files, so
each use looks whether it is what was made. Hashing it would take longer than many a step to be
run, so beside it is kept what the file system says of every path: kind, mode, size, inode, and the
times of the last change of contents and of the inode. No program can set the latter: whatever is
written, renamed or given another mode afterwards is noticed. What a failing disk changes behind
the file system's back is not; ``distil cache gc --verify`` hashes every file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from distil.events import Warned, emit
from distil.fetch import directories
from distil.fetch.cache import Cache
from distil.image.staging import reporting
from distil.image.unpack import unpack
from distil.model.node import ROOT, Kind, Node
from distil.model.regular_file import open_regular
from distil.model.tree import Tree

AREA: Final = "roots"

_ROOT: Final = "root"
_RECORD: Final = "record"
_VERSION: Final = 2
_SET_ID: Final = 0o6000
_name_of: Final = attrgetter("name")
_EMPTY: Final = hashlib.sha256().hexdigest()
_TYPES: Final = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.FIFO: stat.S_IFIFO,
    Kind.CHARACTER: stat.S_IFCHR,
    Kind.BLOCK: stat.S_IFBLK,
}

_Content: TypeAlias = tuple[bytes, int, bytes]
"""A path, its type and mode, and its digest or target."""


class _Record(msgspec.Struct, frozen=True):
    """What a root was when it was made: by `stats` in no time, by `contents` for certain."""

    stats: str
    contents: str


def unpacked(
    tree: Tree, cache: Cache, *, owners: bool = False
) -> contextlib.AbstractContextManager[Path]:
    """The directory that holds `tree`; not to be written to.

    Everything in it is the caller's, without set-id bits, devices and extended attributes, unless
    there are `owners` (as root; see `distil.image.unpack.unpack`). Raises `OutputFailed`,
    `DiskFull`, `CacheUnwritable`, `CorruptContent`.
    """
    return unpacked_as(_listing(tree), lambda: tree, cache, owners=owners)


@contextlib.contextmanager
def unpacked_as(
    identity: str, tree: Callable[[], Tree], cache: Cache, *, owners: bool = False
) -> Iterator[Path]:
    """The directory that holds what `tree` makes, which is only asked when it is not there yet.

    `identity` is any text that another tree does not have. Otherwise as `unpacked`.
    """
    area = cache.lent(AREA)
    name = hashlib.sha256(f"{_VERSION} {owners:d} {identity}".encode()).hexdigest()
    place = cache.path(AREA, name)
    if place.is_dir():
        if _is_as_made(place):
            cache.used(AREA, name)
            yield place / _ROOT
            return
        emit(
            Warned(
                f"{place}: not what was unpacked there, made anew",
                hint="something wrote to the cache",
            )
        )
        _put_away(place, area)
    with cache.guarding():
        made = tree()
    with reporting(place), cache.guarding(), directories.made(area, name) as directory:
        unpack(made, directory / _ROOT, owners=owners)
        record = _Record(_stats(directory / _ROOT), _expected(made, owners=owners))
        (directory / _RECORD).write_bytes(msgspec.json.encode(record))
    yield place / _ROOT


def root_is_sound(cache: Cache, name: str) -> bool:
    """Whether every file of the root `name` still has the bytes that were unpacked there."""
    place = cache.path(AREA, name)
    record = _record(place)
    return record is not None and record.contents == _contents(place / _ROOT)


def _put_away(place: Path, area: Path) -> None:
    """Remove a root that is not sound, from where another process may just make it anew."""
    with directories.made(area) as grave, contextlib.suppress(FileNotFoundError):
        place.rename(grave / _ROOT)


def _listing(tree: Tree) -> str:
    """A digest of all that can be unpacked of a tree."""
    hasher = hashlib.sha256()
    encoder = msgspec.msgpack.Encoder()
    for node in tree:
        hasher.update(encoder.encode(_facts(node)))
    return hasher.hexdigest()


def _facts(node: Node) -> tuple[object, ...]:
    name = os.fsencode(node.path)
    digest = node.blob.digest.hex if node.blob is not None else ""
    return (
        *(name, int(node.kind), node.mode, node.uid, node.gid, node.mtime),
        *(os.fsencode(node.target), digest, node.xattrs, node.device),
    )


def _is_as_made(place: Path) -> bool:
    record = _record(place)
    return record is not None and record.stats == _stats(place / _ROOT)


def _record(place: Path) -> _Record | None:
    try:
        return msgspec.json.decode((place / _RECORD).read_bytes(), type=_Record)
    except (OSError, msgspec.MsgspecError):
        return None


def _stats(root: Path) -> str:
    """A digest of what the file system says of every path below `root`."""
    above = len(str(root))
    facts = (
        f"{path[above:]}\0{found.st_mode} {found.st_ino} {found.st_uid} {found.st_gid}"
        f" {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
        for path, found in _walked(root)
    )
    return hashlib.sha256(os.fsencode("\0".join(facts))).hexdigest()


def _contents(root: Path) -> str:
    """A digest of every path below `root` with its mode, and its contents or target."""
    return _digest(_content(root, path, found) for path, found in _walked(root))


def _content(root: Path, path: str, found: os.stat_result) -> _Content:
    name = os.fsencode(os.path.relpath(path, root))
    if stat.S_ISREG(found.st_mode):
        # What its owner may not read is only read inside, where it is root's.
        with contextlib.suppress(PermissionError), open_regular(Path(path)) as stream:
            return name, found.st_mode, hashlib.file_digest(stream, "sha256").hexdigest().encode()
        return name, found.st_mode, b""
    if stat.S_ISLNK(found.st_mode):
        return name, stat.S_IFLNK, os.fsencode(os.readlink(path))
    return name, found.st_mode, b""


def _expected(tree: Tree, *, owners: bool) -> str:
    """What `_contents` has to be of a directory that `tree` was unpacked into."""
    found = (_expected_content(tree, node, owners=owners) for node in tree)
    return _digest(one for one in found if one is not None)


def _expected_content(tree: Tree, node: Node, *, owners: bool) -> _Content | None:
    name = os.fsencode(node.path[1:])
    is_device = node.kind in (Kind.CHARACTER, Kind.BLOCK)
    if node.path == ROOT or (is_device and not owners):
        return None
    if node.kind is Kind.SYMLINK:
        return name, stat.S_IFLNK, os.fsencode(node.target)
    if node.kind is Kind.HARDLINK:
        node = tree[node.target]
    mode = _TYPES[node.kind] | (node.mode if owners else node.mode & ~_SET_ID)
    if node.kind is not Kind.FILE:
        return name, mode, b""
    if not mode & stat.S_IRUSR and os.geteuid() != 0:
        return name, mode, b""
    return name, mode, (node.blob.digest.hex if node.blob else _EMPTY).encode()


def _digest(contents: Iterable[_Content]) -> str:
    hasher = hashlib.sha256()
    for name, mode, data in sorted(contents):
        for part in (name, str(mode).encode(), data):
            hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.hexdigest()


def _walked(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every path below `root` and what the file system says of it, always in the same order."""
    pending = [str(root)]
    while pending:
        with contextlib.suppress(PermissionError), os.scandir(pending.pop()) as found:
            for entry in sorted(found, key=_name_of):
                yield entry.path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
