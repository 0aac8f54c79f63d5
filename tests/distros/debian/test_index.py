"""The package index: candidates, providers, its decoded form in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from distil.distros.debian.errors import MalformedControl, UnusablePackageEntry
from distil.distros.debian.formats.dependencies import Relation
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.index_records import Provision
from distil.distros.errors import UnknownPackage, UnknownPackageVersion
from distil.events import Event, Warned, listening
from distil.fetch.cache import Cache
from tests.support.debian_archive import MemorySource, open_index, packages_file


def source(archive: str, suite: str = "trixie", **more: str) -> MemorySource:
    return MemorySource(packages_file(archive), suite, **more)


def test_the_highest_version_of_all_suites_wins(tmp_path: Path) -> None:
    suites = [
        source("a 1\nb 3\nc 1-1"),
        source("a 2~rc1\nb 2\nc 1-1; Size: 7", "trixie-security", base_url="file:///security/"),
    ]
    index = PackageIndex(suites, Cache(tmp_path), "amd64")
    described = [str(index.describe(index.package(name)).suite) for name in "abc"]
    assert described == ["trixie-security", "trixie", "trixie"]
    assert [record.version for record in index.entry("a").versions] == ["2~rc1", "1"]
    assert index.package("c").size == 1000
    url = index.describe(index.package("a")).url
    assert url == "file:///security/pool/a_2~rc1.deb"


def test_everything_a_package_says(tmp_path: Path) -> None:
    fields = "Source: src (1:0.9-3); Multi-Arch: same; Depends: b (>= 2) | c; Priority: required"
    index = open_index(f"a 1:1-1; Size: 12; SHA256: {'ab' * 32}; {fields}", tmp_path)
    record = index.package("a")
    assert record.relations("Depends") == ((Relation("b", ">=", "2"), Relation("c")),)
    assert record.relations("Breaks") == ()
    assert (record.multi_arch, record.priority) == ("same", 1)
    package = index.describe(record)
    assert (package.name, package.version, package.architecture) == ("a", "1:1-1", "amd64")
    assert (package.source, package.source_version) == ("src", "1:0.9-3")
    assert (package.size, package.digest.hex) == (12, "ab" * 32)
    assert package.distribution == "debian-13"
    assert package.url == "file:///archive/pool/a_1%3a1-1.deb"


def test_a_suite_without_a_version_is_called_by_its_name(tmp_path: Path) -> None:
    index = PackageIndex([source("a 1", "sid", version="")], Cache(tmp_path), "amd64")
    assert index.describe(index.package("a")).distribution == "debian-sid"


def test_what_is_essential(tmp_path: Path) -> None:
    archive = "sh 1; Essential: yes\nb 1\na 2; Essential: yes\na 1\napt 1; Important: yes"
    index = open_index(archive, tmp_path)
    assert index.essential() == ["a", "sh"]
    assert open_index("b 1", tmp_path).essential() == []


def test_other_architectures_are_left_out(tmp_path: Path) -> None:
    archive = "a 1; Architecture: all\nb 1; Architecture: arm64\nc 1; Architecture: amd64"
    assert open_index(archive, tmp_path, "arm64").names() == ["a", "b"]


def test_providers(tmp_path: Path) -> None:
    archive = "a 1; Provides: v, w (= 2), x (<< 3), y:any, z:arm64, a\nb 1; Provides: v"
    index = open_index(archive, tmp_path)
    assert [provision.owner for provision in index.providers("v")] == ["b", "a"]
    assert index.providers("w") == (Provision("a", "1", "2", ""),)
    assert index.providers("y:any") == (Provision("a", "1", "", ""),)
    assert [index.providers(name) for name in ("x", "y", "z", "a", "none")] == [()] * 5


def test_unknown_names(tmp_path: Path) -> None:
    index = open_index("python3 1\nv-owner 1; Provides: virtual", tmp_path)
    assert index.candidate("virtual") is None
    for name in ("pyton3", "", "virtual", "python3\udc80"):
        with pytest.raises(UnknownPackage):
            index.package(name)
    with pytest.raises(UnknownPackageVersion):
        index.package("python3", "2")


@pytest.mark.parametrize(
    "field",
    [
        "Package: ../a",
        "Package: a/b",
        "Version: 1/2",
        "Filename: /etc/passwd",
        "Filename: pool/../../a.deb",
        "Filename: ..",
        "Filename: a b.deb",
        "Size: -1",
        "Size: x",
        "SHA256: abc",
        f"SHA256: {'A' * 64}",
        "Source: ../a",
    ],
)
def test_unusable_stanzas(field: str, tmp_path: Path) -> None:
    with pytest.raises(UnusablePackageEntry, match="the package index of trixie"):
        open_index(f"a 1; {field}", tmp_path)


def test_the_decoded_form_is_kept(tmp_path: Path) -> None:
    suites = [source("a 1; Provides: v\nb 1")]
    for _ in range(3):
        index = PackageIndex(suites, Cache(tmp_path), "amd64")
        assert index.names() == ["a", "b"]
        assert index.providers("v")[0].owner == "a"
    assert suites[0].reads == 1
    assert Cache(tmp_path).usage()[2].entries == 1


def test_another_index_or_architecture_is_decoded_anew(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    PackageIndex([source("a 1")], cache, "amd64")
    assert PackageIndex([source("a 2")], cache, "amd64").package("a").version == "2"
    assert PackageIndex([source("a 1")], cache, "arm64").names() == []


def test_another_mirror_uses_the_same_form(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    PackageIndex([source("a 1")], cache, "amd64")
    moved = source("a 1", base_url="file:///elsewhere")
    index = PackageIndex([moved], cache, "amd64")
    assert index.describe(index.package("a")).url == "file:///elsewhere/pool/a_1.deb"
    assert moved.reads == 0


@contextmanager
def warnings() -> Iterator[list[Event]]:
    heard: list[Event] = []
    with listening(heard.append):
        yield heard


def damage(directory: Path, position: int) -> None:
    (path,) = (directory / "indexes").iterdir()
    data = bytearray(path.read_bytes())
    data[position] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("position", [0, 50, -1])
def test_a_damaged_form_is_made_again(position: int, tmp_path: Path) -> None:
    suites = [source("a 1\nb 1; Depends: a")]
    PackageIndex(suites, Cache(tmp_path), "amd64")
    damage(tmp_path, position)
    with warnings() as heard:
        index = PackageIndex(suites, Cache(tmp_path), "amd64")
        assert index.package("b").relations("Depends") == ((Relation("a"),),)
    assert suites[0].reads == 2
    assert [type(event) for event in heard] == [Warned]
    PackageIndex(suites, Cache(tmp_path), "amd64").package("a")
    assert suites[0].reads == 2


def test_a_form_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    suites = [source("a 1")]
    PackageIndex(suites, Cache(tmp_path), "amd64")
    (path,) = (tmp_path / "indexes").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert PackageIndex(suites, Cache(tmp_path), "amd64").package("a").version == "1"


def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MalformedControl):
        PackageIndex([MemorySource("nonsense")], Cache(tmp_path), "amd64")
    assert list((tmp_path / "indexes").iterdir()) == []
