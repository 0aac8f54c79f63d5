"""Whose files are, where no package claims them, and whether they are what packages say."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from distil.model.inventory import Answer, Attribution, Inventory, InventoryFile, State
from distil.model.node import Node, symlink
from tests.support.catalogued import ORIGIN, by_path, catalogued
from tests.support.nodes import file

STATUS = """Package: {name}
Status: install ok installed
Version: 1
Architecture: amd64

"""


def status(*names: str) -> Node:
    return file("/var/lib/dpkg/status", "".join(STATUS.format(name=one) for one in names).encode())


def md5sums(package: str, *nodes: Node) -> Node:
    lines = (
        f"{hashlib.md5(node.blob.read(), usedforsecurity=False).hexdigest()}  {node.path[1:]}\n"
        for node in nodes
        if node.blob is not None
    )
    return file(f"/var/lib/dpkg/info/{package}.md5sums", "".join(lines).encode())


def owner(found: Inventory, one: InventoryFile) -> list[str]:
    return [found.components[position].name for position in one.owners]


def test_what_is_made_from_an_owned_source_is_its_owners(tmp_path: Path) -> None:
    source = file("/usr/lib/python3/a.py", b"a")
    found = catalogued(
        tmp_path,
        status("a"),
        source,
        md5sums("a", source),
        file("/usr/lib/python3/__pycache__/a.cpython-311.pyc", b"code"),
        file("/usr/lib/python3/__pycache__/b.cpython-311.pyc", b"without source"),
        file("/app/c.py", b"owned by nobody"),
        file("/app/__pycache__/c.cpython-311.pyc", b"code"),
    )
    files = by_path(found)
    made = files["/usr/lib/python3/__pycache__/a.cpython-311.pyc"]
    assert made.attribution is Attribution.GENERATED
    assert made.rule == "byte code of /usr/lib/python3/a.py"
    assert owner(found, made) == ["a"]
    for path in ("/usr/lib/python3/__pycache__/b.cpython-311.pyc", "/app/c.py"):
        assert files[path].attribution is Attribution.UNOWNED
    assert files["/app/__pycache__/c.cpython-311.pyc"].attribution is Attribution.UNOWNED


def test_scripts_of_packages_are_theirs_only_while_they_are_installed(tmp_path: Path) -> None:
    found = catalogued(
        tmp_path,
        status("a"),
        file("/var/lib/dpkg/info/a.postinst", b"#!/bin/sh\n", mode=0o755),
        file("/var/lib/dpkg/info/b.postinst", b"#!/bin/sh\n", mode=0o755),
    )
    files = by_path(found)
    assert owner(found, files["/var/lib/dpkg/info/a.postinst"]) == ["a"]
    assert files["/var/lib/dpkg/info/a.postinst"].attribution is Attribution.GENERATED
    assert files["/var/lib/dpkg/info/b.postinst"].attribution is Attribution.UNOWNED


@pytest.mark.parametrize(("content", "state"), [(b"a", State.VERIFIED), (b"b", State.UNCHECKED)])
def test_copies_are_verified_by_their_originals(
    tmp_path: Path, content: bytes, state: State
) -> None:
    original = file("/usr/share/base-files/profile", b"a")
    found = catalogued(
        tmp_path,
        status("base-files"),
        original,
        md5sums("base-files", original),
        file("/etc/profile", content),
    )
    profile = by_path(found)["/etc/profile"]
    assert (profile.attribution, profile.state) == (Attribution.GENERATED, state)
    assert owner(found, profile) == ["base-files"]


def test_links_of_alternatives_are_made_and_programs_in_their_place_are_not(
    tmp_path: Path,
) -> None:
    record = b"auto\n/usr/bin/pager\n\n/bin/more\n50\n\n"
    found = catalogued(
        tmp_path,
        status("a"),
        file("/var/lib/dpkg/alternatives/pager", record),
        file("/var/lib/dpkg/alternatives/other", b"auto\n/usr/bin/other\n\n/bin/more\n50\n\n"),
        file("/usr/bin/pager", b"\x7fELF mine", mode=0o755),
        symlink("/usr/bin/other", "/bin/more", ORIGIN),
        symlink("/etc/alternatives/pager", "/bin/more", ORIGIN),
    )
    files = by_path(found)
    assert files["/usr/bin/pager"].attribution is Attribution.UNOWNED
    assert files["/usr/bin/other"].rule == "update-alternatives"
    assert files["/etc/alternatives/pager"].rule == "update-alternatives"


def test_a_link_to_a_file_is_its_packages_where_no_list_would_tell(tmp_path: Path) -> None:
    library = file("/usr/lib/liba.so.1.0", b"library")
    links = (
        symlink("/usr/lib/liba.so.1", "liba.so.1.0", ORIGIN),
        symlink("/usr/lib/nowhere", "gone", ORIGIN),
        symlink("/usr/lib/round", "round", ORIGIN),
    )
    sums = md5sums("a", library)
    beside = file("/var/lib/dpkg/status.d/a.md5sums", sums.blob.read() if sums.blob else b"")
    alone = file("/var/lib/dpkg/status.d/a", b"Package: a\nVersion: 1\nArchitecture: amd64\n")
    found = catalogued(tmp_path / "1", library, *links, alone, beside)
    files = by_path(found)
    assert files["/usr/lib/liba.so.1"].rule == "link to /usr/lib/liba.so.1.0"
    assert owner(found, files["/usr/lib/liba.so.1"]) == ["a"]
    for path in ("/usr/lib/nowhere", "/usr/lib/round"):
        assert files[path].attribution is Attribution.UNOWNED
    listed = by_path(catalogued(tmp_path / "2", library, *links, status("a"), sums))
    assert listed["/usr/lib/liba.so.1"].attribution is Attribution.UNOWNED


@pytest.mark.parametrize(
    ("script", "attribution"),
    [
        (b"#!/bin/sh\nexit 101\n", Attribution.GENERATED),
        (b"#!/bin/sh\nexit 0\n", Attribution.UNOWNED),
    ],
)
def test_a_script_that_is_made_is_known_by_its_contents(
    tmp_path: Path, script: bytes, attribution: Attribution
) -> None:
    found = catalogued(tmp_path, file("/usr/sbin/policy-rc.d", script, mode=0o755))
    assert by_path(found)["/usr/sbin/policy-rc.d"].attribution is attribution


def test_an_image_of_which_nothing_is_known_is_no_success(tmp_path: Path) -> None:
    found = catalogued(tmp_path, file("/etc/hostname", b"a\n"))
    assert found.verdict is not None
    assert found.verdict.answer is Answer.UNKNOWN


def test_a_checksum_of_somebody_else_does_not_hide_a_changed_file(tmp_path: Path) -> None:
    changed = file("/usr/bin/a", b"changed", mode=0o755)
    digest = hashlib.sha256(b"changed").digest()
    sha256 = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    info = "/usr/lib/python3/dist-packages/evil-1.dist-info"
    found = catalogued(
        tmp_path,
        status("a"),
        md5sums("a", file("/usr/bin/a", b"as it was")),
        changed,
        file(f"{info}/METADATA", b"Metadata-Version: 2.1\nName: evil\nVersion: 1\n"),
        file(f"{info}/RECORD", f"../../../bin/a,sha256={sha256},7\n".encode()),
    )
    assert by_path(found)["/usr/bin/a"].state is State.MODIFIED
    modified = {one.name: one.modified for one in found.components}
    assert modified["a"] == ("/usr/bin/a",)


def test_what_is_made_in_another_root_is_made_by_the_packages_there(tmp_path: Path) -> None:
    found = catalogued(
        tmp_path,
        file("/srv/r/var/lib/dpkg/status", STATUS.format(name="libc-bin").encode()),
        file("/srv/r/etc/ld.so.cache", b"cache"),
        file("/srv/r/var/lib/dpkg/info/libc-bin.postinst", b"#!/bin/sh\n"),
        file("/srv/other/etc/ld.so.cache", b"cache"),
    )
    files = by_path(found)
    for path in ("/srv/r/etc/ld.so.cache", "/srv/r/var/lib/dpkg/info/libc-bin.postinst"):
        assert files[path].attribution is Attribution.GENERATED
        assert owner(found, files[path]) == ["libc-bin"]
    assert files["/srv/other/etc/ld.so.cache"].attribution is Attribution.UNOWNED


@pytest.mark.parametrize(
    ("target", "state"), [("../lib/a", State.VERIFIED), ("/tmp/mine", State.MODIFIED)]
)
def test_links_are_checked_where_a_package_says_what_they_lead_to(
    tmp_path: Path, target: str, state: State
) -> None:
    checksum = base64.b64encode(hashlib.sha1(b"../lib/a").digest()).decode()
    found = catalogued(
        tmp_path,
        file(
            "/lib/apk/db/installed",
            f"P:a\nV:1\nA:x86_64\nF:usr/bin\nR:a\nZ:Q1{checksum}\n\n".encode(),
        ),
        symlink("/usr/bin/a", target, ORIGIN),
    )
    assert by_path(found)["/usr/bin/a"].state is state


def test_a_package_for_two_architectures_has_its_licences_twice(tmp_path: Path) -> None:
    text = STATUS.format(name="a") + STATUS.format(name="a").replace("amd64", "i386")
    found = catalogued(
        tmp_path,
        file("/var/lib/dpkg/status", text.encode()),
        file("/usr/share/doc/a/copyright", b"/usr/share/common-licenses/GPL-2"),
    )
    assert [one.architecture for one in found.components] == ["amd64", "i386"]
    assert [one.licenses for one in found.components] == [("GPL-2.0-only",)] * 2


def test_licences_are_found_through_links_of_the_documentation(tmp_path: Path) -> None:
    found = catalogued(
        tmp_path,
        status("base", "one", "two", "three", "loop"),
        file("/usr/share/doc/base/copyright", b"/usr/share/common-licenses/GPL-2"),
        symlink("/usr/share/doc/one", "base", ORIGIN),
        symlink("/usr/share/doc/two/copyright", "../one/copyright", ORIGIN),
        symlink("/usr/share/doc/three", "/tmp", ORIGIN),
        symlink("/usr/share/doc/loop", "loop", ORIGIN),
    )
    licenses = {one.name: one.licenses for one in found.components}
    assert licenses["base"] == licenses["one"] == licenses["two"] == ("GPL-2.0-only",)
    assert licenses["three"] == licenses["loop"] == ()


def test_the_release_is_that_of_the_file_that_counts_most(tmp_path: Path) -> None:
    found = catalogued(
        tmp_path,
        file("/bin/busybox", b"\x7fELF BusyBox v1.36.1", mode=0o755),
        file("/etc/alpine-release", b"3.20.1\n"),
    )
    assert found.release is not None
    assert (found.release.id, found.release.path) == ("alpine", "/etc/alpine-release")
