from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.select import select
from distil.distros.debian.status import DIRECTORY, STATUS, status_file_nodes, status_nodes
from distil.fetch.cache import Cache
from distil.model.node import Kind, generated_file
from distil.model.tree import Tree
from tests.support.deb_builder import control_file, file, link
from tests.support.packages import documented, unpacked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def contents(nodes: object) -> dict[str, str]:
    return {
        node.path.removeprefix(DIRECTORY + "/"): node.blob.read().decode()
        for node in nodes  # type: ignore[attr-defined]
        if node.kind is Kind.FILE
    }


def test_stanzas_and_checksums_are_true_to_the_tree(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "x",
        [
            *documented("x"),
            file("/etc/x.conf", b"setting"),
            file("/usr/bin/x", b"program"),
            link("/usr/bin/y", "x"),
            file("/usr/share/doc/x/README", b"cut"),
        ],
        {"conffiles": "/etc/x.conf\n"},
        Multi_Arch="same",
    )
    tree = select([pack], default_cuts()).tree
    found = contents(status_nodes(tree, [pack]))
    assert set(found) == {"x", "x.md5sums"}
    assert found["x"] == control_file("x", Multi_Arch="same")
    assert found["x.md5sums"] == (
        f"{md5(b'setting')}  etc/x.conf\n"
        f"{md5(b'program')}  usr/bin/x\n"
        f"{md5(b'copyright of x')}  usr/share/doc/x/copyright\n"
    )


def test_files_replaced_by_others_are_not_the_packages(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/etc/a", b"a"), file("/etc/b", b"b")])
    tree = select([pack], default_cuts()).tree
    tree = tree.with_nodes([generated_file("/etc/a", b"other", "a rule")])
    assert contents(status_nodes(tree, [pack]))["x.md5sums"] == f"{md5(b'b')}  etc/b\n"


def test_a_package_of_which_nothing_is_left_has_no_entry(cache: Cache) -> None:
    packs = [
        unpacked(cache, "gcc-14-base", documented("gcc-14-base")),
        unpacked(cache, "links-only", [link("/usr/lib/liby.so", "libx.so")]),
    ]
    tree = select(packs, default_cuts()).tree
    assert set(contents(status_nodes(tree, packs))) == {"links-only", "links-only.md5sums"}


def test_paths_are_those_of_the_merged_usr(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/lib/libx.so.1", b"library")])
    tree = select([pack], default_cuts()).tree
    found = contents(status_nodes(tree, [pack]))["x.md5sums"]
    assert found == f"{md5(b'library')}  usr/lib/libx.so.1\n"


def test_wrong_checksums_of_the_package_are_not_repeated_for_other_contents(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/etc/a", b"a")])
    (node,) = [node for node in select([pack], default_cuts()).tree if node.path == "/etc/a"]
    changed = msgspec.structs.replace(node, blob=generated_file("/etc/a", b"changed", "").blob)
    found = contents(status_nodes(Tree([changed]), [pack]))["x.md5sums"]
    assert found == f"{md5(b'changed')}  etc/a\n"


@pytest.mark.parametrize(
    ("status", "told"),
    [("install ok installed", False), ("deinstall ok config-files", True), ("", True)],
)
def test_a_package_that_was_removed_is_installed_again(
    cache: Cache, status: str, told: bool
) -> None:
    pack = unpacked(cache, "x", [*documented("x"), file("/usr/bin/x", b"program")])
    other = "Package: y\nStatus: install ok installed\nVersion: 2\n"
    before = f"{other}\nPackage: x\nStatus: {status}\nVersion: 0\n" if status else other
    tree = select([pack], default_cuts()).tree
    tree = tree.with_nodes([generated_file(STATUS, before.encode(), "base")])
    nodes = {node.path: node for node in status_file_nodes(tree, [pack])}
    blob = nodes[STATUS].blob
    assert blob is not None
    text = blob.read().decode()
    assert text.startswith(other)
    assert text.count("Package: x\n") == 1
    assert ("Version: 0\n" not in text) is told
    assert text.count("install ok installed") == 2


SYFT = Path(sys.executable).with_name("syft")


@pytest.mark.skipif(not SYFT.exists() and shutil.which("syft") is None, reason="needs syft")
def test_syft_sees_exactly_the_packages(tmp_path: Path, cache: Cache) -> None:
    packs = [
        unpacked(cache, "liba1", [*documented("liba1"), file("/usr/lib/liba.so.1", b"a")],
                 Multi_Arch="same", Source="a (2.0-1)"),
        unpacked(cache, "b", [*documented("b"), file("/usr/bin/b", b"b")], Version="1:2-3"),
        unpacked(cache, "gcc-14-base", documented("gcc-14-base")),
    ]  # fmt: skip
    tree = select(packs, default_cuts()).tree
    root = tmp_path / "root"
    for node in tree.with_nodes(status_nodes(tree, packs)):
        if node.blob is not None:
            path = root / node.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(node.blob.read())
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=13\n")
    command = str(SYFT) if SYFT.exists() else "syft"
    run = subprocess.run(
        [command, "-q", f"dir:{root}", "-o", "json"],
        capture_output=True,
        check=True,
        env={"SYFT_CHECK_FOR_APP_UPDATE": "false", "HOME": str(tmp_path), "PATH": "/usr/bin"},
    )
    seen = {
        (found["name"], found["version"], len(found["metadata"]["files"]))
        for found in json.loads(run.stdout)["artifacts"]
    }
    assert seen == {("liba1", "1.0-1", 2), ("b", "1:2-3", 2)}
