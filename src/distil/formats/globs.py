"""Patterns of paths, all of a file's at once and in one pass: no pattern makes that slow.

A pattern is a row of parts, and where one stands in it is a bit; the bits of all patterns are one
number, which each character of a path takes to the next one (Baeza-Yates and Gonnet, "A new
approach to text searching"). Numbers that were come to before are states with their successors,
so most paths are a few look-ups. What the parts of a syntax are, its own module says.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from operator import getitem
from typing import Final, NamedTuple

Accepts = Callable[[str], bool]

_LARGEST: Final = 8 << 20
"""Bytes, about, of states that are remembered; then they are found anew."""

_STATE: Final = 400
"""Bytes that a state takes beside its number."""


class Part(NamedTuple):
    """One part of a pattern: the characters it accepts, one of them or any number (`many`).

    With `skips`, it and the two parts behind it may be missing as a whole.
    """

    accepts: str | Accepts
    many: bool = False
    skips: bool = False


def anything(_: str) -> bool:
    """Any character."""
    return True


def not_slash(character: str) -> bool:
    """Any character of a name."""
    return character != "/"


def one_of(ranges: Sequence[tuple[str, str]], but: str, character: str, *, inverted: bool) -> bool:
    """Whether `character` is in `ranges`, or in none of them, and not in `but`."""
    within = any(first <= character <= last for first, last in ranges)
    return within is not inverted and character not in but


def bracket(ranges: Sequence[tuple[str, str]], *, inverted: bool, but: str = "") -> Part:
    """A part for one character as `one_of` has it."""
    return Part(partial(one_of, ranges, but, inverted=inverted))


NAME: Final = Part(not_slash)
STAR: Final = Part(not_slash, many=True)
ALL: Final = Part(anything, many=True)
DIRECTORIES: Final = (Part("", skips=True), ALL, Part("/"))
"""Any number of directories, none too."""

BELOW: Final = (Part("/"), ALL)
"""Whatever is below a directory."""


class Glob(NamedTuple):
    """A pattern: all of `parts`, and then any of what `tail` begins with."""

    parts: Sequence[Part]
    tail: Sequence[Part] = ()
    directories_only: bool = False


class Globs:
    """Patterns in their order, compiled."""

    def __init__(self, globs: Iterable[Glob]) -> None:
        self._starts: list[int] = []
        self._at: dict[str | Accepts, list[int]] = {}
        many: list[int] = []
        skips: list[int] = []
        ends: tuple[list[int], list[int]] = ([], [])
        at = 0
        for glob in globs:
            self._starts.append(at)
            for part in (*glob.parts, *glob.tail):
                self._at.setdefault(part.accepts, []).append(at)
                if part.many:
                    many.append(at)
                if part.skips:
                    skips.append(at)
                at += 1
            for kind in ends[glob.directories_only :]:
                kind.extend(range(at - len(glob.tail), at + 1))
            at += 1
        self._many, self._skips = _bits(many), _bits(skips)
        self._ends = tuple(map(_bits, ends))
        self._forget()

    def last(self, path: str, *, directory: bool = False) -> int | None:
        """The position of the last pattern that stands for the whole of `path`, None for none."""
        if not self._starts:
            return None
        return reduce(getitem, path, self._first).last[directory]

    def __contains__(self, path: str) -> bool:
        return self.last(path) is not None

    # --- states ----------------------------------------------------------------------------

    def _forget(self) -> None:
        self._spent = 0
        self._accepting: dict[str, int] = {}
        self._states: dict[int, _State] = {}
        self._first = self._state(_bits(self._starts))

    def _state(self, bits: int) -> _State:
        """The state of `bits` and of what can be come to from there without a character."""
        free = self._many | self._skips
        while True:
            more = bits | (bits & free) << 1 | (bits & self._skips) << len(DIRECTORIES)
            if more == bits:
                break
            bits = more
        found = self._states.get(bits)
        if found is None:
            file, directory = (self._pattern(bits & ends) for ends in self._ends)
            found = self._states[bits] = _State(self, bits, (file, directory))
        return found

    def _pattern(self, ends: int) -> int | None:
        """The last of the patterns whose ends are among `ends`."""
        return bisect.bisect_right(self._starts, ends.bit_length() - 1) - 1 if ends else None

    def after(self, state: _State, character: str) -> _State:
        """The state that `character` leads to from `state`."""
        if self._spent > _LARGEST:
            for known in self._states.values():
                known.clear()
            self._forget()
        accepting = self._accepting.get(character)
        if accepting is None:
            accepting = self._accepting[character] = self._accept(character)
            self._spent += _STATE + accepting.bit_length() // 8
        moved = state.bits & accepting
        following = self._state((moved & ~self._many) << 1 | moved & self._many)
        self._spent += _STATE + following.bits.bit_length() // 8
        return following

    def _accept(self, character: str) -> int:
        """The bits of the parts that accept `character`."""
        return _bits(
            position
            for accepts, positions in self._at.items()
            if (accepts == character if isinstance(accepts, str) else accepts(character))
            for position in positions
        )


def _bits(positions: Iterable[int]) -> int:
    found = bytearray()
    for position in positions:
        byte, bit = divmod(position, 8)
        if byte >= len(found):
            found.extend(bytes(byte + 1 - len(found)))
        found[byte] |= 1 << bit
    return int.from_bytes(found, "little")


class _State(dict[str, "_State"]):
    """Where a path can be in all patterns, and the states that characters lead to from there."""

    __slots__ = ("_globs", "bits", "last")

    def __init__(self, globs: Globs, bits: int, last: tuple[int | None, int | None]) -> None:
        super().__init__()
        self._globs = globs
        self.bits = bits
        self.last = last

    def __missing__(self, character: str) -> _State:
        following = self[character] = self._globs.after(self, character)
        return following
