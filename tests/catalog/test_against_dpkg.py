"""What dpkg itself says of a system that it installed, and what the catalogue says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distil.catalog.inventory import inventory
from distil.fetch.cache import Cache
from distil.model.inventory import Attribution, Inventory, State, Subject
from distil.model.node import Node, directory, symlink
from distil.model.origin import GeneratedOrigin
from tests.support.deb_builder import Entry, control_file, deb, file, link
from tests.support.deb_builder import directory as deb_directory
from tests.support.images import layer
from tests.support.nodes import file as file_node
from tests.support.tools import needs, run_tool, tool

ORIGIN = GeneratedOrigin("test")
CONF = b"as shipped\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system with a few packages that dpkg unpacked."""
    root = tmp_path / "root"
    for one in ("info", "updates", "triggers", "alternatives"):
        (root / "var/lib/dpkg" / one).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc").mkdir()
    run_tool("dpkg-divert", *at(root), "--local", "--rename", "--divert", "/bin/b.old", "/bin/b")
    first = deb(
        control_file("one", Depends="two | three, virtual", Source="source (1.0-0)"),
        with_parents(
            [
                file("/usr/bin/a", b"a", 0o755),
                file("/usr/lib/changed", b"1"),
                file("/usr/lib/gone", b"1"),
                file("/etc/kept.conf", CONF),
                file("/etc/changed.conf", CONF),
                file("/etc/gone.conf", CONF),
                file("/bin/b", b"diverted", 0o755),
                link("/usr/bin/c", "a"),
            ]
        ),
        {"conffiles": "/etc/kept.conf\n/etc/changed.conf\n/etc/gone.conf\n"},
    )
    second = deb(
        control_file("two", Multi_Arch="same", Provides="virtual (= 1)"),
        with_parents(
            [file("/usr/lib/x/lib.so.1", b"library"), link("/usr/lib/x/lib.so", "lib.so.1")]
        ),
    )
    third = deb(
        control_file("three", Architecture="all"),
        with_parents([file("/etc/three.conf", CONF)]),
        {"conffiles": "/etc/three.conf\n"},
    )
    for number, archive in enumerate((first, second, third)):
        path = tmp_path / f"{number}.deb"
        path.write_bytes(archive)
        run_tool("dpkg", *at(root), "--force-depends", "--force-not-root", "--install", path)
    run_tool("dpkg", *at(root), "--force-not-root", "--remove", "three")
    (root / "usr/lib/changed").write_bytes(b"2")
    (root / "usr/lib/gone").unlink()
    (root / "etc/changed.conf").write_bytes(b"mine\n")
    (root / "etc/gone.conf").unlink()
    (root / "bin/b").write_bytes(b"in the place of what was diverted")
    return root


def with_parents(entries: list[Entry]) -> list[Entry]:
    parents = {str(path) for one in entries for path in Path(one.path).parents}
    return [*map(deb_directory, sorted(parents)), *entries]


def at(root: Path) -> list[str]:
    return [f"--root={root}"]


def nodes(root: Path) -> list[Node]:
    found = []
    for path in sorted(root.rglob("*")):
        name = f"/{path.relative_to(root)}"
        if path.is_symlink():
            found.append(symlink(name, str(path.readlink()), ORIGIN))
        elif path.is_dir():
            found.append(directory(name, ORIGIN))
        else:
            found.append(file_node(name, path.read_bytes()))
    return found


def catalogued(root: Path, tmp_path: Path) -> Inventory:
    cache = Cache(tmp_path / "cache")
    return inventory(Subject(name="image"), [layer(cache, nodes(root))], cache)


@needs("dpkg")
@needs("dpkg-divert")
def test_the_same_files_are_modified_and_missing_as_dpkg_finds(root: Path, tmp_path: Path) -> None:
    verify = [tool("dpkg"), *at(root), "--verify"]
    told = subprocess.run(verify, capture_output=True, text=True, check=False).stdout
    lines = [line.split() for line in told.splitlines()]
    changed = {line[-1] for line in lines if line[0] != "missing"}
    missing = {line[-1] for line in lines if line[0] == "missing"}
    assert changed == {"/usr/lib/changed", "/etc/changed.conf"}
    assert missing == {"/usr/lib/gone", "/etc/gone.conf"}

    found = catalogued(root, tmp_path)
    one, two = found.components
    assert set(one.modified) == changed
    assert one.claimed - one.present == len(missing)
    assert (one.claimed, two.claimed, two.present) == (7, 1, 1)
    states = {file.path: file.state for file in found.files}
    assert states["/etc/changed.conf"] is State.CONFIGURED
    assert states["/usr/lib/changed"] is State.MODIFIED
    assert states["/etc/kept.conf"] is State.VERIFIED


@needs("dpkg")
@needs("dpkg-query")
def test_the_same_packages_and_owners_as_dpkg_tells(root: Path, tmp_path: Path) -> None:
    form = "${db:Status-Status} ${binary:Package} ${Version} ${source:Package}\\n"
    told = run_tool("dpkg-query", *at(root), "--show", f"--showformat={form}").splitlines()
    assert sorted(told) == [
        "config-files three 1.0-1 three",
        "installed one 1.0-1 source",
        "installed two:amd64 1.0-1 two",
    ]
    found = catalogued(root, tmp_path)
    assert [one.purl for one in found.components] == [
        "pkg:deb/one@1.0-1?arch=amd64&upstream=source%401.0-0",
        "pkg:deb/two@1.0-1?arch=amd64",
    ]
    assert {(one.subject, one.object) for one in found.relations} == {
        (found.components[0].ref, found.components[1].ref)
    }
    files = {one.path: one for one in found.files}
    owners = {
        path: [found.components[owner].name for owner in one.owners]
        for path, one in files.items()
        if one.attribution is Attribution.PACKAGE
    }
    assert owners["/bin/b.old"] == ["one"]
    assert owners["/usr/bin/c"] == ["one"]
    assert owners["/usr/lib/x/lib.so"] == ["two"]
    assert files["/etc/three.conf"].rule.endswith("the removed package three left")
    unowned = {path for path, one in files.items() if one.attribution is Attribution.UNOWNED}
    assert unowned == {"/bin/b"}
