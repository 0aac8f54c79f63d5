"""The tree that distil reads of an image is what umoci unpacks as root, entry by entry."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.image.read_tree import read_listing, read_tree
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from tests.support.image_shapes import MMDEBSTRAP, SHAPES, TAG
from tests.support.images import oci, open_image
from tests.support.tools import missing, run_tool

pytestmark = pytest.mark.engine
FROM_AFAR = pytest.mark.network

Entry = tuple[object, ...]

KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
}


@pytest.mark.parametrize(
    "shape",
    [pytest.param(name, marks=FROM_AFAR if name == MMDEBSTRAP else ()) for name in SHAPES],
)
def test_a_tree_is_what_umoci_unpacks(tmp_path: Path, shape: str) -> None:
    if os.geteuid() != 0:
        missing("devices, owners and capabilities need root")
    layout, for_umoci = SHAPES[shape](tmp_path)
    run_tool("umoci", "raw", "unpack", "--image", f"{for_umoci}:{TAG}", tmp_path / "unpacked")
    unpacked = on_disk(tmp_path / "unpacked")
    layers = open_image(oci(layout, TAG)).layers
    cache = Cache(tmp_path / "cache")
    for tree in (read_listing(layers, cache), read_tree(layers, cache)):
        assert {node.path: of_node(node) for node in tree if node.path != "/"} == unpacked
        assert linked_in(tree) == linked_on_disk(tmp_path / "unpacked")


def of_node(node: Node) -> Entry:
    """What a node says that has to be true on a disk."""
    kind = Kind.FILE if node.kind is Kind.HARDLINK else node.kind
    mode = node.mode if kind is not Kind.SYMLINK else 0  # Linux has none for links.
    target = node.target if kind is Kind.SYMLINK else ""
    digest = node.blob.digest.hex if node.blob is not None else ""
    return kind, mode, node.uid, node.gid, target, dict(node.xattrs), digest, node.device


def on_disk(root: Path) -> dict[str, Entry]:
    """Everything below `root`, by its path there."""
    return {path: _of_path(root, path) for path in _paths(root)}


def _paths(root: Path) -> list[str]:
    found = []
    for place, directories, files in os.walk(root):
        found += [f"{place}/{name}"[len(str(root)) :] for name in (*directories, *files)]
    return found


def _of_path(root: Path, path: str) -> Entry:
    place = f"{root}{path}"
    status = os.lstat(place)
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    mode = stat.S_IMODE(status.st_mode) if kind is not Kind.SYMLINK else 0
    target = str(Path(place).readlink()) if kind is Kind.SYMLINK else ""
    names = os.listxattr(place, follow_symlinks=False)
    xattrs = {name: os.getxattr(place, name, follow_symlinks=False) for name in names}
    digest = hashlib.sha256(Path(place).read_bytes()).hexdigest() if kind is Kind.FILE else ""
    device = None
    if kind in (Kind.CHARACTER, Kind.BLOCK):
        device = os.major(status.st_rdev), os.minor(status.st_rdev)
    return kind, mode, status.st_uid, status.st_gid, target, xattrs, digest, device


def linked_in(tree: Tree) -> set[frozenset[str]]:
    """The paths of each file that has several."""
    groups: dict[str, set[str]] = defaultdict(set)
    for node in tree:
        if node.kind is Kind.HARDLINK:
            groups[node.target] |= {node.path, node.target}
    return {frozenset(paths) for paths in groups.values()}


def linked_on_disk(root: Path) -> set[frozenset[str]]:
    groups: dict[int, set[str]] = defaultdict(set)
    for path in _paths(root):
        status = os.lstat(f"{root}{path}")
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            groups[status.st_ino].add(path)
    return {frozenset(paths) for paths in groups.values()}
