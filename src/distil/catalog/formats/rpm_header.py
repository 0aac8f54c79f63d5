"""The header of one package in rpm's database: tags with values.

Follows rpm's "Package Format V4", section Header, as its databases keep it (without magic): two
numbers, an index of 16 bytes for each tag, and the data that it points into, all big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

NAME: Final = 1000
VERSION: Final = 1001
RELEASE: Final = 1002
EPOCH: Final = 1003
SUMMARY: Final = 1004
VENDOR: Final = 1011
LICENSE: Final = 1014
PACKAGER: Final = 1015
URL: Final = 1020
ARCH: Final = 1022
OLD_FILE_NAMES: Final = 1027
FILE_STATES: Final = 1029
FILE_MODES: Final = 1030
FILE_DIGESTS: Final = 1035
FILE_LINKS: Final = 1036
FILE_FLAGS: Final = 1037
SOURCE_RPM: Final = 1044
PROVIDE_NAMES: Final = 1047
REQUIRE_NAMES: Final = 1049
DIRECTORY_INDEXES: Final = 1116
BASE_NAMES: Final = 1117
DIRECTORY_NAMES: Final = 1118
DIGEST_ALGORITHM: Final = 5011
MODULARITY: Final = 5096

_MOST_TAGS: Final = 0xFFFF
"""Entries of an index, as rpm has it."""

_MOST_STRINGS: Final = 500_000
"""Values of one tag; the largest packages have some ten thousand files."""

_STRINGS: Final = frozenset({6, 8, 9})
"""STRING, STRING_ARRAY and I18NSTRING: each ends with a zero byte."""

_NUMBERS: Final = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q"}
"""CHAR, INT8, INT16, INT32, INT64, as `struct` calls them."""

_WIDTHS: Final = {"B": 1, "H": 2, "I": 4, "Q": 8}


class NotAHeader(ValueError):
    """Bytes that are no header of a package."""


class Header:
    """A header; values are looked up, and decoded, by tag. Raises `NotAHeader`.

    A tag that is not there has no values, and so has one whose values are not in the data.
    """

    def __init__(self, blob: bytes) -> None:
        if len(blob) < 8:
            raise NotAHeader
        count, size = struct.unpack_from(">II", blob)
        start = 8 + 16 * count
        if not 0 < count <= _MOST_TAGS or start + size > len(blob):
            raise NotAHeader
        self._data = memoryview(blob)[start : start + size]
        self._entries = {
            tag: (kind, offset, many)
            for tag, kind, offset, many in struct.iter_unpack(">IIiI", blob[8:start])
            if 0 <= offset < size
        }

    def strings(self, tag: int) -> list[str]:
        """Text, with bytes that are not UTF-8 as surrogate escapes, of at most `_MOST_STRINGS`."""
        kind, offset, many = self._entries.get(tag, (0, 0, 0))
        if kind not in _STRINGS or not many:
            return []
        many = min(many, len(self._data) - offset, _MOST_STRINGS)
        if kind != 8 or many == 1:
            return [self._string(offset)]
        values = bytes(self._data[offset:]).split(b"\0", many)
        # What follows the last zero byte that was wanted is of other tags.
        return [value.decode("utf-8", "surrogateescape") for value in values[:-1]]

    def string(self, tag: int) -> str:
        """The first of `strings`, or nothing."""
        return next(iter(self.strings(tag)), "")

    def numbers(self, tag: int) -> Iterable[int]:
        """Numbers without sign."""
        kind, offset, many = self._entries.get(tag, (0, 0, 0))
        code = _NUMBERS.get(kind)
        if code is None or offset + many * _WIDTHS[code] > len(self._data):
            return ()
        found: tuple[int, ...] = struct.unpack_from(f">{many}{code}", self._data, offset)
        return found

    def number(self, tag: int) -> int | None:
        """The first of `numbers`, or None."""
        return next(iter(self.numbers(tag)), None)

    def _string(self, offset: int) -> str:
        data = self._data
        end = offset
        while end < len(data):
            piece = bytes(data[end : end + 256])
            found = piece.find(b"\0")
            if found >= 0:
                return bytes(data[offset : end + found]).decode("utf-8", "surrogateescape")
            end += len(piece)
        return ""
