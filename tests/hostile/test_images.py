"""Images around their layers: places that are no images, documents, archives, changed bytes."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.model.image import MEDIA_CONFIG, MEDIA_INDEX, MEDIA_LAYER, MEDIA_MANIFEST
from tests.support.command import World
from tests.support.deb_builder import file, link, tar
from tests.support.hand_made import Layout, diff_id
from tests.support.hostile import ESCAPED, Place, hostile
from tests.support.raw_tar import END, header, padded

LAYER = gzip.compress(tar([file("/a", b"x" * 5000)]))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


# --- bytes that were changed after they were looked at -------------------------------------------


def overwrite(path: Path) -> None:
    """Eight bytes in the middle."""
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        before = stream.read(8)
        stream.seek(-8, os.SEEK_CUR)
        stream.write(bytes(byte ^ 0xFF for byte in before))


@pytest.fixture
def shop(warm: World) -> World:
    """A world in which the Flask application is built, checked and known."""
    assert warm.build(warm.app()).code == 0
    assert warm.distil("check", f"oci:{warm.out}:1.0").code == 0
    return warm


def test_check_hashes_every_layer_each_time(shop: World) -> None:
    """One layer after the other, all of which the cache knows."""
    index = json.loads((shop.out / "index.json").read_bytes())
    blobs = shop.out / "blobs/sha256"
    manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_bytes())
    for layer in manifest["layers"]:
        path = blobs / layer["digest"][7:]
        before = path.read_bytes()
        overwrite(path)
        ended = hostile(shop, "check", f"oci:{shop.out}:1.0")
        ended.refused(f"layer {layer['digest']}: its bytes do not match its digest")
        path.write_bytes(before)
    hostile(shop, "check", f"oci:{shop.out}:1.0").answered(0)


def test_why_goes_by_the_digest_unless_told_otherwise(shop: World) -> None:
    blobs = (shop.out / "blobs/sha256").iterdir()
    layers = [path for path in blobs if not path.read_bytes().startswith(b"{")]
    overwrite(max(layers, key=lambda path: path.stat().st_size))
    place = f"oci:{shop.out}:1.0"
    hostile(shop, "why", place, "--largest", "1").answered(0)
    hostile(shop, "why", place, "--largest", "1", "--verify").refused("do not match its digest")


# --- places that are no images --------------------------------------------------------------------

KINDS = ["oci", "oci-archive", "docker-archive"]


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def link_to_a_fifo(path: Path) -> Path:
    path.symlink_to(fifo(path.with_name("pipe")))
    return path


def unix_socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def loop(path: Path) -> Path:
    path.symlink_to(path.name)
    return path


PLACES: dict[str, Callable[[Path], Path]] = {
    "fifo": fifo,
    "link to a fifo": link_to_a_fifo,
    "socket": unix_socket,
    "directory": folder,
    "link to itself": loop,
    "missing": lambda path: path,
    "/dev/zero": lambda path: Path("/dev/zero"),
    "/dev/null": lambda path: Path("/dev/null"),
    "/dev/tty": lambda path: Path("/dev/tty"),
    "/proc/self/environ": lambda path: Path("/proc/self/environ"),
    "/proc/self/fd/0": lambda path: Path("/proc/self/fd/0"),
    "empty": lambda path: (path.write_bytes(b"") and path) or path,
    "zeros": lambda path: (path.write_bytes(bytes(10_240)) and path) or path,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", PLACES)
def test_what_is_no_image(place: Place, kind: str, case: str) -> None:
    path = PLACES[case](place.root / "image")
    place.distil("check", f"{kind}:{path}").refused()
    place.distil("why", f"{kind}:{path}", "/a").refused()


SPECS = {
    "ca.pem": '[image]\ncertificates = ["ca.pem"]\n',
    "key.asc": """[[base.repositories]]
url = "http://127.0.0.1:9/debian"
suite = "trixie"
components = ["main"]
key = "key.asc"
""",
    "a.deb": '[base]\ndebs = ["a.deb"]\n',
    "copied": '[[copy]]\nfrom = "copied"\nto = "/copied"\n',
}
PLAIN = ["distil.toml", "distil.lock", ".dockerignore", "requirements.txt", "pyproject.toml"]


@pytest.mark.parametrize("name", [*PLAIN, "main.py", *SPECS])
def test_files_of_an_application_that_are_none(warm: World, name: str) -> None:
    """A FIFO under any name that a build opens: nobody ever writes into it."""
    app = warm.app({"main.py": "print()\n", "distil.toml": SPECS.get(name, "")})
    (app / name).unlink(missing_ok=True)
    fifo(app / name)
    options = ["--locked"] if name == "distil.lock" else []
    hostile(warm, "build", app, *options, "-t", "a:1", "-o", f"oci:{warm.out}").refused()
    assert not warm.out.exists()


def test_a_layout_to_write_into(place: Place, warm: World, layout: Layout) -> None:
    """A build that adds to what somebody else left there."""
    (layout.directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    index = layout.directory / "index.json"
    app = warm.app()
    for made in (
        lambda: fifo(index),
        lambda: index.symlink_to("/dev/zero"),
        lambda: index.write_text("[" * 100_000),
        lambda: index.write_text('{"manifests":' + "[" * 100_000),
        lambda: index.write_text('{"manifests":[],"manifests":[]}'),
        lambda: index.write_text('{"manifests":[{"digest":"sha256:../../../x","size":1}]}'),
    ):
        index.unlink(missing_ok=True)
        made()
        ended = hostile(warm, "build", app, "-t", "shop:1.0", "-o", f"oci:{layout.directory}")
        ended.answered(0, 2)
        assert [path.name for path in layout.directory.iterdir() if "distil" in path.name] == []


# --- layouts --------------------------------------------------------------------------------------


def replaced(layout: Layout, change: Callable[[Path], object]) -> None:
    """An honest image, whose layer is then something else."""
    layout.image((LAYER, "+gzip"))
    path = layout.directory / "blobs/sha256" / layout.add(LAYER)["digest"][7:]
    path.unlink()
    change(path)


def cyclic(layout: Layout) -> None:
    """Two indexes that name each other, as far as digests allow: by a wrong one."""
    entry = layout.add(b"{}", MEDIA_INDEX)
    path = layout.directory / "blobs/sha256" / entry["digest"][7:]
    path.write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    layout.index(entry | {"size": path.stat().st_size})


def of_layers(layout: Layout, *layers: dict, diff_ids: tuple[str, ...] = ()) -> None:
    config = layout.config(*diff_ids or (diff_id(LAYER, "+gzip"),) * len(layers))
    layout.index(layout.add(layout.manifest(config, *layers)))


def with_config(layout: Layout, **changes: object) -> None:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    config = layout.add(document | changes, MEDIA_CONFIG)
    layout.index(layout.add(layout.manifest(config)))


LAYOUTS: dict[str, Callable[[Layout], object]] = {
    "blob is a fifo": lambda at: replaced(at, os.mkfifo),
    "blob is a directory": lambda at: replaced(at, Path.mkdir),
    "blob is a device": lambda at: replaced(at, lambda path: path.symlink_to("/dev/zero")),
    "blob is missing": lambda at: replaced(at, lambda path: None),
    "blob leads out": lambda at: replaced(at, lambda path: path.symlink_to("/etc/passwd")),
    "blob is empty": lambda at: replaced(at, Path.touch),
    "blobs lead nowhere": lambda at: (at.directory / "blobs/sha256").rename(at.directory / "x"),
    "indexes in a circle": cyclic,
    "foreign layer": lambda at: of_layers(
        at,
        at.add(LAYER, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
               urls=["http://127.0.0.1:9/layer"]),
    ),
    "encrypted layer": lambda at: of_layers(at, at.add(LAYER, MEDIA_LAYER + "+gzip+encrypted")),
    "layer that is a manifest": lambda at: of_layers(at, at.add(LAYER, MEDIA_MANIFEST)),
    "layer of a wrong diff id": lambda at: of_layers(
        at, at.add(LAYER, MEDIA_LAYER + "+gzip"), diff_ids=("sha256:" + "0" * 64,)
    ),
    "diff id that climbs": lambda at: of_layers(
        at, at.add(LAYER, MEDIA_LAYER + "+gzip"), diff_ids=(f"sha256:../../{ESCAPED}",)
    ),
    "layers without end": lambda at: of_layers(at, *[at.add(LAYER, MEDIA_LAYER + "+gzip")] * 1500),
    "manifest of many empty lists": lambda at: at.index(
        at.add(b'{"layers":[' + b"[]," * 2_700_000 + b"[]]}", MEDIA_MANIFEST)
    ),
    "manifest of a long number": lambda at: at.index(
        at.add(b'{"schemaVersion":' + b"9" * 7_000_000 + b"}", MEDIA_MANIFEST)
    ),
    "manifest that is deep": lambda at: at.index(
        at.add(b'{"config":' + b'{"a":' * 1_000_000, MEDIA_MANIFEST)
    ),
    "manifest of UTF-16": lambda at: at.index(at.add("{}".encode("utf-16"), MEDIA_MANIFEST)),
    "document with a mark": lambda at: at.index(at.add(b"\xef\xbb\xbf{}", MEDIA_MANIFEST)),
    "key twice": lambda at: at.index(
        at.add(
            json.dumps(at.manifest())[:-1].encode() + b',"layers":[]}', MEDIA_MANIFEST
        )
    ),
    "entrypoint is a number": lambda at: with_config(at, config={"Entrypoint": 1}),
    "environment is an object": lambda at: with_config(at, config={"Env": {"A": "b"}}),
    "architecture is a list": lambda at: with_config(at, architecture=["amd64"]),
    "no such architecture": lambda at: with_config(at, architecture="x\x1b[2Jy"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts_that_are_refused(place: Place, layout: Layout, case: str) -> None:
    LAYOUTS[case](layout)
    place.distil("check", f"oci:{layout.directory}").refused()


SHOWN: dict[str, Callable[[Layout], object]] = {
    "entrypoint": lambda at: with_config(at, config={"Entrypoint": ["/a\x1b]0;owned\x07\u202eb"]}),
    "command of many words": lambda at: with_config(at, config={"Cmd": ["a" * 1000] * 5000}),
    "working directory": lambda at: with_config(
        at, config={"WorkingDir": "../../..\x1b[31m", "Cmd": ["./a"]}
    ),
    "environment": lambda at: with_config(
        at, config={"Env": ["PATH=\x1b[2J:" + "/x:" * 100_000, "LD_LIBRARY_PATH=\n"], "Cmd": ["a"]}
    ),
    "user": lambda at: with_config(at, config={"User": "99999999999999999999:\x1b[2J"}),
    "labels": lambda at: with_config(at, config={"Labels": {"\x1b[2J": "\x07" * 1000}}),
    "history": lambda at: with_config(at, history=[{"created_by": "\x1b[2J" * 100}]),
}  # fmt: skip


@pytest.mark.parametrize("case", SHOWN)
def test_what_an_image_says_of_itself_is_shown_as_it_is_safe(
    place: Place, layout: Layout, case: str
) -> None:
    SHOWN[case](layout)
    for form in ("text", "json"):
        place.distil("check", f"oci:{layout.directory}", "--format", form).answered(0, 1)


def test_names_of_images_are_shown_as_they_are_safe(place: Place, layout: Layout) -> None:
    entry = layout.add(layout.manifest())
    names = ["a\x1b[2J\x07", "b\nerror: owned", "c" * 5000]
    key = "org.opencontainers.image.ref.name"
    layout.index(*(entry | {"annotations": {key: name}} for name in names), entry | {"size": 1})
    place.distil("check", f"oci:{layout.directory}:none").refused("no image none")


# --- archives ---------------------------------------------------------------------------------


def docker(manifest: object, *more: tuple[str, bytes]) -> bytes:
    """A docker-archive of one layer; `manifest` is JSON, or its text."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    rootfs = {"type": "layers", "diff_ids": [diff_id(LAYER, "+gzip")]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()
    files = [("manifest.json", text), ("c.json", config), ("l.tar", LAYER), *more]
    return b"".join(header(name.encode(), size=len(d)) + padded(d) for name, d in files) + END


GOOD = {"Config": "c.json", "RepoTags": ["shop:1"], "Layers": ["l.tar"]}
KEYS = b'"Config":"c.json","RepoTags":null,"Layers":["l.tar"]'
ARCHIVES: dict[str, bytes] = {
    "key twice": docker(b"[{" + KEYS + b',"Layers":[]}]'),
    "key twice, the same": docker(b"[{" + KEYS + b',"Config":"c.json"}]'),
    "deep": docker(b'[{"x":' + b"[" * 100_000),
    "huge": docker(b" " * (9 << 20)),
    "no list": docker(GOOD),
    "no image": docker([]),
    "two images": docker([GOOD, GOOD]),
    "config climbs": docker([GOOD | {"Config": "../c.json"}]),
    "config is absolute": docker([GOOD | {"Config": "/etc/passwd"}]),
    "config missing": docker([GOOD | {"Config": "x"}]),
    "config is a number": docker([GOOD | {"Config": 1}]),
    "layer climbs": docker([GOOD | {"Layers": ["../l.tar"]}]),
    "layer missing": docker([GOOD | {"Layers": ["x"]}]),
    "layer is no tar": docker([GOOD | {"Layers": ["c.json"]}]),
    "layers without end": docker([GOOD | {"Layers": ["l.tar"] * 5000}]),
    "member twice": docker([GOOD], ("l.tar", LAYER)),
    "member climbs": docker([GOOD], (f"../{ESCAPED}", b"")),
    "manifest twice": docker([GOOD], ("manifest.json", b"[]")),
    "manifest twice by dots": docker([GOOD], ("./manifest.json", b"[]")),
    "links in a circle": tar([link("/manifest.json", "a"), link("/a", "manifest.json")]),
    "manifest leads out": tar([link("/manifest.json", "/etc/passwd")]),
    "manifest is a directory": tar([file("/manifest.json/x")]),
    "compressed": gzip.compress(docker([GOOD])),
    "cut": docker([GOOD])[:3000],
}  # fmt: skip


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives_that_are_refused(place: Place, case: str) -> None:
    (place.root / "image.tar").write_bytes(ARCHIVES[case])
    place.distil("check", f"docker-archive:{place.root}/image.tar").refused()


def test_the_archive_of_these_tests_is_good(place: Place) -> None:
    (place.root / "image.tar").write_bytes(docker([GOOD]))
    place.distil("check", f"docker-archive:{place.root}/image.tar").answered(0)
