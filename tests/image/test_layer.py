"""Layers: their bytes, their place in the cache, and what other readers make of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.fetch.cache import Cache
from distil.fetch.errors import CorruptCache
from distil.formats.byte_source import ByteSource
from distil.formats.tar import TarReader
from distil.formats.tar_member import TarMember
from distil.image.compress import GZIP_BLOCK, ZSTD_BLOCK, codec_of
from distil.image.errors import InvalidLayer
from distil.image.layer import Layer, arranged, layer_is_sound, write_layer
from distil.image.layer_stream import LayerStream, tar_stream
from distil.image.tar import header
from distil.model.blob import FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent
from distil.model.image import Compression
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from tests.support.images import file_of
from tests.support.nodes import file, sample_tree, special, trees
from tests.support.tools import run_tool

EPOCH = 1_750_000_000


def written(nodes, cache: Cache, compression=Compression.GZIP, mtime=EPOCH) -> Layer:
    return write_layer(nodes, compression=compression, mtime=mtime, cache=cache, created_by="test")


def tar_of(layer: Layer) -> bytes:
    """The layer's tar, unpacked by other people's code."""
    if layer.descriptor.media_type.endswith("gzip"):
        return gzip.decompress(layer.blob.read())
    reader = zstandard.ZstdDecompressor().stream_reader(layer.blob.read(), read_across_frames=True)
    return reader.read()


def read_back(tar: bytes) -> list[tuple[TarMember, bytes]]:
    reader = TarReader(ByteSource([tar]), "layer")
    return [(member, b"".join(reader.chunks())) for member in reader]


# --- bytes -------------------------------------------------------------------------------------


def test_the_bytes_of_a_layer_are_pinned(cache):
    layer = written(sample_tree(), cache)
    assert (
        layer.diff_id == "sha256:007315ccd0ef2fd71ecbc65093d901e7f587384ec018df0c024499544a09e090"
    )
    assert (
        layer.descriptor.digest
        == "sha256:db7daf0e9cbbe529148a8ad6d1fbc0829d1516d85f694df0f70c7ecb4c192e44"
    )
    zstd = written(sample_tree(), cache, Compression.ZSTD)
    assert zstd.diff_id == layer.diff_id
    assert (
        zstd.descriptor.digest
        == "sha256:af1f0a6bc38d64a6778b5621c96c547494736f5cc812ba14b07dc4239118609f"
    )


def test_digests_and_sizes_are_those_of_the_bytes(cache):
    for compression in Compression:
        layer = written(sample_tree(), cache, compression)
        tar, blob = tar_of(layer), layer.blob.read()
        assert layer.diff_id == Digest.of(tar)
        assert layer.size == len(tar)
        assert layer.descriptor.digest == Digest.of(blob) == layer.blob.digest
        assert layer.descriptor.size == len(blob) == layer.blob.size
        assert (
            layer.descriptor.media_type == f"application/vnd.oci.image.layer.v1.tar+{compression}"
        )
        assert layer.created_by == "test"


def test_the_gzip_header_says_nothing_about_this_machine(cache):
    blob = written([file("/a", b"x")], cache).blob.read()
    assert blob[:10].hex() == "1f8b08000000000000ff"


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_layers_around_a_block_boundary(cache, compression, over):
    """Contents that fill two blocks exactly, and one tar block less or more."""
    block = GZIP_BLOCK if compression is Compression.GZIP else ZSTD_BLOCK
    data = os.urandom(1024) * (2 * block // 1024)
    data = data[: 2 * block - 512 - 1024 + 512 * over]
    layer = written([file("/a", data)], cache, compression)
    assert layer.size == 2 * block + 512 * over
    assert [content for _, content in read_back(tar_of(layer))] == [data]


def test_how_the_bytes_arrive_does_not_matter():
    data = b"".join(hashlib.sha256(b"%d" % n).digest() * 3 for n in range(30_000))
    for compression in Compression:
        codec = codec_of(compression)
        results = set()
        for step in (len(data), 4097, 1 << 20):
            out = io.BytesIO()
            with LayerStream(out, codec) as stream:
                for start in range(0, len(data), step):
                    stream.write(data[start : start + step])
                results.add((stream.finish(), out.getvalue()))
        assert len(results) == 1


# --- entries -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(trees(), st.integers(0, 2**40))
def test_a_tree_written_and_read_is_the_same_tree(tree, mtime):
    data = b"".join(tar_stream(arranged(tree), mtime))
    assert len(data) % 512 == 0
    again = []
    for member, content in read_back(data):
        blob = InlineBlob.of(content) if member.kind is Kind.FILE else None
        again.append(
            Node(
                member.path,
                member.kind,
                member.mode,
                member.uid,
                member.gid,
                member.mtime,
                member.target,
                blob,
                xattrs=member.xattrs,
                device=member.device,
            )
        )
    assert [node.path for node in again] == [node.path for node in tree if node.path != "/"]
    result = Tree(again)
    for node in tree:
        if node.path == "/":
            continue
        other = result[node.path]
        assert other.blob == node.blob
        for field in ("mode", "uid", "gid", "xattrs", "device"):
            assert getattr(other, field) == getattr(node, field), field
        assert other.mtime == min(node.mtime, mtime)
        if Kind.HARDLINK not in (node.kind, other.kind):
            assert (other.kind, other.target) == (node.kind, node.target)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_tarfile_reads_what_was_written(tree):
    data = b"".join(tar_stream(arranged(tree), 2**33 - 1))
    with tarfile.open(
        fileobj=io.BytesIO(data), errors="surrogateescape", encoding="utf-8"
    ) as archive:
        names = {"/" + info.name.strip("/"): info for info in archive}
    assert set(names) == {node.path for node in tree if node.path != "/"}
    for node in tree:
        info = names.get(node.path)
        if info is not None and node.kind is Kind.FILE:
            assert (info.mode, info.uid, info.gid) == (node.mode, node.uid, node.gid)
            assert info.islnk() or info.size == node.size
            assert info.uname == info.gname == ""


def test_gnu_tar_unpacks_it(cache, tmp_path):
    layer = written([n for n in sample_tree() if not n.path.startswith("/dev/")], cache)
    (tmp_path / "l.tar.gz").write_bytes(layer.blob.read())
    run_tool(
        "tar", "-C", tmp_path, "--numeric-owner", "--no-same-owner", "-xzf", tmp_path / "l.tar.gz"
    )
    usr = tmp_path / "usr"
    assert (usr / "bin/a").samefile(usr / "bin/b")
    assert (usr / "bin/c").readlink() == Path("b")
    assert (usr / "lib/\u00fcber").read_bytes() == b"utf-8 name"
    assert Path(os.fsdecode(os.fsencode(usr) + b"/lib/\xff\xfe")).read_bytes()
    assert (usr / "lib" / ("x" * 200)).read_bytes() == b"pax path"
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (usr / "bin/b").stat().st_mtime == EPOCH
    assert (tmp_path / "etc/hostname").stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize("size", [0o77777777777, 0o77777777777 + 1, 1 << 40])
def test_sizes_that_ustar_cannot_hold(size):
    block = header(TarMember("/big", Kind.FILE, 0o644, 0, 0, 0, size))
    with tarfile.open(fileobj=io.BytesIO(block + bytes(1024)), mode="r:") as archive:
        assert archive.next().size == size
    assert (b"size=" in block) == (size > 0o77777777777)


@pytest.mark.parametrize("length", [*range(80, 120), 985, 986, 987, 988, 9984, 9985, 9986])
def test_pax_record_lengths_count_themselves(length):
    block = header(TarMember("/a", Kind.SYMLINK, 0o777, 0, 0, 0, 0, target="t" * length))
    with tarfile.open(fileobj=io.BytesIO(block + bytes(1024)), mode="r:") as archive:
        assert archive.next().linkname == "t" * length


def test_the_first_of_linked_files_holds_the_contents():
    tree = Tree(
        [file("/z", b"data"), *(special(p, Kind.HARDLINK, target="/z") for p in ("/b", "/a"))]
    )
    members = [
        (m.path, m.kind, m.target, c) for m, c in read_back(b"".join(tar_stream(arranged(tree), 0)))
    ]
    assert members == [
        ("/a", Kind.FILE, "", b"data"),
        ("/b", Kind.HARDLINK, "/a", b""),
        ("/z", Kind.HARDLINK, "/a", b""),
    ]


def test_links_into_another_layer_become_files():
    tree = Tree(
        [file("/z", b"data"), *(special(p, Kind.HARDLINK, target="/z") for p in ("/b", "/a"))]
    )
    part = [node for node in tree if node.path in ("/a", "/b")]
    assert [(n.kind, n.target) for n in arranged(part)] == [(Kind.FILE, ""), (Kind.HARDLINK, "/a")]


def test_the_root_is_written_only_when_it_is_unusual():
    assert [n.path for n in arranged(Tree([file("/a")]))] == ["/a"]
    odd = Tree([special("/", Kind.DIRECTORY, mode=0o700), file("/a")])
    names = [member.path for member, _ in read_back(b"".join(tar_stream(arranged(odd), 0)))]
    assert names == ["/", "/a"]


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([file("/a"), file("/a")], "/a comes twice"),
        ([file("/d/.wh.a")], "removal"),
        ([file("/.wh..wh..opq")], "removal"),
        ([special("/l", Kind.HARDLINK, target="/gone")], "not there"),
    ],
)
def test_what_cannot_be_a_layer_is_refused(cache, nodes, says):
    with pytest.raises(InvalidLayer, match=says):
        written(nodes, cache)


# --- cache -------------------------------------------------------------------------------------


def test_an_unchanged_layer_is_not_written_again(cache, monkeypatch):
    first = written(sample_tree(), cache)
    monkeypatch.setattr("distil.image.layer.tar_stream", None)
    assert written(reversed(list(sample_tree())), cache) == first


CHANGES: dict[str, dict[str, Any]] = {
    "content": {"blob": InlineBlob.of(b"other")},
    "mode": {"mode": 0o600},
    "uid": {"uid": 1},
    "gid": {"gid": 1},
    "mtime": {"mtime": 5},
    "path": {"path": "/etc/other"},
    "kind": {"kind": Kind.FIFO, "blob": None},
    "xattr": {"xattrs": (("user.a", b"1"),)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_gives_another_layer(cache, change):
    import msgspec

    first = written([file("/etc/x", b"1")], cache)
    node = msgspec.structs.replace(file("/etc/x", b"1"), **CHANGES[change])
    assert written([node], cache).diff_id != first.diff_id


def test_a_later_epoch_alone_does_not_change_a_layer(cache, monkeypatch):
    first = written([file("/a", b"1", mtime=100)], cache, mtime=1000)
    monkeypatch.setattr("distil.image.layer.tar_stream", None)
    assert written([file("/a", b"1", mtime=100)], cache, mtime=2000) == first


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_layer_in_the_cache_is_never_used(cache, damage):
    first = written(sample_tree(), cache)
    path = file_of(first)
    data = path.read_bytes()
    if damage == "flip":
        path.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    elif damage == "truncate":
        path.write_bytes(data[:-1])
    else:
        path.unlink()
    if damage != "remove":
        assert layer_is_sound(cache, path.name) is False
        with pytest.raises(CorruptCache, match="a layer in the cache"):
            written(sample_tree(), cache)
    assert not path.exists()
    assert written(sample_tree(), cache) == first
    assert path.read_bytes() == data
    assert layer_is_sound(cache, path.name) is True


def test_a_blob_that_no_record_leads_to_is_no_layer(cache):
    written(sample_tree(), cache)
    assert layer_is_sound(cache, "something.layer") is None


def test_a_file_that_is_not_what_its_digest_says_ends_the_work(cache, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * (3 << 20))
    node = file("/f", blob=FileBlob.of_file(path))
    path.write_bytes(b"y" * (3 << 20))
    with pytest.raises(CorruptContent):
        written([node], cache)
    left = [p for p in cache.root.rglob("*") if p.is_file() and p.name != "lock"]
    assert left == []
