"""Honest images with random damage: whatever is wrong, it is an error of ours or read soundly.

A bounded number of examples, a few seconds; ``make fuzz`` tries DISTIL_FUZZ times as many.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.errors import DistilError
from distil.fetch.cache import Cache
from distil.formats.errors import MalformedArchive
from distil.formats.tar import TarReader
from distil.image.layer import Layer
from distil.image.read_tree import read_listing
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.image import MEDIA_CONFIG, MEDIA_INDEX, MEDIA_LAYER, MEDIA_MANIFEST, Descriptor
from distil.model.node import ROOT, Kind
from distil.model.reference import parse_image_name, parse_location
from distil.model.tree import Tree
from tests.support.deb_builder import directory, file, hard_link, link, tar
from tests.support.hand_made import Layout
from tests.support.images import oci, open_image
from tests.support.raw_tar import END, gnu, header, padded, pax

TIMES = int(os.environ.get("DISTIL_FUZZ", "1"))


def examples(number: int) -> settings:
    return settings(
        max_examples=number * TIMES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# --- archives ------------------------------------------------------------------------------

ENTRIES = [
    directory("/d", 0o1777),
    file("/d/" + "n" * 120, b"contents" * 100),
    link("/d/l", "../" + "t" * 120),
    hard_link("/d/h", "/d/" + "n" * 120),
    file("/d/caf\u00e9"),
]
SPARSE = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")]
SPARSE += [("GNU.sparse.name", b"f"), ("GNU.sparse.realsize", b"2048")]
ARCHIVES = [
    *(tar(ENTRIES, layout) for layout in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)),
    pax(("SCHILY.xattr.user.a", b"\0\n1"), ("LIBARCHIVE.xattr.user.a", b"AAox"), ("uid", b"7"))
    + header(b"x", size=3) + padded(b"abc") + END,
    pax(*SPARSE) + header(size=1024) + padded(b"1\n9\n512\n") + bytes(512) + header(b"z") + END,
    pax(("GNU.sparse.map", b"1,2"), ("GNU.sparse.size", b"9")) + header(size=2) + padded(b"ab")
    + END,
    header(kind=b"S", magic=b"ustar  \0") + gnu(b"L", b"g" * 200) + gnu(b"K", b"t")
    + header(kind=b"2") + pax(("comment", b"x"), kind=b"g")
    + header(b"p", b"3", major=b"0000001\0") + END,
    header(b"a/.wh.b") + header(b"a/.wh..wh..opq") + header(b"a/c") + END,
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of `originals` with bytes changed, pieces removed, doubled or moved."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([1, 8, 12, 512]))
        match draw(st.sampled_from(["change", "set", "remove", "double", "move"])):
            case "change":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "set":
                data[at : at + length] = (
                    draw(st.sampled_from([b"\xff", b"0", b"7", b"\0"])) * length
                )
            case "remove":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case _:
                piece = data[at : at + length]
                del data[at : at + length]
                data[(to := draw(st.integers(0, len(data)))) : to] = piece
    return bytes(data)


def summed(data: bytes) -> bytes:
    """`data` with the checksums put right, so that the damage gets past them."""
    blocks = bytearray(data)
    for at in range(0, len(blocks) - 511, 512):
        if blocks[at + 257 : at + 262] == b"ustar":
            blocks[at + 148 : at + 156] = b" " * 8
            blocks[at + 148 : at + 156] = b"%06o\0 " % sum(blocks[at : at + 512])
    return bytes(blocks)


@given(data=damaged(ARCHIVES), right=st.booleans())
@examples(400)
def test_archives(data: bytes, right: bool) -> None:
    reader = TarReader(io.BytesIO(summed(data) if right else data), "it")
    with contextlib.suppress(MalformedArchive):
        for member in reader:
            parts = member.path.split("/")
            assert parts[0] == ""
            assert ".." not in parts
            assert "\0" not in member.path + member.target
            assert 0 <= member.mode <= 0o7777
            assert 0 <= member.uid < 2**32
            if member.size < 1 << 20:
                assert sum(map(len, reader.chunks())) == member.size


# --- layers --------------------------------------------------------------------------------


def a_layer(data: bytes, kind: str, plain: bytes) -> Layer:
    blob = InlineBlob.of(data)
    return Layer(Descriptor(MEDIA_LAYER + kind, blob.digest, blob.size), Digest.of(plain), 0, blob)


@given(layers=st.lists(damaged(ARCHIVES).map(summed), min_size=1, max_size=3))
@examples(150)
def test_layers_on_each_other(layers: list[bytes]) -> None:
    """The diff ids are right, so that the tree is made."""
    made = [a_layer(data, "", data) for data in layers]
    with contextlib.suppress(DistilError):
        whole(read_listing(made, Cache(Path("/nonexistent"))))


def whole(tree: Tree) -> None:
    """What holds for every tree."""
    for node in tree:
        assert node.path == ROOT or tree[node.parent].kind is Kind.DIRECTORY
        assert not node.name.startswith(".wh.")
        if node.kind is Kind.HARDLINK:
            assert tree[node.target].kind is Kind.FILE


PACKED = [(gzip.compress(ARCHIVES[0]), "+gzip"), (zstandard.compress(ARCHIVES[0]), "+zstd")]


@pytest.mark.parametrize(("data", "kind"), PACKED)
@examples(100)
@given(draw=st.data())
def test_compressed_layers(data: bytes, kind: str, draw: st.DataObject) -> None:
    changed = draw.draw(damaged([data]))
    layer = a_layer(changed, kind, ARCHIVES[0])
    with contextlib.suppress(DistilError):
        tree = read_listing([layer], Cache(Path("/nonexistent")))
        assert tree["/d/" + "n" * 120].size == 800, "the diff id held for other bytes"


# --- documents -----------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["sha256:" + "0" * 64, MEDIA_INDEX, MEDIA_MANIFEST, 1 << 62, -1]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["digest", "size", "layers", "manifests", "x"]), inner),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


@st.composite
def replaced(draw: st.DrawFn, document: Any) -> Any:
    """`document` with something else in one of its places, or without it."""
    value = json.loads(json.dumps(document))
    path = draw(st.sampled_from(list(places(value))))
    if not path:
        return draw(ANYTHING)
    at = value
    for key in path[:-1]:
        at = at[key]
    if draw(st.booleans()) and isinstance(at, dict):
        del at[path[-1]]
    else:
        at[path[-1]] = draw(ANYTHING)
    return value


@given(draw=st.data(), which=st.sampled_from(["index", "inner", "manifest", "config"]))
@examples(200)
def test_documents(draw: st.DataObject, which: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        layout = Layout(Path(directory) / "layout")

        def changed(name: str, document: Any) -> Any:
            return draw.draw(replaced(document)) if name == which else document

        def add(value: Any, media_type: str) -> dict[str, Any]:
            described: dict[str, Any] = layout.add(json.dumps(value).encode(), media_type)
            return described

        described = add({}, MEDIA_LAYER) | {"annotations": {"a": "b"}}
        rootfs = {"type": "layers", "diff_ids": [Digest.of(b"")]}
        inside = {"User": "1", "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Cmd": None}
        config: dict[str, Any] = {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": rootfs,
            "config": inside,
        }
        config["history"] = [{"created_by": "x", "empty_layer": False}]
        about = add(changed("config", config), MEDIA_CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": MEDIA_MANIFEST, "config": about}
        entry = add(changed("manifest", manifest | {"layers": [described]}), MEDIA_MANIFEST)
        entry["platform"] = {"architecture": "amd64", "os": "linux"}
        inner = add(changed("inner", {"schemaVersion": 2, "manifests": [entry]}), MEDIA_INDEX)
        index = changed("index", {"schemaVersion": 2, "manifests": [inner]})
        (layout.directory / "index.json").write_text(json.dumps(index))
        with contextlib.suppress(DistilError):
            image = open_image(oci(layout.directory))
            assert len(image.layers) == len(image.config.rootfs.diff_ids)


@given(
    data=damaged(
        [
            b'{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1,'
            b'"digest":"sha256:' + b"0" * 64 + b'","annotations":{"\\u00e9":"\\ud800"}}]}'
        ]
    )
)
@examples(150)
def test_text_of_documents(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        layout = Layout(Path(directory) / "layout")
        (layout.directory / "index.json").write_bytes(data)
        with contextlib.suppress(DistilError):
            open_image(oci(layout.directory))


# --- references ----------------------------------------------------------------------------

NAMES = [
    "oci:some/dir:1.4", "oci-archive:file.tar:tag", "docker-archive:a.tar", "docker-daemon:shop:1",
    "containers-storage:localhost/shop", "docker://registry.example:5000/team/app:1.4",
    "app@sha256:" + "0" * 64, "localhost:5000/a/b:c@sha256:" + "f" * 64, "[::1]:5000/x",
]  # fmt: skip


@st.composite
def slips(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(NAMES))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from([":", "@", "/", "..", "A", "_", "sha256:", "\0", "\x1b", " "]))
        piece = draw(st.just(piece) | st.text(max_size=3))
        text = text[:at] + piece + text[at + draw(st.integers(0, 3)) :]
    return text


@given(text=slips() | st.text(max_size=60))
@examples(600)
def test_references(text: str) -> None:
    for parse in (parse_location, parse_image_name):
        with contextlib.suppress(DistilError):
            found = parse(text)
            assert parse(str(found)) == found
            assert str(found).isprintable() or not text.isprintable()
