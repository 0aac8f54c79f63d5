"""What a Rust program says about what it was made from.

`cargo auditable` leaves the whole list of crates in the section ``.dep-v0``: JSON, compressed
with zlib, as its specification (PARSING.md) has it. Any other program gives hints at most: the
compiler's comment, and the paths in the messages of its panics.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

import msgspec

from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf

_SECTION: Final = ".dep-v0"
_LARGEST: Final = 8 << 20
"""Bytes of the list when it is unpacked, as the specification's own reader has it."""
_MOST_CRATES: Final = 1 << 14

_COMPILER: Final = re.compile(rb"rustc version (\d+\.\d+\.\d+[^\0 ]{0,40})")
_LIBRARY: Final = re.compile(rb"/rustc-(\d+\.\d+\.\d+)(?:-src)?/library/")
_BUILT_FROM: Final = re.compile(rb"/rustc/[0-9a-f]{40}/library/")
_CRATE: Final = re.compile(
    rb"/registry(?:/src/[^/\0]{1,100})?/([A-Za-z0-9_-]{1,64}?)-(\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,40})/"
)


class Crate(msgspec.Struct, frozen=True, gc=False):
    """One package of a list; `source` is ``crates.io``, ``git``, ``local`` or another registry.

    `kind` is ``runtime``, or ``build`` for what only ran while the program was built.
    """

    name: str
    version: str
    source: str
    kind: str = "runtime"
    dependencies: tuple[int, ...] = ()
    root: bool = False


class _List(msgspec.Struct, frozen=True):
    packages: tuple[Crate, ...]


class RustHints(msgspec.Struct, frozen=True):
    """What can be told without a list: the compiler's version, and crates whose code can panic.

    `crates` are names and versions. `is_rust` is so of programs that have nothing of this.
    """

    is_rust: bool = False
    compiler: str = ""
    crates: tuple[tuple[str, str], ...] = ()


def read_crates(image: ElfImage) -> tuple[Crate, ...] | None:
    """The crates that `cargo auditable` lists in the program `image`; None without a list.

    Raises `MalformedElf` for a list that does not follow its specification.
    """
    packed = image.section(_SECTION)
    if packed is None:
        return None
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(packed, _LARGEST)
    except zlib.error as error:
        raise MalformedElf("its list of crates is not compressed with zlib") from error
    if not unpack.eof:
        raise MalformedElf(f"its list of crates does not end, or has more than {_LARGEST} bytes")
    try:
        crates = msgspec.json.decode(text, type=_List).packages
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedElf("its list of crates is not the JSON that it should be") from error
    if len(crates) > _MOST_CRATES:
        raise MalformedElf(f"it is made from more than {_MOST_CRATES} crates")
    return crates


def read_rust_hints(image: ElfImage) -> RustHints:
    """What the strings of the program `image` tell; it never raises."""
    data = image.data
    compiler = _COMPILER.search(image.section(".comment") or b"") or _LIBRARY.search(data)
    found = sorted({(m[1].decode(), m[2].decode()) for m in _CRATE.finditer(data)})
    return RustHints(
        is_rust=compiler is not None or _BUILT_FROM.search(data) is not None,
        compiler="" if compiler is None else compiler[1].decode("utf-8", "replace"),
        crates=tuple(found),
    )
