"""`distil ls`, `distil cat` and `distil export`: the files of an image."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from distil import pipeline
from distil.cli import run
from distil.fetch.cache import Cache
from distil.fetch.errors import CorruptCache
from distil.image.assemble import assemble
from distil.image.errors import LayerNotFound, NotAFile, PathNotFound
from distil.image.layer import Layer
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.blob import InlineBlob
from distil.model.errors import InvalidPath, LinkLoop
from distil.model.image import MEDIA_LAYER, ContainerConfig, Descriptor
from distil.model.node import Kind, Node
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name
from tests.support.images import EPOCH, layer, oci
from tests.support.nodes import NET_RAW, file, sample_tree, special
from tests.support.raw_tar import header
from tests.support.spoken import Speaker, check_text

SNAPSHOTS = Path(__file__).with_name("snapshots")


def put(cache: Cache, root: Path, *layers: Iterable[Node]) -> str:
    written = [layer(cache, nodes) for nodes in layers]
    image = assemble(written, ContainerConfig(), platform=AMD64, created=EPOCH)
    place = oci(root / "image", "x")
    write(name_image(image, [parse_image_name("sample:1")], place), place)
    return str(place)


@pytest.fixture
def image(cache: Cache, tmp_path: Path) -> str:
    more = [
        special("/etc", Kind.DIRECTORY),
        file("/etc/\x1b[31mred", b"x"),
        special("/etc/abs", Kind.SYMLINK, target="/usr/bin"),
        special("/etc/loop", Kind.SYMLINK, target="loop"),
        special("/etc/up", Kind.SYMLINK, target="../../../../usr/lib"),
    ]
    return put(cache, tmp_path, sample_tree(), more)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ["dev", "etc", "tmp", "usr"]),
        ("usr/bin", ["a", "b", "c", "ping"]),
        ("/usr/bin/", ["a", "b", "c", "ping"]),
        ("/etc/abs", ["a", "b", "c", "ping"]),
        ("/etc/abs/b", ["b"]),
        ("/etc/hostname", ["hostname"]),
    ],
)
def test_a_directory_stands_for_what_is_in_it(
    speaker: Speaker, image: str, path: str, expected: list[str]
) -> None:
    assert speaker.text("ls", image, path).split() == expected


def test_links_do_not_lead_out(image: str) -> None:
    found = pipeline.ls(pipeline.Listed(image=image, path="/etc/up"))
    assert {node.parent for node in found} == {"/usr/lib"}


def test_all_there_is(speaker: Speaker, image: str) -> None:
    said = speaker.text("ls", image, "-R", "--long")
    check_text(SNAPSHOTS / "ls-long.txt", said)
    names = speaker.text("ls", image, "-R").splitlines()
    assert len(names) == len(said.splitlines())
    assert "/etc/\\x1b[31mred" in names


def test_as_json(speaker: Speaker, image: str) -> None:
    document = json.loads(speaker.text("ls", image, "-R", "--format", "json"))
    entries = {entry["path"]: entry for entry in document["entries"]}
    assert entries["/usr/bin/ping"]["attributes"] == {"security.capability": NET_RAW.hex()}
    assert entries["/dev/null"]["device"] == [1, 3]
    assert entries["/usr/lib/\udcff\udcfe"]["size"] == len(b"name that is no utf-8")
    assert "/etc/\x1b[31mred" in entries


def test_one_layer_and_what_it_removes(cache: Cache, tmp_path: Path, speaker: Speaker) -> None:
    names = (b"etc/.wh.hostname", b"usr/.wh..wh..opq", b"usr/new")
    upper = b"".join(map(header, names)) + bytes(1024)
    place = with_raw_layer(cache, tmp_path, upper)
    assert speaker.text("ls", place, "--layer", "2").splitlines() == [
        "- /etc/hostname",
        "- /usr/",
        "/usr/new",
    ]
    assert speaker.text("ls", place, "/usr", "--layer", "2").splitlines() == ["- /usr/", "/usr/new"]
    assert speaker.text("ls", place, "/usr").split() == ["new"]
    document = json.loads(speaker.text("ls", place, "--layer", "2", "--format", "json"))
    assert [(e["path"], e["kind"]) for e in document["entries"]] == [
        ("/etc/hostname", "whiteout"),
        ("/usr/", "whiteout"),
        ("/usr/new", "file"),
    ]
    with pytest.raises(LayerNotFound, match="no layer 3"):
        pipeline.ls(pipeline.Listed(image=place, layer=3))


def with_raw_layer(cache: Cache, root: Path, tar: bytes) -> str:
    """An image of the sample and of a layer that distil would not write."""
    blob = InlineBlob.of(tar)
    upper = Layer(Descriptor(MEDIA_LAYER, blob.digest, blob.size), blob.digest, 0, blob)
    image = assemble(
        [layer(cache, sample_tree()), upper], ContainerConfig(), platform=AMD64, created=EPOCH
    )
    place = oci(root / "raw", "x")
    write(name_image(image, [parse_image_name("sample:1")], place), place)
    return str(place)


def test_cat(speaker: Speaker, image: str) -> None:
    assert speaker.data("cat", image, "/etc/hostname") == b"distil\n"
    assert speaker.data("cat", image, "etc/abs/c") == b"program" * 1000
    assert speaker.data("cat", image, "/usr/bin/a") == b"program" * 1000
    assert speaker.data("cat", image, "/etc/shadow") == b""


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [
        ("/etc/hostnam", PathNotFound, "hostnam"),
        ("/none/at/all", PathNotFound, "none"),
        ("/etc", NotAFile, "directory"),
        ("/dev/null", NotAFile, "character"),
        ("/dev/pipe", NotAFile, "fifo"),
        ("/etc/loop", LinkLoop, "loop"),
        ("../etc/passwd", InvalidPath, "climbs"),
        ("", InvalidPath, "empty"),
    ],
)
def test_what_has_no_contents(image: str, path: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        pipeline.cat(image, path)


def test_a_slip_is_seen(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cat", image, "/etc/hostnam"]) == 2
    assert "/etc/hostname" in capsys.readouterr().err


def test_export_is_what_the_image_holds(image: str, tmp_path: Path, speaker: Speaker) -> None:
    out = tmp_path / "files.tar"
    speaker.text("export", image, str(out))
    assert speaker.data("export", image, "-") == out.read_bytes()
    with tarfile.open(out, errors="surrogateescape") as archive:
        members = {f"/{member.name}": member for member in archive.getmembers()}
        nodes = pipeline.ls(pipeline.Listed(image=image, recursive=True))
        tree = {node.path: node for node in nodes}
        assert set(members) == set(tree)
        for path, node in tree.items():
            member = members[path]
            assert (member.uid, member.gid, member.mtime) == (node.uid, node.gid, node.mtime)
            if node.kind is Kind.FILE and node.blob is not None:
                assert archive.extractfile(member).read() == b"".join(pipeline.cat(image, path))
        assert members["/usr/bin/b"].islnk() != members["/usr/bin/a"].islnk()
        assert members["/dev/sda"].isblk()
        assert members["/usr/bin/ping"].pax_headers["SCHILY.xattr.security.capability"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "files.tar", "image"]


def test_export_is_read_by_tar(image: str, tmp_path: Path) -> None:
    data = b"".join(pipeline.exported(image))
    listed = subprocess.run(["tar", "-t"], input=data, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert listed.stdout.count(b"\n") == len(archive.getnames())


def test_export_replaces_nothing_when_it_fails(
    image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "files.tar"
    out.write_bytes(b"before")
    for blob in (tmp_path / "image/blobs/sha256").iterdir():
        blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert run(["export", image, str(out)]) == 2
    assert out.read_bytes() == b"before"


READERS: dict[str, Callable[[str], Iterator[bytes]]] = {
    "cat": lambda image: pipeline.cat(image, "/usr/bin/b"),
    "export": pipeline.exported,
}


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_cache_is_mended(image: str, cache: Cache, name: str) -> None:
    read = READERS[name]
    good = b"".join(read(image))
    for path in cache.root.rglob("*"):
        if path.is_file() and b"program" in (data := path.read_bytes()):
            path.chmod(0o644)
            path.write_bytes(data.replace(b"program", b"pr0gram"))
    with pytest.raises(CorruptCache):
        list(read(image))
    assert b"".join(read(image)) == good
