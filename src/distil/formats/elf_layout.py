"""How ELF files write their structures, for each class and byte order.

Follows the System V gABI, chapters 4 and 5, and the GNU extensions for symbol versions.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple


class Chain(NamedTuple):
    """A version table: its two structures, and the outer one's fields that link them."""

    outer: Struct
    inner: Struct
    length: int
    """Which field is the number of inner structures."""
    first: int
    """Which field is the offset of the first inner structure."""
    following: int
    """Which field is the offset of the next outer structure, 0 at the end."""


class Layout(NamedTuple):
    """How one class and byte order writes the structures used here."""

    header: Struct
    program: Struct
    section: Struct
    dynamic: Struct
    needed: Chain
    defined: Chain


def _layout(elf_class: int, order: str) -> Layout:
    address = "I" if elf_class == 32 else "Q"
    return Layout(
        header=Struct(f"{order}HHI{address * 3}I6H"),
        program=Struct(order + ("8I" if elf_class == 32 else "II6Q")),
        section=Struct(f"{order}II{address * 4}II{address * 2}"),
        dynamic=Struct(order + address * 2),
        needed=Chain(Struct(f"{order}HHIII"), Struct(f"{order}IHHII"), 1, 3, 4),
        defined=Chain(Struct(f"{order}HHHHIII"), Struct(f"{order}II"), 3, 5, 6),
    )


LAYOUTS: Final = {
    (cls, data): _layout(32 * cls, order) for cls in (1, 2) for data, order in ((1, "<"), (2, ">"))
}
"""By class (1: 32 bits, 2: 64) and byte order (1: little, 2: big), as identifications have them."""
