"""Writing trees into directories."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from distil.image.errors import OutputFailed
from distil.image.unpack import unpack
from distil.model.blob import FileBlob
from distil.model.errors import CorruptContent
from distil.model.node import Kind
from distil.model.tree import Tree
from tests.support.nodes import NET_RAW, file, sample_tree, special

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@as_root
def test_a_tree_is_on_disk_as_it_is_in_memory(tmp_path):
    tree = sample_tree()
    assert unpack(tree, tmp_path / "out", owners=True) == []
    found = {"/"} | {
        "/" + str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")
    }
    assert found == set(tree.paths())
    for node in tree:
        path = tmp_path / "out" / node.path[1:]
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (node.uid, node.gid), node.path
        if node.kind is Kind.SYMLINK:
            assert str(path.readlink()) == node.target
            continue
        assert stat.S_IMODE(status.st_mode) == node.mode, node.path
        if node.kind in (Kind.FILE, Kind.HARDLINK):
            assert path.read_bytes() == node.blob.read()
            assert status.st_mtime == node.mtime
        if node.device:
            assert (os.major(status.st_rdev), os.minor(status.st_rdev)) == node.device
    out = tmp_path / "out/usr/bin"
    assert (out / "a").samefile(out / "b")
    assert os.getxattr(out / "ping", "security.capability") == NET_RAW


def test_without_owners_what_cannot_be_is_named(tmp_path):
    left = unpack(sample_tree(), tmp_path / "out", owners=False)
    # Of the linked files the first one counts.
    assert left == ["/dev/null", "/dev/sda", "/usr/bin/a", "/usr/bin/ping"]
    status = (tmp_path / "out/usr/bin/b").stat()
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
    assert stat.S_IMODE((tmp_path / "out/tmp").stat().st_mode) == 0o1777


def test_directories_without_write_permission_are_filled(tmp_path):
    tree = Tree([special("/d", Kind.DIRECTORY, mode=0o555), file("/d/f", b"x", mode=0o400)])
    unpack(tree, tmp_path / "out", owners=False)
    assert stat.S_IMODE((tmp_path / "out/d").stat().st_mode) == 0o555
    assert (tmp_path / "out/d/f").read_bytes() == b"x"


def test_links_that_lead_out_are_written_and_never_followed(tmp_path):
    """Nodes laid below a link after it: `Tree` resolves them inside the image."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = Tree().overlay(
        [
            special("/abs", Kind.SYMLINK, target=str(outside)),
            special("/up", Kind.SYMLINK, target="../../../../../../" + str(outside)),
            file("/abs/planted", b"x"),
            file("/up/planted", b"x"),
        ]
    )
    unpack(tree, tmp_path / "out", owners=False)
    assert list(outside.iterdir()) == []
    assert (tmp_path / "out/abs").readlink() == outside
    inside = tmp_path / "out" / str(outside)[1:]
    assert (inside / "planted").read_bytes() == b"x"


def test_a_link_that_appears_meanwhile_is_not_followed(tmp_path, monkeypatch):
    """Somebody swaps a directory for a link between two files: the second is refused."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = Tree([special("/d/e", Kind.DIRECTORY), file("/d/e/f"), file("/d/g"), file("/d/z")])
    original = os.open

    def racing(path, flags, *args, **options):
        if path == "f":
            (tmp_path / "out/d").rename(tmp_path / "out/old")
            (tmp_path / "out/d").symlink_to(outside)
        return original(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", racing)
    with pytest.raises(OutputFailed):
        unpack(tree, tmp_path / "out", owners=False)
    assert list(outside.iterdir()) == []


def test_only_an_empty_directory_is_written_into(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputFailed, match="not empty"):
        unpack(sample_tree(), tmp_path, owners=False)
    with pytest.raises(OutputFailed):
        unpack(sample_tree(), tmp_path / "file", owners=False)


def test_corrupt_contents_are_noticed(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"right")
    tree = Tree([file("/f", blob=FileBlob.of_file(path))])
    path.write_bytes(b"wrong")
    with pytest.raises(CorruptContent):
        unpack(tree, tmp_path / "out", owners=False)


def test_no_handle_is_left_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    unpack(sample_tree(), tmp_path / "out", owners=False)
    with pytest.raises(OutputFailed):
        unpack(sample_tree(), tmp_path / "out", owners=False)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
