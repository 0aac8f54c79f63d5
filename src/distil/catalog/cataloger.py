"""What a cataloguer is: which files it wants to see, and what reads one of them.

A cataloguer is a row of `table`. Its parser is a pure function of a path and bytes, found by name
so that it is loaded when there is such a file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

import msgspec

from distil.catalog.facts import Content, Facts

Parser = Callable[[str, Content], Facts]

LARGEST: Final = 64 << 20
"""Bytes of one file that a parser is given, where its row says nothing else."""


class Cataloger(msgspec.Struct, frozen=True, kw_only=True):
    """Which files a parser is for: those of `names`, those with one of `suffixes`, ELF files.

    With none of these three, all files. Where `inside` is not empty, only those of them whose
    path has one of its parts in it. A parser that raises `Unreadable` becomes a remark on that
    file; whatever else it raises is a mistake of the parser. `largest` is in bytes: a larger
    file is a remark.
    """

    name: str
    parser: str
    """``module:function`` below ``distil.catalog.formats``."""
    names: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    elf: bool = False
    largest: int = LARGEST

    def load(self) -> Parser:
        """The parser."""
        module, _, function = self.parser.partition(":")
        found: Parser = getattr(
            importlib.import_module(f"distil.catalog.formats.{module}"), function
        )
        return found
