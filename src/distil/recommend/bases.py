"""Bases for a runtime that are made and measured, and which of them is best."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.model.inventory import Answer
from distil.model.spec import DEFAULT_BASE, SCRATCH, Level
from distil.recommend.counts import Counts
from distil.recommend.lines import Line
from distil.recommend.parts import Part
from distil.recommend.recognised import Recognised

SPEC_FILE: Final = "distil.toml"
PROGRAM_FILE: Final = "program"
_LIBRARIES: Final = "/usr/lib/**"
"""Where the packages of all bases have libraries, below a directory for each architecture."""
_LIBRARY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""What a library may be called that is asked for: names come from anybody's files."""


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A base to be made for a runtime, of `packages` from `base`, or the image `image`.

    Or, for what needs no runtime, the program at the path `program` alone, on `base`.
    `libraries` are to be there although nothing in it needs them, by name. `start` is what it
    starts; nothing where the packages say so themselves.
    """

    base: str = ""
    level: Level = Level.REACHABLE
    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    image: str = ""
    program: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        if self.program:
            return f"{self.base}, the program alone"
        return self.image or f"{self.base}, level {self.level.value}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole ``distil.toml`` that makes it; none for an image that is there."""
        return tuple(self._lines()) if not self.image else ()

    def with_libraries(self, names: Sequence[str], having: Mapping[str, str]) -> Base:
        """The same with libraries of these names, from the packages that `having` tells."""
        named = tuple(one for one in names if _LIBRARY.fullmatch(one))
        more = dict.fromkeys((*self.packages, *(having[one] for one in named if one in having)))
        return msgspec.structs.replace(self, libraries=named, packages=tuple(more))

    def _lines(self) -> Iterator[str]:
        yield "[app]"
        if self.packages:
            yield f"packages = {_words(self.packages)}"
        if self.start:
            yield f"entrypoint = {_words(self.start)}"
        yield ""
        if self.program:
            yield "[[copy]]"
            yield f"from = {json.dumps(PROGRAM_FILE)}"
            yield f"to = {json.dumps(self.program)}"
            yield 'mode = "0755"'
            yield ""
        yield "[base]"
        yield f"from = {json.dumps(self.base)}"
        yield ""
        yield "[reach]"
        yield f"level = {json.dumps(self.level.value)}"
        if self.libraries and self.level is not Level.PACKAGES:
            yield f"keep = {_words([f'{_LIBRARIES}/{one}*' for one in self.libraries])}"

    def steps(self, name: str, image: str = "") -> tuple[Line, ...]:
        """What to do to build on it, when it is made as `name`; the program is that of `image`."""
        if self.program:
            taken = f"distil cat {shlex.quote(image)} {shlex.quote(self.program)}"
            return (
                Line("$", f"{taken} > base/{PROGRAM_FILE}"),
                Line("$", f"distil build base -t {name} --load"),
            )
        if self.image:
            return (Line("Dockerfile", f"FROM {self.image}"),)
        return (
            Line("$", f"distil build base -t {name} --load"),
            Line("Dockerfile", f"FROM {name}"),
        )


class BaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A base that was tried; sizes in bytes, as it is transferred and unpacked.

    `error` says why it was not made or looked at, with what to do about it in `hint`. `runtime`
    is the one that it has, `lacking` the libraries that what is put onto it needs and it has not.
    `ends` is the last day that its distribution is cared for, empty where that is not known.
    """

    candidate: Base
    error: str = ""
    hint: str = ""
    size: int = 0
    uncompressed_size: int = 0
    packages: int = 0
    runtime: Recognised | None = None
    counts: Counts | None = None
    lacking: tuple[str, ...] = ()
    ends: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether it is there with all that is needed, and its vulnerabilities are known."""
        known = self.counts is not None and self.counts.answer is not Answer.UNKNOWN
        return not self.error and not self.lacking and known

    def fits(self, runtime: Recognised) -> bool:
        """Whether what runs on `runtime` runs on it: the same line, with all libraries."""
        found = self.runtime
        if found is None or found.name != runtime.name or not self.is_sure:
            return False
        return not runtime.line or found.line == runtime.line


def packages_for(runtime: Recognised, is_there: Callable[[str], bool]) -> tuple[str, ...]:
    """The packages that have `runtime`, in the version nearest to it; none where there are none."""
    numbers = runtime.version.split(".")
    for choice in runtime.known.choices:
        names = tuple(_filled(name, numbers) for name in choice)
        if all(name and is_there(name) for name in names):
            return names
    return ()


def candidates_on(base: str, packages: Sequence[str], runtime: Recognised) -> tuple[Base, ...]:
    """What to try on `base`: each level, the smallest first."""
    return tuple(
        Base(base=base, level=level, packages=tuple(packages), start=runtime.known.start)
        for level in (Level.REACHABLE, Level.PACKAGES)
    )


def alone(program: str) -> tuple[Base, ...]:
    """What to try for a program that needs no runtime: itself, and what it is linked with."""
    bases = (SCRATCH, DEFAULT_BASE)
    return tuple(Base(base=one, program=program, start=(program,)) for one in bases)


def best_of(
    outcomes: Sequence[BaseOutcome], runtime: Recognised | None, now: Part
) -> BaseOutcome | None:
    """The one that fits with the fewest vulnerabilities, by their weight; then the smallest.

    None where none is better than what there is `now`; than what nobody knows, all are.
    """
    fitting = [one for one in outcomes if (one.fits(runtime) if runtime else one.is_sure)]
    best = min(fitting, key=_place, default=None)
    is_known = now.counts.answer is not Answer.UNKNOWN
    if best is None or (is_known and _place(best) >= (now.counts.weight, now.size)):
        return None
    return best


def newest_of(
    outcomes: Sequence[BaseOutcome], runtime: Recognised, best: BaseOutcome | None
) -> BaseOutcome | None:
    """The best of those with a newer line of the same runtime, for who can go on to it.

    None where `best` has no more vulnerabilities and is cared for as long.
    """
    newer = [
        one
        for one in outcomes
        if one.is_sure
        and one.runtime is not None
        and one.runtime.name == runtime.name
        and _numbers(one.runtime.line) > _numbers(runtime.line)
    ]
    found = min(newer, key=_place, default=None)
    if found is None or best is None:
        return found
    return found if _place(found)[0] < _place(best)[0] or found.ends > best.ends else None


def _place(outcome: BaseOutcome) -> tuple[float, int]:
    weight = outcome.counts.weight if outcome.counts is not None else 0.0
    return weight, outcome.uncompressed_size


def _numbers(line: str) -> tuple[int, ...]:
    return tuple(int(one) for one in line.split(".") if one.isdigit())


def _filled(name: str, numbers: Sequence[str]) -> str:
    """The name of a package with the version in it; empty where that is not known."""
    if "{0}" in name and not numbers[0]:
        return ""
    if "{1}" in name and len(numbers) < 2:
        return ""
    return name.format(numbers[0], ".".join(numbers[:2]))


def _words(words: Sequence[str]) -> str:
    return f"[{', '.join(map(json.dumps, words))}]"
