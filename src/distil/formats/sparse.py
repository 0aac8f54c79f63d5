"""The maps of sparse files in tar archives: where what is stored of a file goes, zeros around it.

Follows the GNU tar manual ("Storing Sparse Files"): the old GNU format, and versions 0.0, 0.1 and
1.0 in PAX headers. A map is checked as a whole before anything is made of it: its pieces are in
order, inside the file, and add up to what is stored.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.formats.byte_source import CHUNK
from distil.formats.pax import SPARSE, SPARSE_MAP
from distil.formats.tar_fields import BLOCK, GNU_SPARSE, number

Piece = tuple[int, int]
"""Where a piece of a file begins, and its length, in bytes."""

Take = Callable[[int], bytes]
"""The next bytes of the archive; raises when they are not there."""

_LONGEST_NUMBER: Final = 18
_MAP_BLOCKS: Final = 2048
"""Blocks of a map at most, a megabyte: 20,000 pieces and more."""

_OLD_PIECES: Final = slice(386, 482)
_OLD_GOES_ON: Final = 482
_OLD_SIZE: Final = slice(483, 495)
_MORE_PIECES: Final = slice(0, 504)
_MORE_GOES_ON: Final = 504
_FIELD: Final = 12
_DAMAGED: Final = -1


class DamagedMap(Exception):
    """Why a map makes no sense; the reader of the archive says where."""


class SparseMap(msgspec.Struct, frozen=True):
    """A sparse file: its whole size in bytes, and its pieces in order."""

    size: int
    pieces: tuple[Piece, ...]

    @property
    def stored(self) -> int:
        """Bytes that the archive holds of it."""
        return sum(length for _, length in self.pieces)

    def runs(self) -> Iterator[tuple[int, int]]:
        """The file from its beginning: bytes of a hole, then bytes that are stored, in turn."""
        position = 0
        for start, length in self.pieces:
            yield start - position, length
            position = start + length
        yield self.size - position, 0


def zeros(size: int) -> Iterator[bytes]:
    """A hole, in pieces."""
    for start in range(0, size, CHUNK):
        yield _ZEROS[: size - start]


def sparse_map(
    kind: bytes, block: bytes, pax: Mapping[str, bytes], take: Take
) -> tuple[SparseMap, int] | None:
    """The map of a file; None for one that is not sparse.

    `kind` is the member's type, `block` its header, `pax` its records. A map in the archive is
    read with `take`; the number is how many bytes of the member's contents it took. Raises
    `DamagedMap`, also for unknown versions.
    """
    if kind == GNU_SPARSE:
        return _old_map(block, take), 0
    if not any(key.startswith(SPARSE) for key in pax):
        return None
    version = (pax.get(f"{SPARSE}major", b"0"), pax.get(f"{SPARSE}minor", b"1"))
    if version == (b"1", b"0"):
        numbers, blocks = _leading_numbers(take)
        return _checked(_decimal(pax.get(f"{SPARSE}realsize", b"")), numbers), blocks * BLOCK
    if version[0] != b"0" or SPARSE_MAP not in pax:
        raise DamagedMap("a sparse file of an unknown version, or without a map")
    numbers = [_decimal(text) for text in pax[SPARSE_MAP].split(b",")]
    return _checked(_decimal(pax.get(f"{SPARSE}size", b"")), numbers), 0


def _old_map(block: bytes, take: Take) -> SparseMap:
    """The map in an old GNU header and in blocks of its own after it."""
    fields = [block[_OLD_PIECES]]
    goes_on = block[_OLD_GOES_ON]
    while goes_on:
        if len(fields) > _MAP_BLOCKS:
            raise DamagedMap("a map of a sparse file without an end")
        more = take(BLOCK)
        fields.append(more[_MORE_PIECES])
        goes_on = more[_MORE_GOES_ON]
    joined = b"".join(fields)
    values = [joined[at : at + _FIELD] for at in range(0, len(joined), _FIELD)]
    used = itertools.takewhile(lambda field: field[0], values)
    numbers = [number(field) for field in [*used, block[_OLD_SIZE]]]
    *pieces, size = [_DAMAGED if value is None else value for value in numbers]
    return _checked(size, pieces)


def _leading_numbers(take: Take) -> tuple[list[int], int]:
    """The map that stands before the contents, a number a line, and its blocks."""
    lines: list[bytes] = []
    rest = b""
    for blocks in range(1, _MAP_BLOCKS + 1):
        *whole, rest = (rest + take(BLOCK)).split(b"\n")
        lines += whole
        if lines and len(lines) > 2 * (count := _decimal(lines[0])):
            return [_decimal(line) for line in lines[1 : 1 + 2 * count]], blocks
        if len(rest) > _LONGEST_NUMBER:
            break
    raise DamagedMap("a map of a sparse file without an end")


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise DamagedMap("a damaged map of a sparse file")
    return int(text)


def _checked(size: int, numbers: Sequence[int]) -> SparseMap:
    if len(numbers) % 2:
        raise DamagedMap("a damaged map of a sparse file")
    position = 0
    pieces = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    for start, length in pieces:
        if start < position or length < 0:
            raise DamagedMap("pieces of a sparse file that are not in order")
        position = start + length
    if position > size:
        raise DamagedMap("pieces of a sparse file beyond its end")
    return SparseMap(size, pieces)


_ZEROS: Final = bytes(CHUNK)
