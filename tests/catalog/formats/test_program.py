"""ELF files: Go modules, Rust crates, package notes."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.facts import Claim, Facts, Stated, Unreadable
from distil.catalog.formats.program import program
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram

PATH = "/usr/bin/api"


def elf(**sections: bytes) -> bytes:
    named = {name.replace("_", ".", 1).replace("_", "-"): data for name, data in sections.items()}
    return Elf(kind=2, dynamic=False, sections=named).build()


def by_name(facts: Facts) -> dict[str, Stated]:
    return {one.component.name: one for one in facts.stated}


def main_of(modules: str, **sections: bytes) -> Stated:
    go = GoProgram(modules=modules)
    go.elf.sections = {name.replace("_", "."): data for name, data in sections.items()}
    return program(PATH, go.build()).stated[0]


def test_modules_of_a_go_program() -> None:
    found = by_name(program(PATH, GoProgram().build()))
    assert {name: one.component.purl for name, one in found.items()} == {
        "example.org/api": "pkg:golang/example.org/api@v1.2.3",
        "example.org/one": "pkg:golang/example.org/one@v0.1.0",
        "example.org/fork": "pkg:golang/example.org/fork@v2.0.1",
        "stdlib": "pkg:golang/stdlib@1.24.4",
    }
    main = found["example.org/api"]
    assert main.claims == (Claim(PATH),)
    assert ("h1", "h1:main=") in main.component.properties
    assert ("vcs.revision", "0123abcd") in main.component.properties
    fork = found["example.org/fork"]
    assert fork.inside in main.keys
    assert fork.component.properties == (("h1", "h1:fork="), ("replaces", "example.org/two@v2.0.0"))
    assert found["stdlib"].component.version == "go1.24.4"
    assert found["stdlib"].component.cpes == ("cpe:2.3:a:golang:go:1.24.4:-:*:*:*:*:*:*",)
    assert not found["stdlib"].claims


@pytest.mark.parametrize(
    ("module", "purl"),
    [
        ("github.com/cli/cli/v2/cmd/gh", "pkg:golang/github.com/cli/cli@v1.0.0#v2/cmd/gh"),
        ("github.com/Azure/x", "pkg:golang/github.com/Azure/x@v1.0.0"),
        ("gopkg.in/yaml.v3", "pkg:golang/gopkg.in/yaml.v3@v1.0.0"),
        ("tool", "pkg:golang/tool@v1.0.0"),
    ],
)
def test_package_urls_of_modules(module: str, purl: str) -> None:
    assert main_of(f"path\tx\nmod\t{module}\tv1.0.0\th1:x=\n").component.purl == purl


def test_a_replacement_by_a_directory_keeps_its_name() -> None:
    modules = "path\tx\nmod\tx\tv1.0.0\ndep\ta.org/b\tv0.3.0\n=>\t./here\t(devel)\t\n"
    module = by_name(program(PATH, GoProgram(modules=modules).build()))["a.org/b"]
    assert module.component.version == "v0.3.0"
    assert module.component.properties == (("replaced-by", "./here"),)


@pytest.mark.parametrize(
    ("settings", "version", "origin"),
    [
        ('build\t-ldflags="-s -X main.version=1.2.3 -w"\n', "v1.2.3", "flags of the linker"),
        (
            'build\t-ldflags="-X a.org/x/build.Version=v2.0.1-rc1"\n',
            "v2.0.1-rc1",
            "flags of the linker",
        ),
        ('build\t-ldflags="-X a.org/x/b.gitTag=rel/v0.4.1"\n', "v0.4.1", "flags of the linker"),
        ('build\t-ldflags="-X b.org/other.Version=9.9.9"\n', "(devel)", ""),
        (
            "build\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2024-03-05T07:09:11+01:00\n",
            "v0.0.0-20240305060911-0123456789ab",
            "revision",
        ),
        (
            "build\tvcs.revision=0123\nbuild\tvcs.time=never\n",
            "v0.0.0-00010101000000-0123",
            "revision",
        ),
        ("build\tvcs.revision=0123\n", "(devel)", ""),
    ],
)
def test_versions_of_what_was_built_from_a_directory(
    settings: str, version: str, origin: str
) -> None:
    component = main_of(f"path\ta.org/x\nmod\ta.org/x\t(devel)\t\n{settings}").component
    assert component.version == version
    assert dict(component.properties).get("version-from", "") == origin


def test_a_version_in_the_data_of_the_program() -> None:
    modules = "path\ta.org/x\nmod\ta.org/x\t(devel)\t\n"
    data = b"1.2\0x1.2.3\0" + bytes(40) + b"\x0020.10.24+dfsg1\0\x009.9.9\0"
    assert main_of(modules, _rodata=data).component.version == "v20.10.24+dfsg1"


def test_a_program_without_a_main_module() -> None:
    path_only = main_of("path\ta.org/x\nbuild\tGOOS=linux\n")
    assert (path_only.component.name, path_only.component.version) == ("a.org/x", "(devel)")
    files = main_of(
        "path\tcommand-line-arguments\nmod\tcommand-line-arguments\t\t\n"
        "dep\ta.org/x\t(devel)\t\ndep\tb.org/y\tv1.0.0\t\n"
    )
    assert files.component.name == "a.org/x"
    [alone] = program(PATH, GoProgram(modules="").build()).stated
    assert alone.component.name == "stdlib"
    assert alone.claims == (Claim(PATH),)


def test_a_go_program_without_build_information_is_told() -> None:
    facts = program(PATH, elf(_gopclntab=bytes(100)))
    assert not facts.stated
    assert "without build information" in facts.remarks[0]


def test_a_packed_program_is_told() -> None:
    packed = bytearray(Elf(kind=2, dynamic=False, section_headers=False).build())
    packed += b"\0UPX!\x0d\x24"
    assert "UPX" in program(PATH, bytes(packed)).remarks[0]


def test_crates_of_a_rust_program() -> None:
    listed = {
        "packages": [
            {"name": "adler", "version": "0.2.3", "source": "registry"},
            {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
            {"name": "memchr", "version": "2.6.0", "source": "crates.io", "dependencies": [0]},
            {
                "name": "app",
                "version": "0.1.0",
                "source": "local",
                "root": True,
                "dependencies": [1, 2, 99],
            },
        ]
    }
    facts = program(PATH, elf(_dep_v0=zlib.compress(json.dumps(listed).encode())))
    found = by_name(facts)
    assert list(found) == ["adler", "memchr", "app"]
    assert found["memchr"].component.purl == "pkg:cargo/memchr@2.6.0"
    assert found["app"].claims == (Claim(PATH),)
    assert found["memchr"].inside in found["app"].keys
    assert found["memchr"].needs == (found["adler"].keys[0],)
    assert found["app"].needs == (found["memchr"].keys[0],)
    assert found["adler"].component.properties == (("source", "registry"),)


NOTE = {
    "type": "rpm",
    "name": "fuse",
    "version": "2.9.9-9.fc33",
    "architecture": "x86_64",
    "osCpe": "cpe:/o:fedoraproject:fedora:33",
}


def note(content: object, *, order: str = "<") -> bytes:
    text = json.dumps(content).encode() + b"\0"
    other = struct.pack(f"{order}III", 4, 2, 3) + b"GNU\0" + b"ab\0\0"
    text += bytes(-len(text) % 4)
    return other + struct.pack(f"{order}III", 4, len(text), 0xCAFE1A7E) + b"FDO\0" + text


@pytest.mark.parametrize("section", [note(NOTE), json.dumps(NOTE).encode()])
def test_a_package_note(section: bytes) -> None:
    [stated] = program(PATH, _noted(section)).stated
    component = stated.component
    assert component.kind == "elf"
    assert (component.name, component.version) == ("fuse", "2.9.9-9.fc33")
    assert component.purl == "pkg:rpm/fedora/fuse@2.9.9-9.fc33?distro=fedora-33"
    assert component.architecture == "x86_64"
    assert stated.claims == (Claim(PATH),)


def _noted(section: bytes) -> bytes:
    return Elf(kind=2, dynamic=False, sections={".note.package": section}).build()


@pytest.mark.parametrize(
    ("changes", "purl"),
    [
        (
            {"type": "deb", "os": "debian", "osVersion": "12"},
            "pkg:deb/debian/fuse@2.9.9-9.fc33?distro=debian-12",
        ),
        ({"type": "deb", "os": "Debian", "osCpe": ""}, "pkg:deb/debian/fuse@2.9.9-9.fc33"),
        ({"type": "nix", "osCpe": "", "system": "x"}, "pkg:generic/x/fuse@2.9.9-9.fc33"),
        ({"purl": "pkg:generic/said@1"}, "pkg:generic/said@1"),
        (
            {"osCpe": "cpe:2.3:o:fedoraproject:fedora:40:*:*:*:*:*:*:*"},
            "pkg:rpm/fedora/fuse@2.9.9-9.fc33?distro=fedora-40",
        ),
        ({"osCpe": "nonsense"}, "pkg:rpm/fuse@2.9.9-9.fc33"),
        ({"osCpe": "", "purl": "pkg:generic/a@1\npkg:deb/b@2"}, "pkg:rpm/fuse@2.9.9-9.fc33"),
    ],
)
def test_package_urls_of_notes(changes: dict[str, str], purl: str) -> None:
    [stated] = program(PATH, _noted(note(NOTE | changes))).stated
    assert stated.component.purl == purl


def test_a_big_endian_note() -> None:
    image = Elf(
        kind=2,
        dynamic=False,
        little_endian=False,
        sections={".note.package": note(NOTE, order=">")},
    )
    assert program(PATH, image.build()).stated[0].component.name == "fuse"


@pytest.mark.parametrize(
    "section",
    [
        b"",
        b"nonsense",
        note([1]),
        note({"name": 3}),
        note({}),
        b"{}" * 40000,
        b'{"a":' + b"[" * 60_000,
    ],
)
def test_a_note_that_says_nothing_is_a_remark(section: bytes) -> None:
    facts = program(PATH, _noted(section))
    assert not facts.stated
    assert facts.remarks


def test_one_bad_section_leaves_the_others() -> None:
    go = GoProgram()
    go.elf.sections = {".dep-v0": b"nonsense"}
    facts = program(PATH, go.build())
    assert facts.stated
    assert "list of crates" in facts.remarks[0]


def test_a_file_that_only_begins_like_elf() -> None:
    with pytest.raises(Unreadable):
        program(PATH, b"\x7fELF")


@given(st.binary(), st.integers(0, 4000), st.binary(max_size=64))
def test_any_bytes(tail: bytes, at: int, change: bytes) -> None:
    good = GoProgram().build()
    damaged = good[:at] + change + good[at + len(change) :]
    for content in (b"\x7fELF" + tail, damaged, _noted(tail), elf(_dep_v0=tail)):
        with contextlib.suppress(Unreadable):
            program("/usr/bin/node", content)
