"""The crates of a Rust program that was built with ``cargo auditable``."""

from __future__ import annotations

from distil.catalog.facts import Claim, Facts, Stated
from distil.catalog.package_url import package_url
from distil.formats.elf_image import ElfImage
from distil.formats.rust_program import Crate, read_crates
from distil.model.inventory import InventoryComponent


def rust_crates(path: str, image: ElfImage) -> Facts:
    """The crates that are linked into the program at `path`; nothing without their list.

    What only ran while it was built is left out. Raises `MalformedElf` for a list that cannot be
    read.
    """
    crates = read_crates(image) or ()
    key = f"rust:{path}"
    stated = []
    for index, crate in enumerate(crates):
        if crate.kind != "runtime":
            continue
        needs = tuple(
            f"{key}:{other}"
            for other in crate.dependencies
            if 0 <= other < len(crates) and crates[other].kind == "runtime"
        )
        own = (f"{key}:{index}", key) if crate.root else (f"{key}:{index}",)
        claims = (Claim(path),) if crate.root else ()
        stated.append(Stated(_component(crate), own, claims, needs, "" if crate.root else key))
    return Facts(stated=tuple(stated))


def _component(crate: Crate) -> InventoryComponent:
    return InventoryComponent(
        name=crate.name,
        version=crate.version,
        kind="rust",
        purl=package_url("cargo", crate.name, crate.version),
        properties=(("source", crate.source),),
    )
