"""What Rust programs say of themselves: lists of crates, and hints without one."""

from __future__ import annotations

import contextlib
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.rust_program import Crate, RustHints, read_crates, read_rust_hints
from tests.support.elf_builder import Elf

LIST: dict[str, Any] = {
    "packages": [
        {"name": "adler", "version": "0.2.3", "source": "registry"},
        {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
        {
            "name": "app",
            "version": "0.1.0",
            "source": "local",
            "root": True,
            "dependencies": [0, 1],
        },
    ],
    "format": 8,
}


def image(**sections: bytes) -> ElfImage:
    named = {name.replace("_", ".", 1).replace("_", "-"): data for name, data in sections.items()}
    return ElfImage(Elf(kind=2, dynamic=False, sections=named).build())


def packed(content: object) -> ElfImage:
    return image(_dep_v0=zlib.compress(json.dumps(content).encode()))


def test_a_list_of_crates() -> None:
    assert read_crates(packed(LIST)) == (
        Crate("adler", "0.2.3", "registry"),
        Crate("cc", "1.0.0", "crates.io", "build"),
        Crate("app", "0.1.0", "local", "runtime", (0, 1), root=True),
    )


def test_padding_after_the_list_does_not_count() -> None:
    assert read_crates(image(_dep_v0=zlib.compress(b'{"packages":[]}') + bytes(16))) == ()


def test_other_programs_have_none() -> None:
    assert read_crates(image()) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not end"),
        (b"{}", "not compressed"),
        (zlib.compress(b"{}")[:-5], "does not end"),
        (zlib.compress(b"{}"), "JSON"),
        (zlib.compress(b'{"packages":[{"name":"a"}]}'), "JSON"),
        (zlib.compress(b'{"packages":"\xff"}'), "JSON"),
        (zlib.compress(b'{"a":' + b"[" * 60_000), "JSON"),
        (zlib.compress(bytes(9 << 20)), "8388608 bytes"),
        (
            zlib.compress(
                json.dumps(
                    {"packages": [{"name": "a", "version": "1", "source": "x"}] * 16_385}
                ).encode()
            ),
            "more than 16384 crates",
        ),
    ],
    ids=["empty", "plain", "cut", "other", "incomplete", "not text", "deep", "bomb", "many"],
)
def test_hostile_lists(content: bytes, why: str) -> None:
    with pytest.raises(MalformedElf, match=why):
        read_crates(image(_dep_v0=content))


def test_every_truncation_is_told() -> None:
    whole = zlib.compress(json.dumps(LIST).encode())
    for size in range(len(whole)):
        with pytest.raises(MalformedElf):
            read_crates(image(_dep_v0=whole[:size]))


@given(st.binary(max_size=200), st.booleans())
def test_any_list_can_be_read(noise: bytes, compressed: bool) -> None:
    with contextlib.suppress(MalformedElf):
        read_crates(image(_dep_v0=zlib.compress(noise) if compressed else noise))


@pytest.mark.parametrize(
    ("sections", "hints"),
    [
        ({}, RustHints()),
        (
            {"_comment": b"GCC: (Debian)\0rustc version 1.85.0 (4d91de4e4 2025-02-17)\0"},
            RustHints(is_rust=True, compiler="1.85.0"),
        ),
        (
            {"_rodata": b"x/usr/src/rustc-1.63.0/library/std/src/fs.rs"},
            RustHints(is_rust=True, compiler="1.63.0"),
        ),
        (
            {"_rodata": b"x/rustc/" + b"a0" * 20 + b"/library/std/src/fs.rs"},
            RustHints(is_rust=True),
        ),
        (
            {
                "_rodata": b"/h/.cargo/registry/src/index-6f17d22b/ring-0.17.8/src/lib.rs"
                b"/h/.cargo/registry/src/index-6f17d22b/tokio-util-0.7.0-rc.1+x/src/a.rs"
                b"/usr/share/cargo/registry/bstr-1.11.3/src/b.rs"
            },
            RustHints(
                crates=(("bstr", "1.11.3"), ("ring", "0.17.8"), ("tokio-util", "0.7.0-rc.1+x"))
            ),
        ),
    ],
)
def test_hints(sections: dict[str, bytes], hints: RustHints) -> None:
    assert read_rust_hints(image(**sections)) == hints
