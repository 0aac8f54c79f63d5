"""What packages go onto: a whole system, or nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.archive import DebPack
from distil.distros.debian.contents import DebianContents
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.ground import NOTHING, WHOLE_SYSTEM, Ground, Place
from distil.distros.debian.select import Wanted
from distil.distros.protocol import Setting
from distil.fetch.cache import Cache
from distil.model.account import ImageUser
from distil.model.platform import AMD64
from distil.model.tree import Tree
from tests.support.deb_builder import directory, file, link
from tests.support.packages import unpacked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def base_files(cache: Cache) -> DebPack:
    entries = [
        link("/lib", "usr/lib"),
        directory("/srv"),
        file("/usr/lib/os-release", "ID=debian\n"),
        link("/etc/os-release", "../usr/lib/os-release"),
        file("/etc/debian_version", "13\n"),
    ]
    return unpacked(cache, "base-files", entries)


def configured(cache: Cache, packs: list[DebPack], ground: Ground) -> Tree:
    contents = DebianContents(packs, default_cuts(), Wanted(), (), Place(AMD64, ground))
    setting = Setting(Path(), ImageUser(65532, 65532))
    tree = contents.configure(setting, {}, cache).tree
    return tree.with_nodes(contents.describe(tree, {}))


def test_scratch_holds_what_every_process_expects_and_nothing_else(cache: Cache) -> None:
    tree = configured(cache, [base_files(cache)], NOTHING)
    assert [path for path in tree.paths() if path.count("/") == 1] == [
        "/", "/etc", "/home", "/tmp",
    ]  # fmt: skip
    files = [node.path for node in tree if node.blob is not None]
    assert files == ["/etc/group", "/etc/passwd"]
    assert tree["/tmp"].mode == 0o1777
    assert tree["/home/nonroot"].uid == 65532


def test_scratch_is_of_a_system_as_soon_as_it_has_a_package(cache: Cache) -> None:
    data = unpacked(cache, "data", [file("/usr/share/data/x", "x")])
    tree = configured(cache, [base_files(cache), data], NOTHING)
    assert tree["/etc/os-release"].target == "../usr/lib/os-release"
    assert "/usr/lib/os-release" in tree
    assert {node.name for node in tree.children("/var/lib/dpkg/status.d")} == {
        "base-files", "base-files.md5sums", "data", "data.md5sums",
    }  # fmt: skip
    assert "/etc/debian_version" not in tree
    assert "/lib" not in tree


def test_links_of_the_merged_usr_are_there_for_what_lies_behind_them(cache: Cache) -> None:
    library = unpacked(cache, "library", [file("/lib/x/libx.so", "x")])
    tree = configured(cache, [library], NOTHING)
    assert tree["/lib"].target == "usr/lib"
    assert "/bin" not in tree


def test_a_suite_makes_a_whole_system(cache: Cache) -> None:
    tree = configured(cache, [base_files(cache)], WHOLE_SYSTEM)
    assert {"/var/tmp", "/etc/hosts", "/etc/debian_version", "/bin", "/lib"} <= set(tree.paths())
