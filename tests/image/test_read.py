"""Reading images back, and refusing hostile ones."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import tarfile
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings

from distil.errors import DistilError
from distil.fetch.cache import Cache
from distil.formats.errors import MalformedArchive, TruncatedArchive
from distil.image.assemble import assemble, assemble_index
from distil.image.errors import (
    ContentTooLarge,
    ExpandsTooMuch,
    ForeignLayer,
    ImageNotFound,
    PlatformNotFound,
)
from distil.image.layer import Layer
from distil.image.naming import name_image
from distil.image.read_tree import LayerFile, read_listing, read_tree
from distil.image.write import write
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.errors import CorruptContent, MalformedImage
from distil.model.image import (
    MEDIA_CONFIG,
    MEDIA_INDEX,
    MEDIA_LAYER,
    MEDIA_MANIFEST,
    Compression,
    ContainerConfig,
    Descriptor,
)
from distil.model.limits import Limits
from distil.model.node import Kind
from distil.model.origin import LayerOrigin
from distil.model.platform import AMD64, ARM64
from distil.model.reference import parse_image_name, parse_location
from tests.support.hand_made import Layout
from tests.support.images import EPOCH, as_image, layer, oci, open_image, sample_image, twins
from tests.support.nodes import file, sample_tree, special, trees

KINDS = ["oci", "oci-archive", "docker-archive"]
ROOTFS = {"type": "layers", "diff_ids": []}


# --- images of our own ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(cache, tmp_path, kind):
    location = parse_location(f"{kind}:{tmp_path}/out")
    images = twins(cache, location)
    for printed, named in zip(write(images, location), images, strict=True):
        stored = open_image(parse_location(printed))
        assert [each.blob.read() for each in stored.layers] == [
            each.blob.read() for each in as_image(named).layers
        ]
        assert [each.diff_id for each in stored.layers] == [
            each.diff_id for each in as_image(named).layers
        ]
        assert stored.config.config.user == "65532"
        assert [each.created_by for each in stored.layers] == ["distil test"] * len(stored.layers)
        if kind != "docker-archive":
            assert stored.descriptor.digest == named.image.descriptor.digest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compression", list(Compression))
def test_the_tree_of_an_image_is_its_layers_laid_on_each_other(cache, tmp_path, kind, compression):
    if (kind, compression) == ("docker-archive", Compression.ZSTD):
        return
    location = parse_location(f"{kind}:{tmp_path}/out")
    image = sample_image(cache, compression=compression)
    write(name_image(image, [parse_image_name("x:1")], location), location)
    stored = open_image(location)
    for _ in range(2):  # The second time from the cache.
        tree = read_tree(stored.layers, cache)
        expected = sample_tree().overlay([special("/app", Kind.DIRECTORY), file("/app/main", b"1")])
        assert list(tree.paths()) == list(expected.paths())
        assert tree["/app/main"].blob.read() == b"1"
        assert tree["/app/main"].origin == LayerOrigin(image.layers[1].diff_id)
        assert tree["/usr/bin/ping"].xattrs == expected["/usr/bin/ping"].xattrs


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=trees())
def test_any_tree_survives_a_layer(tmp_path, tree):
    cache = Cache(tmp_path / "cache")
    again = read_tree([layer(cache, tree)], cache)
    assert list(again.paths()) == list(tree.paths())
    for node in tree:
        other = again[node.path]
        assert (other.blob and other.blob.read()) == (node.blob and node.blob.read())
        assert (other.mode, other.uid, other.gid, other.xattrs, other.device) == (
            node.mode,
            node.uid,
            node.gid,
            node.xattrs,
            node.device,
        )


def test_without_a_reference_there_must_be_one_image(cache, tmp_path):
    location = oci(tmp_path / "out")
    write(twins(cache, location), location)
    with pytest.raises(ImageNotFound) as caught:
        open_image(location)
    assert caught.value.hint == "it holds 1.0, 1.0-debug"
    with pytest.raises(ImageNotFound, match=r"no image 2\.0"):
        open_image(oci(tmp_path / "out", "2.0"))


def test_the_platform_chooses_from_an_index(cache, tmp_path):
    location = oci(tmp_path / "out")
    index = assemble_index([sample_image(cache), sample_image(cache, platform=ARM64)])
    write(name_image(index, [parse_image_name("x:1")], location), location)
    for platform in (AMD64, ARM64):
        stored = open_image(location, platform)
        assert (stored.platform, stored.is_of_several) == (platform.oci, True)


@pytest.mark.parametrize(("machine", "platform"), [("x86_64", AMD64), ("aarch64", ARM64)])
def test_of_an_index_this_machines_image_is_meant(cache, tmp_path, monkeypatch, machine, platform):
    monkeypatch.setattr("platform.machine", lambda: machine)
    location = oci(tmp_path / "out")
    index = assemble_index([sample_image(cache), sample_image(cache, platform=ARM64)])
    write(name_image(index, [parse_image_name("x:1")], location), location)
    assert open_image(location).platform == platform.oci
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(PlatformNotFound, match="is not an image for this machine"):
        open_image(location)


def test_an_index_without_the_platform(cache, tmp_path, monkeypatch):
    """The one image of an index is meant whatever it is for, unless another is asked for."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    location = oci(tmp_path / "out")
    index = assemble_index([sample_image(cache, platform=ARM64)])
    write(name_image(index, [parse_image_name("x:1")], location), location)
    stored = open_image(location)
    assert (stored.platform, stored.is_of_several) == ("linux/arm64", False)
    with pytest.raises(PlatformNotFound, match="is not an image for linux/amd64") as caught:
        open_image(location, AMD64)
    assert caught.value.hint == "it is there for linux/arm64: name one with --platform"


def test_variants_and_attestations_of_an_index(tmp_path, monkeypatch):
    """The exact variant is meant, or else the first; a document of BuildKit's is no platform."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    layout = Layout(tmp_path)

    def image(architecture: str, variant: str = "", **config: str) -> dict:
        document = {"architecture": architecture, "os": "linux", "rootfs": ROOTFS, **config}
        manifest = layout.manifest(layout.add(document, MEDIA_CONFIG))
        platform = {"architecture": architecture, "os": "linux", "variant": variant}
        return layout.add(manifest, platform=platform)

    attestation = layout.add(
        layout.manifest(), platform={"architecture": "unknown", "os": "unknown"}
    )
    arm = [image("arm64", variant, author=variant) for variant in ("v9", "v8")]

    def chosen(*entries: dict) -> str:
        index = {"schemaVersion": 2, "manifests": [*entries, attestation]}
        layout.index(layout.add(index, MEDIA_INDEX))
        return open_image(oci(tmp_path), ARM64).config.author

    assert chosen(*arm) == "v8"
    assert chosen(arm[0]) == "v9"
    with pytest.raises(PlatformNotFound) as caught:
        open_image(oci(tmp_path))
    assert caught.value.hint == "it is there for linux/arm64: name one with --platform"


def test_an_image_for_one_platform_that_is_not_the_one_asked_for(cache, tmp_path):
    for kind in KINDS:
        location = parse_location(f"{kind}:{tmp_path}/{kind}")
        write(name_image(sample_image(cache), [parse_image_name("x:1")], location), location)
        assert open_image(location, AMD64).platform == "linux/amd64"
        with pytest.raises(PlatformNotFound, match="is not an image for linux/arm64"):
            open_image(location, ARM64)


def test_an_archive_of_an_old_docker_save_is_read(cache, tmp_path):
    """Uncompressed layers under their own directories, one of them a link to another."""
    tar = _tar([("a", b"1")])
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": None, "Cmd": ["/a"], "Labels": None},
        "rootfs": {"type": "layers", "diff_ids": [Digest.of(tar)] * 2},
        "history": [{"created_by": "x"}, {"empty_layer": True}, {"created_by": "y"}],
    }
    manifest = [{"Config": "c.json", "RepoTags": None, "Layers": ["1/layer.tar", "2/layer.tar"]}]
    members: list[tuple[str, bytes | str]] = [
        ("c.json", json.dumps(config).encode()),
        ("1/layer.tar", tar),
        ("2/layer.tar", "../1/layer.tar"),
        ("manifest.json", json.dumps(manifest).encode()),
    ]
    (tmp_path / "a.tar").write_bytes(_tar(members))
    stored = open_image(parse_location(f"docker-archive:{tmp_path}/a.tar"))
    assert [each.created_by for each in stored.layers] == ["x", "y"]
    assert stored.config.config.cmd == ("/a",)
    assert read_tree(stored.layers, cache)["/a"].blob.read() == b"1"


# --- hostile documents -----------------------------------------------------------------------


def _tar(members: list[tuple[str, bytes | str]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "layout")


def opened(layout: Layout):
    return open_image(oci(layout.directory))


def test_the_hand_made_layout_is_good(layout):
    layout.index(layout.add(layout.manifest()))
    assert opened(layout).config.os == "linux"


HOSTILE = {
    "size too large": lambda at: at.index(at.add(at.manifest(), size=10**15)),
    "size too small": lambda at: at.index(at.add(at.manifest(), size=1)),
    "size negative": lambda at: at.index(at.add(at.manifest(), size=-1)),
    "size not a number": lambda at: at.index(at.add(at.manifest(), size="12")),
    "digest climbs": lambda at: at.index(
        at.add(at.manifest(), digest="sha256:../../../etc/passwd")
    ),
    "digest algorithm": lambda at: at.index(at.add(at.manifest(), digest="md5:" + "0" * 32)),
    "digest missing": lambda at: at.index({"mediaType": MEDIA_MANIFEST, "size": 1}),
    "digest null": lambda at: at.index(at.add(at.manifest(), digest=None)),
    "blob missing": lambda at: at.index(at.add(at.manifest(), digest="sha256:" + "0" * 64)),
    "both kinds": lambda at: at.index(at.add(at.manifest(manifests=[]))),
    "both kinds in the index": lambda at: at.index(at.add(at.manifest()), layers=[]),
    "said to be an index": lambda at: at.index(at.add(at.manifest(), MEDIA_INDEX)),
    "says it is an index": lambda at: at.index(at.add(at.manifest(mediaType=MEDIA_INDEX))),
    "unknown type": lambda at: at.index(at.add(at.manifest(), "application/x-unknown")),
    "no layers": lambda at: at.index(at.add({"schemaVersion": 2, "config": at.config()})),
    "layers an object": lambda at: at.index(at.add(at.manifest() | {"layers": {}})),
    "artifact": lambda at: at.index(
        at.add(at.manifest(at.add({}, "application/vnd.oci.empty.v1+json")))
    ),
    "diff ids missing": lambda at: at.index(at.add(at.manifest(None, at.add(b"x", MEDIA_LAYER)))),
    "diff ids too many": lambda at: at.index(at.add(at.manifest(at.config(Digest.of(b""))))),
    "index a list": lambda at: (at.directory / "index.json").write_text("[]"),
    "index empty": lambda at: (at.directory / "index.json").write_text(""),
    "index deep": lambda at: (at.directory / "index.json").write_text("[" * 10**6),
    "index huge": lambda at: (at.directory / "index.json").write_bytes(b" " * (9 << 20)),
    "index missing": lambda at: None,
    "layers deep": lambda at: at.index(
        at.add(b'{"schemaVersion":2,"layers":' + b"[" * 10**6, MEDIA_MANIFEST)
    ),
    "key twice": lambda at: (at.directory / "index.json").write_text(
        '{"schemaVersion":2,"manifests":[],"manifests":[]}'
    ),
    "index is a directory": lambda at: (at.directory / "index.json").mkdir(),
    "index is a fifo": lambda at: os.mkfifo(at.directory / "index.json"),
    "index of zeros": lambda at: (at.directory / "index.json").symlink_to("/dev/zero"),
    "config is no JSON": lambda at: at.index(at.add(at.manifest(at.add(b"\xff{}", MEDIA_CONFIG)))),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_layout_is_refused(layout, case):
    HOSTILE[case](layout)
    with pytest.raises(MalformedImage) as caught:
        opened(layout)
    assert str(layout.directory) in caught.value.message


def test_a_manifest_that_was_changed_is_refused(layout):
    entry = layout.add(layout.manifest())
    layout.index(entry)
    path = layout.directory / "blobs/sha256" / entry["digest"][7:]
    path.write_bytes(path.read_bytes().replace(b"2", b"3", 1))
    with pytest.raises(MalformedImage, match="do not match its digest"):
        opened(layout)


def test_indexes_that_never_end_are_refused(layout):
    entry = layout.add(layout.manifest())
    for _ in range(10):
        entry = layout.add({"schemaVersion": 2, "manifests": [entry]}, MEDIA_INDEX)
    layout.index(entry)
    with pytest.raises(MalformedImage):
        opened(layout)


def test_a_compressed_archive_gets_a_hint(tmp_path):
    (tmp_path / "a.tar").write_bytes(gzip.compress(_tar([("a", b"")])))
    for kind in ("oci-archive", "docker-archive"):
        with pytest.raises(MalformedImage) as caught:
            open_image(parse_location(f"{kind}:{tmp_path}/a.tar"))
        assert "gunzip" in caught.value.hint


@pytest.mark.parametrize(
    "members",
    [
        [("manifest.json", b"[]"), ("manifest.json", b"[]")],
        [("manifest.json", "/etc/passwd")],
        [("manifest.json", "manifest.json")],
        [("manifest.json", b'[{"Config":"../../etc/passwd","RepoTags":null,"Layers":[]}]')],
        [("manifest.json", b'[{"Config":"","RepoTags":null,"Layers":[]}]')],
        [("manifest.json", b'[{"Config":"x","Layers":[]}]')],
        [("manifest.json", b"{}")],
        [("../manifest.json", b"[]")],
        [],
    ],
)
def test_a_hostile_docker_archive_is_refused(tmp_path, members):
    (tmp_path / "a.tar").write_bytes(_tar([*members, ("end", b"")]))
    with pytest.raises(DistilError) as caught:
        open_image(parse_location(f"docker-archive:{tmp_path}/a.tar"))
    assert caught.value.exit_code == 2


# --- hostile layers ----------------------------------------------------------------------------


def layer_of(
    data: bytes,
    *,
    media_type: str = MEDIA_LAYER,
    diff: bytes | None = None,
    claim: bytes | None = None,
) -> Layer:
    """A layer whose blob is `data`, with the diff id of `diff`, and the digest of `claim`."""
    digest = Digest.of(data if claim is None else claim)
    descriptor = Descriptor(media_type, digest, len(data))
    return Layer(descriptor, Digest.of(data if diff is None else diff), 0, InlineBlob(data, digest))


GOOD = _tar([("a", b"1")])
FROM_GZIP: dict[str, Any] = {"media_type": f"{MEDIA_LAYER}+gzip", "diff": GOOD}
FROM_ZSTD: dict[str, Any] = {"media_type": f"{MEDIA_LAYER}+zstd", "diff": GOOD}


@pytest.mark.parametrize(
    "good",
    [
        layer_of(GOOD),
        layer_of(gzip.compress(GOOD), **FROM_GZIP),
        layer_of(gzip.compress(GOOD[:100]) + gzip.compress(GOOD[100:]), **FROM_GZIP),
        layer_of(zstandard.compress(GOOD), **FROM_ZSTD),
    ],
)
def test_good_layers_of_every_kind(cache, good):
    assert read_tree([good], cache)["/a"].blob.read() == b"1"


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (layer_of(gzip.compress(GOOD)[:-1], **FROM_GZIP), TruncatedArchive),
        (layer_of(gzip.compress(GOOD)[:40], **FROM_GZIP), TruncatedArchive),
        (layer_of(gzip.compress(GOOD) + b"junk", **FROM_GZIP), MalformedArchive),
        (layer_of(b"", **FROM_GZIP), TruncatedArchive),
        (layer_of(GOOD, **FROM_GZIP), MalformedArchive),
        (layer_of(GOOD[:600]), TruncatedArchive),
        (layer_of(GOOD, diff=b"other"), MalformedImage),
        (layer_of(GOOD, media_type="application/vnd.unknown"), MalformedImage),
        (layer_of(_tar([("../a", b"")])), MalformedArchive),
        (layer_of(_tar([("a", b"1"), ("a", b"2")])), MalformedArchive),
        (layer_of(_tar([("d/.wh.", b"")])), DistilError),
        (layer_of(_tar([("/.", "/etc")])), DistilError),
    ],
)
def test_bad_layers_are_refused_and_not_kept(cache, bad, error):
    with pytest.raises(error):
        read_tree([bad], cache)
    if error is not DistilError:  # Those are sound as archives.
        assert [usage.entries for usage in cache.usage() if usage.area == "packs"] == [0]


def test_the_diff_id_is_checked_against_the_cache_too(cache):
    read_tree([layer_of(GOOD)], cache)
    with pytest.raises(MalformedImage, match="contents are not those"):
        read_tree([layer_of(GOOD, diff=b"other")], cache)


def test_the_digest_of_a_layer_is_checked(cache, layout):
    entry = layout.add(GOOD, MEDIA_LAYER)
    path = layout.directory / "blobs/sha256" / entry["digest"][7:]
    layout.index(layout.add(layout.manifest(layout.config(Digest.of(GOOD)), entry)))
    path.write_bytes(GOOD[:512] + b"2" + GOOD[513:])
    with pytest.raises(MalformedImage, match="do not match its digest"):
        read_tree(opened(layout).layers, cache)


def test_a_bomb_is_stopped(cache):
    bomb = _tar([("a", bytes(4 << 20))])
    for pack, kind in ((gzip.compress, "gzip"), (zstandard.compress, "zstd")):
        layer = layer_of(pack(bomb), media_type=f"{MEDIA_LAYER}+{kind}", diff=bomb)
        for read in (read_tree, read_listing):
            with pytest.raises(ContentTooLarge):
                read([layer], cache, Limits(expanded_size=1 << 20))
            with pytest.raises(ExpandsTooMuch):
                read([layer], cache, Limits(expansion_ratio=1, expansion_free=1 << 20))


@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_a_listing_is_the_tree_without_its_contents_on_the_disk(cache, size):
    """Of small layers one by one, and of large ones several at a time."""
    noise = os.urandom(size)
    lower = layer_of(_tar([("a/b", noise), ("a/c", b"old"), ("a/gone", b"x"), ("l", "/a")]))
    upper = layer_of(_tar([("a/.wh.gone", b""), ("l/c", b"new"), ("a/e", noise)]))
    listing = read_listing([lower, upper], cache)
    assert not cache.root.exists()
    assert {node.path: node.blob.read() for node in listing if node.blob is not None} == {
        "/a/b": noise, "/a/c": b"new", "/a/e": noise
    }  # fmt: skip
    tree = read_tree([lower, upper], cache)
    for again in (read_listing([lower, upper], cache), listing):
        for node, other in zip(tree, again, strict=True):
            same = msgspec.structs.replace(other, blob=None)
            assert same == msgspec.structs.replace(node, blob=None)
            assert (node.blob and node.blob.digest) == (other.blob and other.blob.digest)
            assert node.size == other.size


def test_a_file_of_a_listing_is_read_as_it_was_hashed(cache):
    layer = layer_of(_tar([("a", b"x" * 100)]))
    node = read_listing([layer], cache)["/a"]
    assert isinstance(node.blob, LayerFile)
    changed = msgspec.structs.replace(node.blob, digest=Digest.of(b"y"))
    with pytest.raises(CorruptContent, match="/a"):
        changed.read()


def test_the_first_layer_that_is_wrong_is_the_one_told_of(cache):
    """However many are read at a time."""
    good = layer_of(_tar([("a", os.urandom(3 << 20))]))
    wrong = [layer_of(_tar([(f"{n}", os.urandom(3 << 20))]), diff=b"") for n in range(2)]
    for read in (read_tree, read_listing):
        with pytest.raises(MalformedImage, match=str(wrong[0].descriptor.digest)):
            read([good, *wrong], cache)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("", gzip.compress(b"", mtime=0)),
        ("", zstandard.compress(b"")),
        ("+gzip", zstandard.compress(b"")),
        ("+zstd", gzip.compress(b"", mtime=0)),
        ("+gzip", lzma.compress(b"")),
    ],
)
def test_media_types_that_lie(cache, kind, data):
    layer = layer_of(data, media_type=MEDIA_LAYER + kind)
    with pytest.raises(MalformedImage, match="its media type says"):
        read_tree([layer], cache)


@pytest.mark.parametrize(
    "changes",
    [
        {"urls": ["https://elsewhere.example/layer"]},
        {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
        {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
    ],
)
def test_foreign_layers(tmp_path, changes):
    at = Layout(tmp_path / "layout")
    entry = {"mediaType": MEDIA_LAYER, "digest": Digest.of(b"elsewhere"), "size": 9} | changes
    at.index(at.add(at.manifest(at.config(Digest.of(b"")), entry)))
    with pytest.raises(ForeignLayer, match="foreign"):
        open_image(oci(at.directory))


def test_links_in_one_layer_do_not_lead_the_next_one_out(cache):
    lower = layer_of(_tar([("tmp/there", b""), ("etc", "/../../../tmp"), ("root", "/")]))
    through = layer_of(_tar([("etc/passwd", b"x")]))
    hidden = layer_of(_tar([("root/.wh.etc", b"")]))
    assert "/tmp/passwd" in read_tree([lower, through], cache)
    assert list(read_tree([lower, hidden], cache).paths()) == ["/", "/root", "/tmp", "/tmp/there"]


def test_an_image_without_layers_is_the_empty_tree(cache, tmp_path):
    location = oci(tmp_path / "out")
    image = assemble([], ContainerConfig(), platform=AMD64, created=EPOCH)
    write(name_image(image, [parse_image_name("x:1")], location), location)
    assert list(read_tree(open_image(location).layers, cache).paths()) == ["/"]
