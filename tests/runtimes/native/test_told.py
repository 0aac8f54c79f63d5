"""What finished programs tell of themselves: components, how they are linked, and why so."""

from __future__ import annotations

import json
import zlib

import pytest

from distil.formats.elf import parse_elf
from distil.model.component import BuiltIn, ToldProgram
from distil.runtimes.native.go_program import told_by_go
from distil.runtimes.native.linkage import Linkage, linkage_of, told_by_linker
from distil.runtimes.native.rust_program import told_by_rust
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram

LOADER = "/lib64/ld-linux-x86-64.so.2"
PIE = 0x08000000
GLIBC_NAMES = b"\0libnss_%s.so%s\0"


def linked(**fields: object) -> Elf:
    """A program that the loader starts."""
    return Elf(kind=2, interpreter=LOADER, **fields)  # type: ignore[arg-type]


def go(program: GoProgram) -> ToldProgram | None:
    data = program.build()
    elf = parse_elf(data)
    assert elf is not None
    return told_by_go("/api", data, elf)


def rust(elf: Elf) -> ToldProgram | None:
    data = elf.build()
    parsed = parse_elf(data)
    assert parsed is not None
    return told_by_rust("/cli", data, parsed)


@pytest.mark.parametrize(
    ("elf", "linkage"),
    [
        (Elf(kind=2, dynamic=False), Linkage.STATIC),
        (Elf(kind=2), Linkage.STATIC),
        (Elf(kind=2, needed=("libc.so.6",)), Linkage.DYNAMIC),
        (linked(), Linkage.DYNAMIC),
        (Elf(interpreter=LOADER, flags_1=PIE), Linkage.DYNAMIC),
        (Elf(flags_1=PIE), Linkage.STATIC_PIE),
        (Elf(dynamic=False), Linkage.STATIC_PIE),
        (Elf(), Linkage.LIBRARY),
        (Elf(soname="libc.so.6", interpreter=LOADER), Linkage.LIBRARY),
        (Elf(kind=1, dynamic=False), Linkage.LIBRARY),
    ],
)
def test_linkage(elf: Elf, linkage: Linkage) -> None:
    parsed = parse_elf(elf.build())
    assert parsed is not None
    assert linkage_of(parsed) is linkage


def test_modules_are_components() -> None:
    assert go(GoProgram()) == ToldProgram(
        path="/api",
        what="Go 1.24.4, static",
        components=(
            BuiltIn("example.org/api", "v1.2.3", "pkg:golang/example.org/api@v1.2.3"),
            BuiltIn("example.org/one", "v0.1.0", "pkg:golang/example.org/one@v0.1.0"),
            BuiltIn("example.org/fork", "v2.0.1", "pkg:golang/example.org/fork@v2.0.1"),
            BuiltIn("stdlib", "1.24.4", "pkg:golang/stdlib@1.24.4"),
        ),
    )


def test_what_comes_from_a_directory_keeps_its_name_and_has_no_version() -> None:
    modules = "mod\texample.org/api\t(devel)\t\ndep\texample.org/x\tv1.0.0\n=>\t./x\t(devel)\t\n"
    told = go(GoProgram(modules=modules))
    assert told is not None
    assert told.components[:2] == (
        BuiltIn("example.org/api", "", "pkg:golang/example.org/api"),
        BuiltIn("example.org/x", "", "pkg:golang/example.org/x"),
    )


@pytest.mark.parametrize(
    ("functions", "needed", "why"),
    [
        (
            ("net._C2func_getaddrinfo", "os/user._Cfunc_free"),
            ("libc.so.6", "libresolv.so.2"),
            (
                "net and os/user ask the C library; CGO_ENABLED=0, or -tags netgo,osusergo, "
                "builds without"
            ),
        ),
        (
            ("net._C2func_getaddrinfo", "example.org/zstd._Cfunc_free"),
            ("libzstd.so.1", "libc.so.6"),
            (
                "example.org/zstd calls C, linked with libzstd.so.1; -ldflags '-linkmode external "
                "-extldflags -static' links all of it in"
            ),
        ),
        (
            ("main.main",),
            (),
            (
                "it is position-independent by way of the loader; -buildmode=exe builds one that "
                "starts alone"
            ),
        ),
    ],
)
def test_why_a_go_program_is_not_static(
    functions: tuple[str, ...], needed: tuple[str, ...], why: str
) -> None:
    told = go(GoProgram(functions=functions, elf=linked(needed=needed)))
    assert told is not None
    assert told.what == "Go 1.24.4, dynamic"
    assert told.remarks == (f"/api is not static: {why}",)


def test_what_was_taken_out_is_told() -> None:
    program = GoProgram(version="")
    told = go(program)
    assert told is not None
    assert told.what == "Go of an unknown version, static"
    assert told.warnings == (
        "/api is a Go program without build information: what it is made from is not known",
    )


def test_what_was_built_without_modules_is_told() -> None:
    told = go(GoProgram(modules="path\texample.org/api\n"))
    assert told is not None
    assert told.warnings == (
        "/api was not built as a Go module: what it is made from is not known",
    )


def test_damaged_build_information_is_told() -> None:
    told = go(GoProgram(modules="dep\tonly\n"))
    assert told is not None
    assert "what it is made from is not known" in told.warnings[0]


def crates(*packages: dict[str, object]) -> bytes:
    return zlib.compress(json.dumps({"packages": packages}).encode())


def test_crates_are_components_but_for_what_only_built() -> None:
    listed = crates(
        {"name": "cli", "version": "1.0.0", "source": "local", "root": True},
        {"name": "serde", "version": "1.0.219", "source": "crates.io"},
        {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
    )
    comment = b"rustc version 1.85.0 (4d91de4e4 2025-02-17)\0"
    sections = {".dep-v0": listed, ".comment": comment}
    assert rust(Elf(flags_1=PIE, sections=sections)) == ToldProgram(
        path="/cli",
        what="Rust 1.85.0, static-pie",
        components=(
            BuiltIn("cli", "1.0.0", "pkg:cargo/cli@1.0.0"),
            BuiltIn("serde", "1.0.219", "pkg:cargo/serde@1.0.219"),
        ),
    )


def test_crates_that_are_only_named_are_no_components() -> None:
    told = rust(
        linked(
            needed=("libgcc_s.so.1", "libc.so.6"),
            sections={
                ".comment": b"rustc version 1.85.0\0",
                ".rodata": b"/registry/bstr-1.11.3/src/a.rs/registry/ring-0.17.8/src/b.rs",
            },
        )
    )
    assert told == ToldProgram(
        path="/cli",
        what="Rust 1.85.0, dynamic",
        remarks=(
            (
                "/cli has no list of its crates, which cargo auditable would write; its messages "
                "name 2 of them, such as bstr 1.11.3"
            ),
            (
                "/cli is not static: it is linked with libgcc_s.so.1, libc.so.6; the target "
                "*-linux-musl, or RUSTFLAGS='-C target-feature=+crt-static', makes it static"
            ),
        ),
    )


def test_a_damaged_list_is_told() -> None:
    told = rust(linked(sections={".dep-v0": b"no"}))
    assert told is not None
    assert "what it is made from is not known" in told.warnings[0]


def test_others_are_not_taken_for_go_or_rust() -> None:
    data = linked().build()
    elf = parse_elf(data)
    assert elf is not None
    assert told_by_go("/c", data, elf) is None
    assert told_by_rust("/c", data, elf) is None
    assert told_by_linker("/c", data, elf) == ToldProgram("/c", "dynamic")


def test_libraries_tell_nothing() -> None:
    data = Elf(soname="libx.so.1").build()
    elf = parse_elf(data)
    assert elf is not None
    assert told_by_linker("/libx.so.1", data, elf) is None


def test_a_packed_program_is_told() -> None:
    data = bytearray(Elf(kind=2, dynamic=False).build())
    data[200:204] = b"UPX!"
    elf = parse_elf(bytes(data))
    assert elf is not None
    told = told_by_linker("/c", bytes(data), elf)
    assert told is not None
    assert told.what == "packed"
    assert [warning.partition(":")[0] for warning in told.warnings] == ["/c is packed with UPX"]


@pytest.mark.parametrize(("elf", "warned"), [(Elf(kind=2, dynamic=False), True), (linked(), False)])
def test_name_service_of_a_static_glibc(elf: Elf, warned: bool) -> None:
    elf.sections = {".rodata": GLIBC_NAMES}
    data = elf.build()
    parsed = parse_elf(data)
    assert parsed is not None
    told = told_by_linker("/c", data, parsed)
    assert told is not None
    assert bool(told.warnings) is warned
    assert all("nsswitch.conf" in warning for warning in told.warnings)
