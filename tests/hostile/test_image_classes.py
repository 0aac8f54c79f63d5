"""One image or more for each class of hostile input that an image can be: refused, or read soundly.

All are checked by one process within the limits, and what is read soundly is compared in another
way: with the paths that the tree has. More of each kind stand in the other files beside this one.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import zstandard

from distil.fetch.cache import Cache
from distil.image.read_tree import read_listing
from distil.model.digest import Digest
from distil.model.image import MEDIA_CONFIG, MEDIA_INDEX, MEDIA_LAYER, MEDIA_MANIFEST
from tests.support.deb_builder import file, hard_link, link, tar
from tests.support.hand_made import Layout, diff_id
from tests.support.hostile import ESCAPED, Ended, Place
from tests.support.images import oci, open_image
from tests.support.raw_tar import END, gnu, header, pax

Make = Callable[[Layout], object]


@dataclass(frozen=True)
class Case:
    """An image; the error that it has to end in, or else the paths of its tree."""

    make: Make
    error: str = ""
    paths: tuple[str, ...] | None = field(default=None)


def of(*layers: bytes) -> Make:
    """An image of uncompressed layers."""
    return lambda at: at.image(*((data, "") for data in layers))


def refused(error: str, *layers: bytes) -> Case:
    return Case(of(*layers), error)


def sound(paths: str, *layers: bytes) -> Case:
    return Case(of(*layers), paths=tuple(paths.split()))


def packed(data: bytes, kind: str, plain: bytes | None = None) -> Make:
    """An image of one layer that is compressed; `plain` is what it has to unpack to."""
    wrong = () if plain is None else (Digest.of(plain),)
    return lambda at: at.image((data, kind), diff_ids=wrong)


def one(**fields: bytes) -> bytes:
    return header(**fields) + END


def wild(name: bytes) -> bytes:
    return pax(("path", name)) + header() + END


PLAIN = tar([file("/a", b"x" * 3000)])
HALF = len(PLAIN) // 2
ZEROS = bytes(64 << 20)
BOMB = header(b"zero", size=b"\x80" + (40 * len(ZEROS)).to_bytes(11, "big"))

LINKS = {
    "the root as a symbolic link": refused("root directory",
        one(name=b"/.", type=b"2", link=b"/tmp")),
    "the root as a hard link": refused("root directory|not a file",
        tar([file("/a")]), one(name=b"./", type=b"1", link=b"a")),
    "the root as a device": refused("root directory", one(name=b".", type=b"3")),
    "through an absolute link": sound("/ /a /tmp /tmp/x", tar([link("/a", "/tmp"), file("/a/x")])),
    "through a relative link": sound("/ /a /x", tar([link("/a", "../../.."), file("/a/x")])),
    "through links in two layers": sound("/ /a /b /etc /etc/x",
        tar([link("/a", "/etc")]), tar([link("/b", "a")]), tar([file("/b/x")])),
    "through a circle": refused("symbolic links",
        tar([link("/a", "b"), link("/b", "a"), file("/a/x")])),
    "through more links than Linux follows": refused("symbolic links",
        tar([*(link(f"/{n}", f"{n + 1}") for n in range(50)), file("/0/x")])),
    "a hard link that climbs": refused("climbs out", one(type=b"1", link=b"../../etc/passwd")),
    "a hard link without a slash": sound("/ /a /d /d/b",
        header(b"a") + header(b"d/b", b"1", link=b"a") + END),
    "a hard link to a file of the host": refused("not a file of the image",
        one(type=b"1", link=b"/etc/passwd")),
    "a hard link through a link out": refused("not a file of the image",
        tar([link("/a", "/etc"), hard_link("/b", "/a/passwd")])),
    "a whiteout through a link": sound("/ /a /etc /etc/y",
        tar([link("/a", "/etc"), file("/etc/x"), file("/etc/y")]), one(name=b"a/.wh.x")),
    "an opaque whiteout through a link out": sound("/ /a", tar([link("/a", "/../..//tmp")]),
        one(name=b"a/.wh..wh..opq")),
    "a whiteout that is a link": sound("/", tar([file("/a")]),
        one(name=b".wh.a", type=b"2", link=b"/tmp")),
    "a bare whiteout": refused("whiteout", one(name=b"d/.wh.")),
    "a whiteout of the directory above": refused("whiteout", one(name=b"d/.wh...")),
}  # fmt: skip

NAMES = {
    "climbs": refused("climbs out", one(name=f"../{ESCAPED}".encode())),
    "climbs in the middle": refused("climbs out", one(name=f"a/b/../../../{ESCAPED}".encode())),
    "climbs in its prefix": refused("climbs out", one(prefix=b"../..", name=ESCAPED.encode())),
    "absolute": sound(f"/ /tmp /tmp/{ESCAPED}", one(name=f"/tmp/{ESCAPED}".encode())),
    "NUL": refused("NUL", wild(b"a\0b")),
    "terminal escapes": refused("comes twice", wild(b"\x1b]0;x\x07\x1b[2J\r") [:-1024] * 2 + END),
    "bidirectional text": refused("comes twice", wild("a\u202e\u2066".encode())[:-1024] * 2 + END),
    "not UTF-8": refused("comes twice", wild(b"\xff\xfe\x80")[:-1024] * 2 + END),
    "two cases of a letter": sound("/ /A /a", tar([file("/a"), file("/A")])),
    "two forms of a letter": sound("/ /e\u0301 /\u00e9", tar([file("/e\u0301"), file("/\u00e9")])),
    "twice": refused("comes twice", tar([file("/a", "1"), file("/a", "2")])),
    "twice, as a file and a link": refused("comes twice", tar([file("/a"), link("/a", "/etc")])),
    "PAX against GNU": refused("different names", gnu(b"L", b"a") + pax(("path", b"b")) + one()),
    "PAX against GNU, links": refused("different link",
        gnu(b"K", b"a") + pax(("linkpath", b"b")) + one(type=b"2")),
    "a name for all that follow": refused("global header", pax(("path", b"a"), kind=b"g") + one()),
    "longer than Linux opens": refused("longer than 4096", wild(b"a/" * 2100 + b"f")),
    "deeper than anybody goes": refused("more than 512", wild(b"a/" * 600 + b"f")),
}  # fmt: skip

COMPRESSED = {
    "a gzip bomb": Case(packed(gzip.compress(BOMB) + gzip.compress(ZEROS) * 40, "+gzip", b""),
        "unpacks to more than 64 times"),
    "a zstd bomb": Case(
        packed(zstandard.compress(BOMB) + zstandard.compress(ZEROS) * 40, "+zstd", b""),
        "unpacks to more than 64 times"),
    "a bomb of holes": refused("more than",
        pax(("GNU.sparse.map", b"1,0"), ("GNU.sparse.size", b"9" * 12)) + one()),
    "gzip members": Case(packed(gzip.compress(PLAIN[:HALF]) + gzip.compress(PLAIN[HALF:]), "+gzip"),
        paths=("/", "/a")),
    "zstd frames": Case(
        packed(zstandard.compress(PLAIN[:HALF]) + zstandard.compress(PLAIN[HALF:]), "+zstd"),
        paths=("/", "/a")),
    "members without end": Case(
        packed(gzip.compress(PLAIN) + gzip.compress(b"") * 200_000, "+gzip", PLAIN),
        "compressed streams"),
    "cut gzip": Case(packed(gzip.compress(PLAIN)[:-9], "+gzip", PLAIN), "ends early"),
    "cut zstd": Case(packed(zstandard.compress(PLAIN)[:-9], "+zstd", PLAIN), "ends early"),
    "bytes after gzip": Case(packed(gzip.compress(PLAIN) + b"more" * 9, "+gzip", PLAIN), "damaged"),
    "a second archive": refused("something follows", PLAIN + tar([file("/b")])),
    "xz": Case(packed(b"\xfd7zXZ\0" + bytes(90), "+gzip", PLAIN), "its media type says"),
    "not compressed": Case(packed(PLAIN, "+gzip", PLAIN), "damaged"),
    "zstd said to be gzip": Case(packed(zstandard.compress(PLAIN), "+gzip", PLAIN),
        "its media type says"),
    "cut tar": refused("lacks its last", header(b"a", size=4000) + bytes(100)),
    "a size below zero": refused("damaged size", one(size=b"\xff" * 12)),
}  # fmt: skip


# --- documents -----------------------------------------------------------------------------


def manifest(**changes: object) -> Make:
    return lambda at: at.index(at.add(at.manifest(at.config()) | changes))


def entry(**changes: object) -> Make:
    """An image whose descriptor in the index says something else."""
    return lambda at: at.index(at.add(at.manifest(at.config())) | changes)


def layer(**changes: object) -> Make:
    """An image whose layer's descriptor says something else."""

    def make(at: Layout) -> None:
        data = gzip.compress(PLAIN)
        described = at.add(data, f"{MEDIA_LAYER}+gzip") | changes
        at.index(at.add(at.manifest(at.config(diff_id(data, "+gzip")), described)))

    return make


def other_bytes(at: Layout) -> None:
    """A layer that was exchanged for another of its length."""
    described = at.add(PLAIN, MEDIA_LAYER)
    (at.directory / "blobs/sha256" / described["digest"][7:]).write_bytes(PLAIN[:-1] + b"x")
    at.index(at.add(at.manifest(at.config(Digest.of(PLAIN)), described)))


def endless_blob(at: Layout) -> None:
    described = at.add(b"x", MEDIA_LAYER)
    path = at.directory / "blobs/sha256" / described["digest"][7:]
    path.unlink()
    os.mkfifo(path)
    at.index(at.add(at.manifest(at.config(Digest.of(b"x")), described)))


def indexes_in_indexes(at: Layout) -> None:
    inner = at.add({"schemaVersion": 2, "manifests": []}, MEDIA_INDEX)
    for _ in range(20):
        inner = at.add({"schemaVersion": 2, "manifests": [inner]}, MEDIA_INDEX)
    at.index(inner)


def raw_index(text: bytes) -> Make:
    return lambda at: (at.directory / "index.json").write_bytes(text)


def configured(**changes: object) -> Make:
    """An image whose configuration says something else."""

    def make(at: Layout) -> None:
        rootfs = {"type": "layers", "diff_ids": []}
        document = {"architecture": "amd64", "os": "linux", "rootfs": rootfs} | changes
        at.index(at.add(at.manifest(at.add(document, MEDIA_CONFIG))))

    return make


def users(user: str, passwd: bytes, group: bytes = b"") -> Make:
    """An image with accounts of its own, started as `user`."""

    def make(at: Layout) -> None:
        data = tar([file("/etc/passwd", passwd), file("/etc/group", group)])
        described = at.add(data, MEDIA_LAYER)
        config = {"architecture": "amd64", "os": "linux", "config": {"User": user}}
        config["rootfs"] = {"type": "layers", "diff_ids": [Digest.of(data)]}
        at.index(at.add(at.manifest(at.add(config, MEDIA_CONFIG), described)))

    return make


EMPTY = ("/",)
ACCOUNTS = ("/", "/etc", "/etc/group", "/etc/passwd")
DOCUMENTS = {
    "a manifest that is an index": Case(manifest(manifests=[]), "both an index and a manifest"),
    "an index that is a manifest": Case(
        lambda at: at.index(at.add(at.manifest() | {"manifests": []}, MEDIA_INDEX)),
        "both an index and a manifest"),
    "a type that flips": Case(manifest(mediaType=MEDIA_INDEX), "was said to be"),
    "an index said to be a manifest": Case(
        lambda at: at.index(at.add({"schemaVersion": 2, "manifests": []}, MEDIA_MANIFEST)),
        "not what it should be|both"),
    "a negative size": Case(entry(size=-1), "size"),
    "a huge size": Case(entry(size=1 << 62), "larger than"),
    "a layer of another size": Case(layer(size=1 << 40), "its descriptor says"),
    "a layer of a negative size": Case(layer(size=-5), "size"),
    "a size that is no number": Case(layer(size="9" * 40), "not what it should be"),
    "a digest that climbs": Case(layer(digest="sha256:../../etc/passwd"), "not a sha256 digest"),
    "a digest of another kind": Case(layer(digest="md5:" + "0" * 32), "not a sha256 digest"),
    "a digest in capitals": Case(layer(digest="sha256:" + "A" * 64), "not a sha256 digest"),
    "a layer that is other bytes": Case(other_bytes, "do not match its digest"),
    "a layer that never ends": Case(endless_blob, "not a file"),
    "a diff id of something else": Case(packed(gzip.compress(PLAIN), "+gzip", b""),
        "its contents are not those"),
    "fewer diff ids than layers": Case(
        lambda at: at.index(at.add(at.manifest(at.config(), at.add(PLAIN, MEDIA_LAYER)))),
        "diff ids"),
    "indexes in indexes": Case(indexes_in_indexes, "indexes in each other"),
    "an index without end": Case(raw_index(b'{"manifests":[' + b" " * (9 << 20)), "larger than"),
    "a deep index": Case(raw_index(b'{"manifests":' + b"[" * 100_000), "nested more than 100"),
    "a key twice": Case(
        raw_index(b'{"schemaVersion":2,"manifests":[],"manifests":[]}'), "comes twice"),
    "numbers without end": Case(raw_index(b'{"schemaVersion":' + b"9" * 100_000 + b"}"),
        "not what it should be"),
    "not UTF-8": Case(raw_index(b'{"\xff":1}'), "not what it should be"),
    "escapes in a type": Case(layer(mediaType="\x1b[2J\x9b\u202e"), "not a known layer type"),
    "a layer elsewhere": Case(layer(urls=["http://127.0.0.1:9/layer"]), "foreign"),
    "a layer that is not distributed": Case(
        layer(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), "foreign"),
    "a platform with escapes": Case(configured(os="\x1b[31mlinux"), "linux"),
    "history without end": Case(configured(history=[{"created_by": "x"}] * 100_000), paths=EMPTY),
    "a user beyond all numbers": Case(users("2147483648:0", b""), paths=ACCOUNTS),
    "a number that is root's name": Case(users("1000", b"1000:x:0:0::/:/bin/sh\n"), paths=ACCOUNTS),
    "accounts without end": Case(users("x", b"x", b"g:x:1:" + b"u," * 2_000_000), paths=ACCOUNTS),
}  # fmt: skip

CASES = {
    f"{kind}: {name}": case
    for kind, cases in {
        "links": LINKS, "names": NAMES, "compressed": COMPRESSED, "documents": DOCUMENTS
    }.items()
    for name, case in cases.items()
}  # fmt: skip


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What each image came to, all in one process."""
    place = Place(tmp_path_factory.mktemp("classes"))
    commands = {}
    for number, (name, case) in enumerate(CASES.items()):
        layout = Layout(place.root / f"{number}")
        case.make(layout)
        commands[name] = ["check", f"oci:{layout.directory}"]
    return place.many(commands)


@pytest.mark.parametrize("name", CASES)
def test_each_class(ended: dict[str, Ended], name: str) -> None:
    if CASES[name].paths is None:
        ended[name].refused(CASES[name].error)
    else:
        ended[name].answered(0, 1)


SOUND = {name: case for name, case in CASES.items() if case.paths is not None}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_read_is_what_was_meant(tmp_path: Path, name: str) -> None:
    layout = Layout(tmp_path / "layout")
    SOUND[name].make(layout)
    tree = read_listing(open_image(oci(layout.directory)).layers, Cache(tmp_path / "cache"))
    assert tuple(tree.paths()) == SOUND[name].paths
