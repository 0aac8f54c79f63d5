"""The limits for images: each has a key, an error of its own, and is passed by some image."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from distil.fetch.cache import Cache
from distil.image.errors import (
    AttributesTooLarge,
    ConfigTooLarge,
    ContentTooLarge,
    ExpandsTooMuch,
    HeadersTooLarge,
    JsonTooDeep,
    ManifestTooLarge,
    PathTooDeep,
    PathTooLong,
    TooManyEntries,
    TooManyHops,
    TooManyLayers,
)
from distil.image.read import find_artifact
from distil.image.read_tree import read_tree
from distil.image.stores.table import store_to_read
from distil.model.digest import Digest
from distil.model.errors import LimitExceeded
from distil.model.image import MEDIA_CONFIG
from distil.model.limits import Limits
from tests.support.deb_builder import file, link, tar
from tests.support.hand_made import Layout
from tests.support.images import oci, open_image
from tests.support.raw_tar import END, gnu, header, pax

HOPS = [link(f"/a{at}", f"a{at + 1}") for at in range(5)]


def layers(*tars: bytes) -> Callable[[Layout], object]:
    return lambda at: at.image(*((gzip.compress(data), "+gzip") for data in tars))


def long_manifest(at: Layout) -> None:
    at.index(at.add(at.manifest(annotations={"a": "x" * 2000})))


def long_index(at: Layout) -> None:
    at.index(at.add(at.manifest()), annotations={"a": "x" * 2000})


def long_config(at: Layout) -> None:
    rootfs = {"type": "layers", "diff_ids": []}
    document = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "author": "x" * 2000}
    at.index(at.add(at.manifest(at.add(document, MEDIA_CONFIG))))


def deep_manifest(at: Layout) -> None:
    extra: object = 'a "[[[[" is no list'
    for _ in range(7):
        extra = [{"[": extra}]
    at.index(at.add(at.manifest(extra=extra)))


LONG_LINK = gnu(b"K", b"x" * 200) + header(kind=b"2") + END
large = layers(tar([file("/a", b"x" * 50_000)]))
CASES: dict[str, tuple[str, int, type[LimitExceeded], Callable[[Layout], object]]] = {
    "a manifest": ("manifest-size", 1000, ManifestTooLarge, long_manifest),
    "index.json": ("manifest-size", 1000, ManifestTooLarge, long_index),
    "a configuration": ("config-size", 1000, ConfigTooLarge, long_config),
    "depth": ("json-depth", 14, JsonTooDeep, deep_manifest),
    "layers": ("layers", 2, TooManyLayers, layers(*(tar([file(f"/{n}")]) for n in range(3)))),
    "entries": ("entries", 2, TooManyEntries, layers(tar([file(f"/{n}") for n in range(3)]))),
    "entries of several layers": (
        "entries", 2, TooManyEntries, layers(tar([file("/a"), file("/b")]), tar([file("/c")])),
    ),
    "memory": ("header-size", 5000, HeadersTooLarge, layers(tar([file("/" + "x" * 2000)]))),
    "a path": ("path-length", 100, PathTooLong, layers(tar([file("/" + "x" * 200)]))),
    "a link": ("path-length", 100, PathTooLong, layers(LONG_LINK)),
    "directories": ("path-depth", 3, PathTooDeep, layers(tar([file("/a/b/c/d")]))),
    "hops": ("symlink-hops", 4, TooManyHops, layers(tar([*HOPS, file("/a0/x")]))),
    "attributes": (
        "xattr-size", 100, AttributesTooLarge,
        layers(pax(("SCHILY.xattr.user.a", b"x" * 200)) + header() + END),
    ),
    "a ratio": ("expansion-ratio", 20, ExpandsTooMuch, large),
    "beyond the ratio": ("expansion-free", 9, ExpandsTooMuch, large),
    "contents": ("expanded-size", 30_000, ContentTooLarge, large),
}  # fmt: skip
OTHERS = {"expansion-ratio": "expansion-free = 1\n", "expansion-free": "expansion-ratio = 1\n"}
"""What is lowered as well, since both have to be passed."""


@pytest.mark.parametrize("case", CASES)
def test_each_limit(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    key, value, error, make = CASES[case]
    layout = Layout(tmp_path / "layout")
    make(layout)
    where = oci(layout.directory)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    read_tree(open_image(where).layers, cache)

    configuration = tmp_path / "distil" / "config.toml"
    configuration.parent.mkdir()
    configuration.write_text(f"[limits]\n{key} = {value}\n{OTHERS.get(key, '')}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    decoded = key in ("path-length", "path-depth", "xattr-size")
    for kept in [Cache(tmp_path / "empty"), *([] if decoded else [cache])]:  # As if just decoded.
        with pytest.raises(error) as caught:
            read_tree(open_image(where).layers, kept)
        if key not in OTHERS:
            assert f"`{key}` under [limits]" in caught.value.hint
        assert str(value) in caught.value.message


def test_documents_about_an_image_are_held_to_the_limits_too(tmp_path: Path) -> None:
    layout, kind = Layout(tmp_path / "layout"), "application/vnd.example"
    image = layout.add(layout.manifest())
    large = layout.manifest(annotations={"a": "x" * (9 << 20)}) | {"subject": image}
    layout.index(layout.add(large, artifactType=kind))
    opened = store_to_read(oci(layout.directory)).opened()
    with opened as source, pytest.raises(ManifestTooLarge):
        find_artifact(source, Digest(image["digest"]), kind)


def test_no_limit_is_without_a_case() -> None:
    assert {key for key, *_ in CASES.values()} == set(Limits.__struct_encode_fields__)


def test_limits_are_natural_numbers() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"layers": 0}, Limits)
