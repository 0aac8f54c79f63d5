"""Digests, blobs, nodes and platforms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.model.blob import CHUNK, FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, InvalidDigest, InvalidPath, UnknownPlatform
from distil.model.node import Kind, Node, absolute_path, generated_file, parent_of
from distil.model.platform import AMD64, ARM64, parse_platform

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_digest_is_its_text():
    digest = Digest.of(b"")
    assert digest == EMPTY
    assert digest.hex == EMPTY[7:]
    assert Digest.from_hex(EMPTY[7:]) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        EMPTY[:-1],
        EMPTY + "0",
        EMPTY + "\n",
        EMPTY.upper(),
        EMPTY.replace("e3", "E3"),
        EMPTY.replace("sha256", "sha512"),
        "sha256:../../" + EMPTY[13:],
        "sha256:" + "\u0660" * 64,
    ],
)
def test_anything_else_is_no_digest(text):
    with pytest.raises(InvalidDigest):
        Digest(text)


def blobs(tmp_path, data: bytes):
    path = tmp_path / "pack"
    path.write_bytes(b"before" + data + b"after")
    yield InlineBlob.of(data)
    yield FileBlob(str(path), 6, len(data), Digest.of(data))


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_blobs_give_their_bytes_whole_and_in_pieces(tmp_path, size):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    for blob in blobs(tmp_path, data):
        assert (blob.size, blob.digest) == (size, Digest.of(data))
        assert blob.read() == data
        pieces = list(blob.chunks())
        assert b"".join(pieces) == data
        assert all(0 < len(piece) <= CHUNK for piece in pieces if data)


@pytest.mark.parametrize("size", [5, 2 * CHUNK])
@pytest.mark.parametrize("damage", ["changed", "short", "gone"])
def test_a_blob_that_changed_on_disk_is_noticed(tmp_path, size, damage):
    path = tmp_path / "pack"
    path.write_bytes(b"a" * size)
    blob = FileBlob.of_file(path)
    if damage == "gone":
        path.unlink()
        with pytest.raises(OSError, match="pack"):
            blob.read()
        return
    path.write_bytes(b"a" * (size - 1) + (b"b" if damage == "changed" else b""))
    with pytest.raises(CorruptContent, match="pack"):
        blob.read()
    with pytest.raises(CorruptContent):
        list(blob.chunks())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./usr/bin/x", "/usr/bin/x"),
        ("usr/bin/", "/usr/bin"),
        ("/etc//passwd", "/etc/passwd"),
        ("./", "/"),
        (".", "/"),
        ("/.", "/"),
        ("a/./b", "/a/b"),
        ("..a/b..", "/..a/b.."),
    ],
)
def test_member_names_become_absolute(name, path):
    assert absolute_path(name) == path


@pytest.mark.parametrize("name", ["", "..", "../etc", "a/../b", "/..", "a\0b", "a/" * 2049])
def test_names_that_climb_are_refused(name):
    with pytest.raises(InvalidPath):
        absolute_path(name)


@given(st.text(max_size=30))
def test_every_name_is_refused_or_normalised(name):
    try:
        path = absolute_path(name)
    except InvalidPath:
        return
    assert path == "/" or (path.startswith("/") and not path.endswith("/"))
    assert not {"", ".", ".."} & set(path.split("/")[1:]) or path == "/"
    assert absolute_path(path) == path


def test_a_node_knows_its_place():
    node = generated_file("/etc/hosts", b"hello", "hosts")
    assert (node.parent, node.name, node.size, node.mode) == ("/etc", "hosts", 5, 0o644)
    assert parent_of("/etc") == "/" == parent_of("/")
    assert Node("/d", Kind.DIRECTORY, 0o755).size == 0


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("linux/amd64", AMD64),
        ("amd64", AMD64),
        ("x86_64", AMD64),
        ("linux/arm64", ARM64),
        ("linux/arm64/v8", ARM64),
        ("AARCH64", ARM64),
    ],
)
def test_platforms_by_every_name(name, platform):
    assert parse_platform(name) is platform
    assert platform.architecture == platform.debian
    assert str(platform) == platform.oci


@pytest.mark.parametrize("name", ["", "linux", "linux/amd64/v8", "windows/amd64", "mips"])
def test_unknown_platforms_list_those_there_are(name):
    with pytest.raises(UnknownPlatform, match="linux/arm64"):
        parse_platform(name)
