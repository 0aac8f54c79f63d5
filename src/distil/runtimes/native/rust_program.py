"""What a finished Rust program tells of itself: its crates where it lists them, else hints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packageurl import PackageURL

from distil.formats.elf import ElfFile
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.rust_program import Crate, RustHints, read_crates, read_rust_hints
from distil.model.component import BuiltIn, ToldProgram
from distil.runtimes.native.linkage import Linkage, link_warnings, linkage_of

_RUNTIME: Final = "runtime"
_STATIC: Final = (
    "the target *-linux-musl, or RUSTFLAGS='-C target-feature=+crt-static', makes it static"
)


def told_by_rust(path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
    """What the program `data` at `path` tells; None for one that is not known to be of Rust."""
    warnings: list[str] = []
    try:
        image = ElfImage(data)
        crates = read_crates(image)
    except MalformedElf as error:
        warnings.append(f"{path}: {error.why}; what it is made from is not known")
        return ToldProgram(path, "Rust", warnings=tuple(warnings))
    hints = read_rust_hints(image)
    if crates is None and not hints.is_rust:
        return None
    linkage = linkage_of(elf)
    remarks = [] if crates is not None else [_without_list(path, hints)]
    if linkage is Linkage.DYNAMIC:
        remarks += _why_dynamic(path, elf)
    return ToldProgram(
        path=path,
        what=f"{f'Rust {hints.compiler}'.rstrip()}, {linkage}",
        components=tuple(built_in(crates or ())),
        remarks=tuple(remarks),
        warnings=tuple(link_warnings(path, data, linkage)),
    )


def built_in(crates: tuple[Crate, ...]) -> Iterator[BuiltIn]:
    """The crates whose code is in the program; what only ran to build it is not."""
    for crate in crates:
        if crate.kind == _RUNTIME:
            purl = PackageURL("cargo", None, crate.name, crate.version)
            yield BuiltIn(crate.name, crate.version, purl.to_string())


def _without_list(path: str, hints: RustHints) -> str:
    named = ""
    if hints.crates:
        name, version = hints.crates[0]
        named = f"; its messages name {len(hints.crates)} of them, such as {name} {version}"
    return f"{path} has no list of its crates, which cargo auditable would write{named}"


def _why_dynamic(path: str, elf: ElfFile) -> Iterator[str]:
    if elf.needed:
        yield f"{path} is not static: it is linked with {', '.join(elf.needed)}; {_STATIC}"
