"""``.dockerignore`` files, as the Docker build reads them.

Follows the reference ("Build context", .dockerignore files) and, where that is silent, the
behaviour of moby's patternmatcher: patterns are cleaned paths relative to the root of the
context, ``**`` crosses directories, a pattern that matches a directory holds for everything
below it, the last pattern that matches decides, and ``!`` takes paths back in.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.formats.globs import (
    ALL,
    BELOW,
    DIRECTORIES,
    NAME,
    STAR,
    Glob,
    Globs,
    Part,
    bracket,
)


class _Pattern(msgspec.Struct, frozen=True):
    text: str
    takes_back: bool


class DockerIgnore(msgspec.Struct, frozen=True):
    """The patterns of one file, in order."""

    patterns: tuple[_Pattern, ...]
    globs: Globs

    def decides(self, path: str) -> tuple[bool, str]:
        """Whether `path` (relative, ``/``) is left out, and the last pattern that said so."""
        last = self.globs.last(path)
        if last is None or self.patterns[last].takes_back:
            return False, ""
        return True, self.patterns[last].text

    @property
    def takes_back(self) -> bool:
        """Whether any pattern takes paths back in, so that ignored directories need a look."""
        return any(pattern.takes_back for pattern in self.patterns)


def parse_dockerignore(text: str, where: str = ".dockerignore") -> DockerIgnore:
    """The patterns of `text`. Raises `InvalidProjectFile` naming the line of a bad one."""
    return docker_patterns(text.removeprefix("\ufeff").splitlines(), where)


def docker_patterns(patterns: Iterable[str], where: str) -> DockerIgnore:
    """As `parse_dockerignore`, for `patterns` that stand one by one."""
    found, globs = [], []
    for number, line in enumerate(patterns, 1):
        text = line.strip()
        if not text or line.startswith("#"):
            continue
        takes_back = text.startswith("!")
        body = text[1:].strip() if takes_back else text
        body = posixpath.normpath(body) if body else ""
        if len(body) > 1:
            body = body.lstrip("/")
        if not body or body == ".":
            if takes_back and not body:
                raise InvalidProjectFile(where, f"line {number}: '!' without a pattern")
            continue
        try:
            globs.append(Glob(tuple(_parts(body)), BELOW))
        except ValueError as error:
            raise InvalidProjectFile(
                where, f"line {number}: {text!r} is not a pattern ({error})"
            ) from None
        found.append(_Pattern(text, takes_back))
    return DockerIgnore(tuple(found), Globs(globs))


def _parts(pattern: str) -> Iterator[Part]:
    position = 0
    deep = False
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*" and pattern.startswith("*", position):
            position += 1 + pattern.startswith("/", position + 1)
            # Several in a row say no more than one.
            yield from () if deep else DIRECTORIES
            deep = True
            if position == len(pattern):
                yield ALL
            continue
        deep = False
        if character == "*":
            yield STAR
        elif character == "?":
            yield NAME
        elif character == "[":
            part, position = _bracket(pattern, position)
            yield part
        elif character == "\\":
            yield Part(pattern[position : position + 1] or "\\")
            position += 1
        else:
            yield Part(character)


def _bracket(pattern: str, position: int) -> tuple[Part, int]:
    """The class that begins at `position`, and where reading goes on.

    Raises `ValueError` for what Go's path/filepath takes for none.
    """
    inverted = pattern.startswith("^", position)
    position += inverted
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", position)):
        first, position = _member(pattern, position)
        last = first
        if pattern.startswith("-", position):
            last, position = _member(pattern, position + 1)
        if last < first:
            raise ValueError(f"bad character range {first}-{last}")
        ranges.append((first, last))
    return bracket(ranges, inverted=inverted), position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    escaped = pattern.startswith("\\", position)
    member = pattern[position + escaped : position + escaped + 1]
    if not member:
        raise ValueError("unterminated character set")
    if not escaped and member in "-]":
        raise ValueError(f"misplaced {member!r} in a character set")
    return member, position + escaped + 1
