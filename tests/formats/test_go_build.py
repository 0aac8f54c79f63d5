"""Build information of Go programs: both forms, and hostile ones."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_build import GoBuild, GoModule, read_go_build
from tests.support.elf_builder import Elf
from tests.support.go_program import FRAME, MODULES, GoProgram, varint

SHAPES = [(64, True), (64, False), (32, True), (32, False)]


def read(program: GoProgram) -> GoBuild | None:
    return read_go_build(ElfImage(program.build()))


def read_modules(modules: str) -> GoBuild:
    found = read(GoProgram(modules=modules))
    assert found is not None
    return found


@pytest.mark.parametrize("section_headers", [True, False])
@pytest.mark.parametrize("inlined", [True, False])
@pytest.mark.parametrize(("elf_class", "little_endian"), SHAPES)
def test_every_form(
    elf_class: int, little_endian: bool, inlined: bool, section_headers: bool
) -> None:
    elf = Elf(elf_class, little_endian, kind=2, dynamic=False, section_headers=section_headers)
    found = read(GoProgram(inlined=inlined, elf=elf))
    assert found == GoBuild(
        version="go1.24.4",
        path="example.org/api/cmd/api",
        main=GoModule("example.org/api", "v1.2.3", "h1:main="),
        dependencies=(
            GoModule("example.org/one", "v0.1.0", "h1:one="),
            GoModule(
                "example.org/two",
                "v2.0.0",
                replaced_by=GoModule("example.org/fork", "v2.0.1", "h1:fork="),
            ),
        ),
        settings={
            "-compiler": "gc",
            "-ldflags": "-s -w",
            "CGO_ENABLED": "0",
            "GOOS": "linux",
            "vcs.revision": "0123abcd",
        },
    )
    assert found.cgo is False
    assert [one.used.path for one in found.dependencies] == ["example.org/one", "example.org/fork"]


def test_a_program_that_is_not_built_from_a_module() -> None:
    found = read(GoProgram(modules=""))
    assert found == GoBuild("go1.24.4")
    assert found.cgo is None


def test_other_programs_have_none() -> None:
    assert read_go_build(ElfImage(Elf().build())) is None
    magic = Elf(sections={".rodata": (b"x\xff Go buildinf:\x08\x02").ljust(64, b"\1")})
    assert read_go_build(ElfImage(magic.build())) is None
    assert read(GoProgram(version="")) is None


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("go1.24.4", "1.24.4"),
        ("go1.25rc1 X:nocoverageredesign", "1.25rc1"),
        ("go1.27", "1.27"),
        ("devel go1.20-ffe423c", ""),
    ],
)
def test_release(version: str, release: str) -> None:
    assert GoBuild(version).release == release


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("-tags=netgo", {"-tags": "netgo"}),
        ("CGO_CFLAGS=", {"CGO_CFLAGS": ""}),
        ('"a key"=`raw \\n`', {"a key": "raw \\n"}),
        (r'-ldflags="-X main.a=\"b\tc\" \u00e9\xc3\xa9\101"', {"-ldflags": '-X main.a="b\tc" ééA'}),
    ],
)
def test_settings(line: str, settings: dict[str, str]) -> None:
    assert read_modules(f"path\tx\nbuild\t{line}\n").settings == settings


@pytest.mark.parametrize(
    "lines",
    [
        "mod\talone",
        "dep\ta\tb\tc\td",
        "=>\ta\tb\tc",
        "build\t=x",
        "build\tx",
        'build\tx="y',
        "build\t",
    ],
)
def test_what_go_refuses_is_refused(lines: str) -> None:
    with pytest.raises(MalformedElf):
        read_modules(lines + "\n")


@pytest.mark.parametrize("kind", ["dep\tm{}\tv1", "build\tk{}=v"])
def test_number_of_lines_is_bounded(kind: str) -> None:
    with pytest.raises(MalformedElf, match="more than 16384"):
        read_modules("".join(kind.format(i) + "\n" for i in range(16_386)))


@pytest.mark.parametrize("inlined", [True, False])
def test_no_truncation_is_read_otherwise(inlined: bool) -> None:
    whole = GoProgram(inlined=inlined, elf=Elf(kind=2, dynamic=False, section_headers=False))
    data = whole.build()
    expected = read(whole)
    for size in range(0, len(data), 7):
        try:
            found = read_go_build(ElfImage(data[:size]))
        except MalformedElf:
            continue
        assert found in (None, expected, GoBuild("go1.24.4"))


@pytest.mark.parametrize("count", [varint(1 << 30), b"\xff" * 9, b"\x80" * 5])
def test_impossible_lengths(count: bytes) -> None:
    head = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    with pytest.raises(MalformedElf, match="does not end"):
        read_go_build(ElfImage(Elf(sections={".go.buildinfo": head + count}).build()))


def test_length_of_a_pointed_string_is_bounded() -> None:
    program = GoProgram(inlined=False, modules=MODULES)
    data = bytearray(program.build())
    size = len(FRAME[0]) + len(MODULES.encode()) + len(FRAME[1])
    at = data.index(program.pointers(size))
    data[at : at + 8] = program.pointers(1 << 40)
    with pytest.raises(MalformedElf, match="does not end"):
        read_go_build(ElfImage(bytes(data)))


def test_impossible_pointer_size() -> None:
    data = GoProgram(inlined=False).build().replace(b"buildinf:\x08", b"buildinf:\x07")
    with pytest.raises(MalformedElf, match="pointer size"):
        read_go_build(ElfImage(data))


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_can_be_read(noise: bytes, inlined: bool) -> None:
    head = b"\xff Go buildinf:\x08" + (b"\x02" if inlined else b"\0")
    with contextlib.suppress(MalformedElf):
        read_go_build(ElfImage(Elf(sections={".go.buildinfo": head + noise}).build()))


@given(st.text(max_size=200))
def test_any_text_can_be_parsed(text: str) -> None:
    with contextlib.suppress(MalformedElf):
        read(replace(GoProgram(), modules=f"build\t{text}\n"))
