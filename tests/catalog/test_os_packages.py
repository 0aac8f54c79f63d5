"""Files of packages of apk, rpm and pacman, compared with what their databases say."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

import pytest

from distil.catalog.formats import rpm_header as tags
from distil.model.inventory import Attribution, Inventory, Link, State
from distil.model.node import Node, symlink
from tests.catalog.test_attribute import owner
from tests.support.catalogued import ORIGIN, by_path, catalogued
from tests.support.nodes import file
from tests.support.rpm_databases import header, sqlite_database

TOOL, CONF, LIBRARY = b"tool", b"conf", b"library"


def q1(content: bytes) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(content).digest()).decode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def with_apk() -> list[Node]:
    database = f"""P:tool
V:1-r0
A:x86_64
D:so:lib.so.1
F:usr/bin
R:tool
Z:{q1(TOOL)}
R:link
Z:{q1(b"tool")}
R:gone
Z:{q1(b"gone")}
F:etc
R:tool.conf
Z:{q1(CONF)}

P:library
V:2-r0
A:x86_64
p:so:lib.so.1=1
F:usr/lib
R:lib.so.1
Z:{q1(LIBRARY)}
"""
    return [
        file("/etc/os-release", b"ID=alpine\nVERSION_ID=3.20.1\n"),
        file("/lib/apk/db/installed", database.encode()),
    ]


def with_rpm() -> list[Node]:
    tool = header(
        {
            tags.NAME: "tool",
            tags.VERSION: "1",
            tags.RELEASE: "r0",
            tags.ARCH: "x86_64",
            tags.REQUIRE_NAMES: ["lib.so.1"],
            tags.DIRECTORY_NAMES: ["/usr/bin/", "/etc/"],
            tags.DIRECTORY_INDEXES: [0, 0, 0, 1],
            tags.BASE_NAMES: ["tool", "link", "gone", "tool.conf"],
            tags.FILE_MODES: [0o100755, 0o120777, 0o100644, 0o100644],
            tags.FILE_FLAGS: [0, 0, 0, 1],
            tags.FILE_DIGESTS: [sha256(TOOL), "", sha256(b"gone"), sha256(CONF)],
            tags.FILE_LINKS: ["", "tool", "", ""],
            tags.DIGEST_ALGORITHM: 8,
        }
    )
    library = header(
        {
            tags.NAME: "library",
            tags.VERSION: "2",
            tags.RELEASE: "r0",
            tags.ARCH: "x86_64",
            tags.PROVIDE_NAMES: ["lib.so.1"],
            tags.DIRECTORY_NAMES: ["/usr/lib/"],
            tags.DIRECTORY_INDEXES: [0],
            tags.BASE_NAMES: ["lib.so.1"],
            tags.FILE_DIGESTS: [sha256(LIBRARY)],
            tags.DIGEST_ALGORITHM: 8,
        }
    )
    return [
        file("/etc/os-release", b"ID=alpine\nVERSION_ID=3.20.1\n"),
        file("/var/lib/rpm/rpmdb.sqlite", sqlite_database([tool, library])),
    ]


def with_pacman() -> list[Node]:
    local = "/var/lib/pacman/local"
    desc = "%NAME%\n{}\n\n%VERSION%\n{}-r0\n\n%ARCH%\nx86_64\n\n%{}%\nlib.so.1\n"
    conf = hashlib.md5(CONF).hexdigest()
    tree = f"""#mtree
./usr/bin/tool sha256digest={sha256(TOOL)}
./usr/bin/link type=link link=tool
./usr/bin/gone sha256digest={sha256(b"gone")}
./etc/tool.conf sha256digest={sha256(CONF)}
"""
    library = f"#mtree\n./usr/lib/lib.so.1 sha256digest={sha256(LIBRARY)}\n"
    listed = f"%FILES%\nusr/\nusr/bin/tool\netc/tool.conf\n\n%BACKUP%\netc/tool.conf\t{conf}\n"
    return [
        file("/etc/os-release", b"ID=alpine\nVERSION_ID=3.20.1\n"),
        file(f"{local}/tool-1-r0/desc", desc.format("tool", 1, "DEPENDS").encode()),
        file(f"{local}/tool-1-r0/files", listed.encode()),
        file(f"{local}/tool-1-r0/mtree", gzip.compress(tree.encode())),
        file(f"{local}/library-2-r0/desc", desc.format("library", 2, "PROVIDES").encode()),
        file(f"{local}/library-2-r0/mtree", gzip.compress(library.encode())),
    ]


SYSTEMS = {"apk": with_apk, "rpm": with_rpm, "alpm": with_pacman}


def image(tmp_path: Path, kind: str, *changed: Node) -> Inventory:
    nodes = {
        node.path: node
        for node in (
            *SYSTEMS[kind](),
            file("/usr/bin/tool", TOOL, mode=0o755),
            symlink("/usr/bin/link", "tool", ORIGIN),
            file("/usr/lib/lib.so.1", LIBRARY),
            file("/etc/tool.conf", CONF),
            *changed,
        )
    }
    return catalogued(tmp_path, *nodes.values())


@pytest.mark.parametrize("kind", SYSTEMS)
def test_every_file_is_its_packages_and_verified(tmp_path: Path, kind: str) -> None:
    found = image(tmp_path, kind)
    library, tool = found.components
    assert [(one.kind, one.name, one.version) for one in found.components] == [
        (kind, "library", "2-r0"),
        (kind, "tool", "1-r0"),
    ]
    assert tool.purl == f"pkg:{kind}/alpine/tool@1-r0?arch=x86_64&distro=alpine-3.20.1"
    assert (tool.claimed, tool.present, tool.modified) == (4, 3, ())
    assert (library.claimed, library.present) == (1, 1)
    assert [(one.subject, one.link, one.object) for one in found.relations] == [
        (tool.ref, Link.NEEDS, library.ref)
    ]
    files = by_path(found)
    for path in ("/usr/bin/tool", "/usr/bin/link", "/etc/tool.conf", "/usr/lib/lib.so.1"):
        one = files[path]
        assert (one.attribution, one.state) == (Attribution.PACKAGE, State.VERIFIED), path
    assert owner(found, files["/usr/lib/lib.so.1"]) == ["library"]
    assert {one.path for one in found.files if one.attribution is Attribution.UNOWNED} == {
        "/etc/os-release"
    }


@pytest.mark.parametrize("kind", SYSTEMS)
@pytest.mark.parametrize(
    ("changed", "state"),
    [
        (file("/usr/bin/tool", b"other"), State.MODIFIED),
        (file("/etc/tool.conf", b"mine"), State.CONFIGURED),
        (symlink("/usr/bin/link", "other", ORIGIN), State.MODIFIED),
        (file("/usr/bin/link", b"no link"), State.MODIFIED),
        (symlink("/usr/bin/tool", "/tmp/other", ORIGIN), State.MODIFIED),
    ],
    ids=["file", "configuration", "link", "link that became a file", "file that became a link"],
)
def test_what_was_changed_is_told(tmp_path: Path, kind: str, changed: Node, state: State) -> None:
    found = image(tmp_path, kind, changed)
    one = by_path(found)[changed.path]
    assert (one.attribution, one.state) == (Attribution.PACKAGE, state)
    assert found.components[1].modified == (changed.path,)


def test_what_a_package_makes_is_its_whatever_installed_it(tmp_path: Path) -> None:
    database = file("/lib/apk/db/installed", b"P:busybox\nV:1\nF:bin\nR:busybox\n")
    found = catalogued(
        tmp_path,
        database,
        file("/bin/busybox", b"busybox"),
        symlink("/bin/ls", "/bin/busybox", ORIGIN),
    )
    made = by_path(found)["/bin/ls"]
    assert (made.attribution, owner(found, made)) == (Attribution.GENERATED, ["busybox"])
