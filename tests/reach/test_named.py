"""What an application's own files name, and where a tree has it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from distil.formats.elf import parse_elf
from distil.model import mention as kinds
from distil.model.digest import Digest
from distil.model.mention import Mention
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.named import Lookup, names_of, program_paths, sought_name
from distil.reach.shells import shell_starters
from distil.runtimes.python.mentions import mentions_of
from tests.support.elf_builder import Elf
from tests.support.nodes import file, special

PATH = ("/usr/local/bin", "/usr/bin")
CODE = b"import os\nos.execlp('tool', 'tool')\n"


def program(path: str, data: bytes = b"\x7fELF") -> Node:
    return file(path, data, mode=0o755)


def packaged(path: str, data: bytes) -> Node:
    return replace(program(path, data), origin=PackageOrigin("pkg:deb/debian/p@1", Digest.of(b"")))


TREE = Tree(
    [
        special("/usr", Kind.DIRECTORY),
        program("/usr/bin/tool"),
        file("/usr/bin/data"),
        program("/usr/bin/orphan", b"#!/bin/sh\n"),
        special("/usr/bin/linked", Kind.SYMLINK, target="tool"),
        program("/app/run.sh", b"#!/usr/bin/tool\n"),
        file("/usr/lib/x86_64-linux-gnu/libmagic.so.1"),
        file("/usr/lib/locale/de_DE.utf8/LC_CTYPE"),
        special("/usr/lib/locale/de_DE.utf8", Kind.DIRECTORY),
        file("/usr/share/zoneinfo/Europe/Berlin"),
        file("/usr/local/lib/python3.13/dist-packages/tzdata/zoneinfo/US/Eastern"),
    ]
)


@pytest.mark.parametrize(
    ("kind", "name", "there"),
    [
        (kinds.PROGRAM, "tool", True),
        (kinds.PROBE, "tool", True),
        (kinds.PROGRAM, "linked", True),
        (kinds.PROGRAM, "/usr/bin/tool", True),
        (kinds.PROGRAM, "./run.sh", True),
        (kinds.PROGRAM, "data", False),
        (kinds.PROGRAM, "orphan", False),
        (kinds.PROGRAM, "other", False),
        (kinds.SHELL, "/bin/sh", False),
        (kinds.LIBRARY, "libmagic.so.1", True),
        (kinds.LIBRARY, "/usr/lib/x86_64-linux-gnu/libmagic.so.1", True),
        (kinds.LIBRARY, "libmagic.so", False),
        (kinds.SEARCHED, "magic", True),
        (kinds.SEARCHED, "mag", False),
        (kinds.LOCALE, "de_DE.UTF-8", True),
        (kinds.LOCALE, "de_DE.utf8", True),
        (kinds.LOCALE, "C.UTF-8", True),
        (kinds.LOCALE, "", True),
        (kinds.LOCALE, "fr_FR.UTF-8", False),
        (kinds.LOCALE, "de_DE", False),
        (kinds.ZONE, "Europe/Berlin", True),
        (kinds.ZONE, "US/Eastern", True),
        (kinds.ZONE, "US/Pacific", False),
    ],
)
def test_what_a_tree_has(kind: str, name: str, there: bool) -> None:
    assert Lookup(TREE, PATH, "/app").has(Mention(kind, name, 1)) is there


@pytest.mark.parametrize(
    ("kind", "name", "sought"),
    [
        (kinds.PROGRAM, "git", "git"),
        (kinds.PROGRAM, "/usr/bin/git", "git"),
        (kinds.SHELL, "/bin/sh", "sh"),
        (kinds.PROGRAM, "/opt/tool/run", ""),
        (kinds.PROGRAM, "./run.sh", ""),
        (kinds.PROGRAM, "two words", ""),
        (kinds.LIBRARY, "libz.so.1", "libz.so.1"),
        (kinds.LIBRARY, "/usr/lib/x86_64-linux-gnu/libz.so.1", "libz.so.1"),
        (kinds.LIBRARY, "/opt/libz.so", ""),
        (kinds.LIBRARY, "kernel32.dll", ""),
        (kinds.LIBRARY, "libz.dylib", ""),
        (kinds.LOCALE, "de_DE.UTF-8", "de_DE.utf8"),
        (kinds.LOCALE, "de_DE.ISO8859-15@euro", "de_DE.iso885915@euro"),
        (kinds.LOCALE, "de_DE", "de_DE"),
        (kinds.LOCALE, "German_Germany.1252", ""),
        (kinds.ZONE, "US/Eastern", "US/Eastern"),
        (kinds.ZONE, "../../etc/passwd", ""),
    ],
)
def test_what_a_package_would_have_to_have(kind: str, name: str, sought: str) -> None:
    assert sought_name(Mention(kind, name, 1)) == sought


def test_which_files_are_read() -> None:
    nodes = [
        file("/app/main.py", CODE),
        file("/app/tests/test_main.py", CODE),
        file("/app/setup.py", CODE),
        file("/app/notes.txt", CODE),
        program("/app/job", b"#!/usr/bin/python3\n" + CODE),
        file("/app/job.bak", b"#!/usr/bin/python3\n" + CODE),
        file(
            "/etc/nsswitch.conf",
            b"# services: x\npasswd: files sss\nhosts: files mdns4 [NOTFOUND=return] dns\n",
        ),
    ]
    found = names_of(nodes, mentions_of, {"TZ": "US/Eastern", "HOME": "/"})
    assert [(one.place, one.mention.name) for one in found] == [
        ("/app/job:3", "tool"),
        ("/app/main.py:2", "tool"),
        ("/etc/nsswitch.conf:3", "libnss_mdns4.so.2"),
        ("/etc/nsswitch.conf:2", "libnss_sss.so.2"),
        ("the environment", "US/Eastern"),
    ]
    lookup = Lookup(TREE, PATH, "/app")
    assert {path for path, _ in program_paths(found, lookup)} == {"/usr/bin/tool"}


def test_programs_that_start_a_shell() -> None:
    plain = Elf(interpreter="/lib64/ld-linux-x86-64.so.2", flags_1=0x08000000).build()
    tree = Tree(
        [
            packaged("/usr/bin/plain", plain),
            packaged("/usr/bin/shells", plain + b"\0/bin/sh\0"),
            packaged("/usr/bin/script", b"#!/bin/sh\n"),
            packaged("/usr/bin/python", b"#!/usr/bin/python3\n"),
            packaged("/usr/share/text", b"#!/bin/sh\n"),
            program("/opt/own", b"#!/bin/sh\n"),
            packaged(
                "/usr/lib/libsystem.so.1", Elf(soname="libsystem.so.1").build() + b"\0/bin/sh\0"
            ),
        ]
    )
    elf = {node.blob.digest: parse_elf(node.blob.read()) for node in tree if node.blob}
    paths = [*tree.paths(), "/not/there"]
    starters = [node.path for node in shell_starters(tree, elf, (), paths)]
    assert starters == ["/usr/bin/script", "/usr/bin/shells", "/usr/share/text"]
    assert shell_starters(tree, elf, (), ()) == []
