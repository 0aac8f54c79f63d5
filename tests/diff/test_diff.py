"""What differs between two images, through the verb."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from distil import pipeline
from distil.cli import run
from distil.fetch.cache import Cache
from distil.image.assemble import Image, assemble
from distil.image.naming import name_image
from distil.image.write import write
from distil.model.difference import ImageDifference
from distil.model.image import ContainerConfig
from distil.model.node import Kind, Node
from distil.model.platform import AMD64
from distil.model.reference import parse_image_name
from distil.report import diff as report
from tests.support.images import CONFIG, EPOCH, layer, oci, sample_image, twins
from tests.support.nodes import NET_RAW, file, special

PLAIN = ContainerConfig()
STATUS = "Package: {}\nStatus: {}\nVersion: {}\nArchitecture: amd64\n\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    return Cache.default()


def image_of(cache: Cache, *layers: Iterable[Node], config: ContainerConfig = PLAIN) -> Image:
    written = [layer(cache, nodes) for nodes in layers]
    return assemble(written, config, platform=AMD64, created=EPOCH)


def put(image: Image, path: Path) -> str:
    place = oci(path, "x")
    write(name_image(image, [parse_image_name("sample:1")], place), place)
    return str(place)


def diffed(tmp_path: Path, before: Image, after: Image) -> ImageDifference:
    return pipeline.diff(put(before, tmp_path / "a"), put(after, tmp_path / "b"))


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (file("/a", b"1"), file("/a", b"2"), ("content",)),
        (file("/a", b"1"), file("/a", b"1", mode=0o755), ("mode",)),
        (file("/a", b"1"), file("/a", b"1", uid=7, gid=8), ("owner",)),
        (file("/a"), file("/a", xattrs=(("security.capability", NET_RAW),)), ("attributes",)),
        (file("/a"), special("/a", Kind.DIRECTORY), ("kind", "mode")),
        (
            special("/a", Kind.SYMLINK, target="b"),
            special("/a", Kind.SYMLINK, target="c"),
            ("target",),
        ),
        (
            special("/a", Kind.CHARACTER, device=(1, 3)),
            special("/a", Kind.CHARACTER, device=(1, 5)),
            ("device",),
        ),
        (file("/a", b"1", mtime=1), file("/a", b"1", mtime=2), None),
    ],
)
def test_what_differs_of_a_file(
    cache: Cache, tmp_path: Path, before: Node, after: Node, what: tuple[str, ...] | None
) -> None:
    found = diffed(tmp_path, image_of(cache, [before]), image_of(cache, [after]))
    assert [change.what for change in found.files if change.path == "/a"] == [what] * bool(what)
    assert found.is_empty == (what is None)


def test_a_file_that_has_a_second_name_is_the_same_file(cache: Cache, tmp_path: Path) -> None:
    one = image_of(cache, [file("/b", b"x"), file("/c", b"x")])
    linked = image_of(cache, [file("/b", b"x"), special("/c", Kind.HARDLINK, target="/b")])
    other = image_of(cache, [file("/b", b"y"), special("/c", Kind.HARDLINK, target="/b")])
    assert [c.path for c in diffed(tmp_path, one, linked).files if c.what != ("mode",)] == []
    assert {c.path for c in diffed(tmp_path, linked, other).files} == {"/b", "/c"}


DATABASES = [
    ("/var/lib/dpkg/status", STATUS.format("a", "i ok installed", "1"), "deb", "a", "1 amd64"),
    ("/var/lib/dpkg/status.d/libssl1.1", "Package: b\nVersion: 2\n", "deb", "b", "2"),
    ("/var/lib/dpkg/status.d/b.md5sums", "Package: b\nVersion: 2\n", "deb", "", ""),
    ("/var/lib/dpkg/status", STATUS.format("c", "deinstall ok config-files", "1"), "deb", "", ""),
    ("/usr/lib/apk/db/installed", "C:Q1\nP:musl\nV:1-r0\n\nP:z\nV:1\n", "apk", "z", "1"),
    ("/x/Foo_Bar-1.dist-info/METADATA", "Name: Foo_Bar\nVersion: 1\n\nName: no\n", "python",
     "foo-bar", "1"),
    ("/x/f.egg-info/PKG-INFO", "Name: f\nVersion: 3\n", "python", "f", "3"),
    ("/usr/lib/node_modules/x/package.json", '{"name": "x", "version": "1.0.0"}', "npm", "x",
     "1.0.0"),
    ("/x/METADATA", "Name: f\nVersion: 3\n", "python", "", ""),
    ("/var/lib/dpkg/status", "\x00\xff: nonsense\n: \n\n", "deb", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "ecosystem", "name", "version"), DATABASES)
def test_databases_of_packages(  # noqa: PLR0917
    cache: Cache, tmp_path: Path, path: str, text: str, ecosystem: str, name: str, version: str
) -> None:
    after = image_of(cache, [file(path, text.encode())])
    found = diffed(tmp_path, image_of(cache, [file("/a")]), after).packages
    named = [(p.ecosystem, p.name, p.after) for p in found if p.name == name]
    assert named == ([(ecosystem, name, (version,))] if name else [])
    assert bool(found) == bool(name)


def test_a_package_that_is_upgraded_is_changed(cache: Cache, tmp_path: Path) -> None:
    def with_version(version: str) -> Image:
        text = STATUS.format("a", "install ok installed", version)
        return image_of(cache, [file("/var/lib/dpkg/status", text.encode())])

    found = diffed(tmp_path, with_version("1"), with_version("2"))
    assert [(p.before, p.after) for p in found.packages] == [(("1 amd64",), ("2 amd64",))]
    assert "~  deb  a  1 amd64 → 2 amd64" in report.to_text(found)


def test_every_setting_is_one_of_its_own(cache: Cache, tmp_path: Path) -> None:
    plain = image_of(cache, [file("/a")], config=ContainerConfig(user="1", env=("A=1", "B=")))
    rich = image_of(cache, [file("/a")], config=msgspec.structs.replace(CONFIG, env=("A=2",)))
    found = diffed(tmp_path, plain, rich)
    said = {change.name: (change.before, change.after) for change in found.settings}
    assert said["user"] == ("1", "65532")
    assert said["env A"] == ("1", "2")
    assert said["env B"] == ('""', "")
    assert said["port 8000/tcp"] == ("", "exposed")
    assert said["label org.opencontainers.image.title"] == ("", "sample")
    assert said["command"] == ("", '["hello", "world"]')
    assert {"entrypoint", "working directory", "stop signal", "health check"} < set(said)
    assert found.files == ()


def test_a_twin_differs_by_its_tools(cache: Cache, tmp_path: Path) -> None:
    place = oci(tmp_path / "out")
    write(twins(cache, place), place)
    found = pipeline.diff(f"{place}:1.0", f"{place}:1.0-debug")
    assert [change.path for change in found.files] == ["/debug"]
    assert (found.removed_layers, found.shared, found.settings) == ((), 2, ())
    (tools,) = found.added_layers
    assert tools.created_by == "distil test"
    assert found.sizes[1] - found.sizes[0] == len(b"tools")


def test_layers_alone_are_no_difference(cache: Cache, tmp_path: Path) -> None:
    one = put(image_of(cache, [file("/a"), file("/b")]), tmp_path / "a")
    two = put(image_of(cache, [file("/a")], [file("/b")]), tmp_path / "b")
    assert run(["diff", one, two]) == 0
    found = pipeline.diff(one, two)
    assert (len(found.removed_layers), len(found.added_layers), found.shared) == (1, 2, 0)
    assert "but in how they are layered" in report.to_text(found)


def test_the_verb(cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [file(f"/f{number:02}", b"\x1b") for number in range(30)]
    hostile = [file("/\x1b[31mred\n", b"12345"), file("/\udcff", b"")]
    before = put(sample_image(cache), tmp_path / "a")
    after = put(sample_image(cache, layer(cache, [*names, *hostile])), tmp_path / "b")
    assert run(["diff", before, before]) == 0
    assert capsys.readouterr().out == f"{before} and {before} do not differ\n"
    assert run(["diff", before, after, "--exit-zero"]) == 0
    out = capsys.readouterr().out
    assert "files          32 added" in out
    assert "… 12 more: -v shows all" in out
    assert run(["diff", before, after, "-v"]) == 1
    out = capsys.readouterr().out
    assert "/f29" in out
    assert "\\x1b[31mred\\x0a" in out
    assert "\x1b" not in out
    assert run(["diff", before, after, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["differ"]
    assert document["layers"]["shared"] == 2
    paths = {change["path"]: change for change in document["files"]}
    assert {"/\x1b[31mred\n", "/\udcff"} < set(paths)
    assert paths["/\x1b[31mred\n"]["after"]["size"] == 5
    assert paths["/f00"]["what"] == ["added"]
