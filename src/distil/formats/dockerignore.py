"""``.dockerignore`` files, as the Docker build reads them.

Follows the reference ("Build context", .dockerignore files) and, where that is silent, the
behaviour of moby's patternmatcher: patterns are cleaned paths relative to the root of the
context, ``**`` crosses directories, a pattern that matches a directory holds for everything
below it, the last pattern that matches decides, and ``!`` takes paths back in.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from distil.errors import InvalidProjectFile

_SPECIAL: Final = frozenset(".+()|{}$")


class _Pattern(msgspec.Struct, frozen=True):
    text: str
    line: int
    expression: re.Pattern[str]
    takes_back: bool


class DockerIgnore(msgspec.Struct, frozen=True):
    """The patterns of one file, in order."""

    patterns: tuple[_Pattern, ...]

    def decides(self, path: str) -> tuple[bool, str]:
        """Whether `path` (relative, ``/``) is left out, and the last pattern that said so."""
        left_out, because = False, ""
        parts = path.split("/")
        ways = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        for pattern in self.patterns:
            if pattern.takes_back != left_out:
                continue
            if any(pattern.expression.fullmatch(way) for way in reversed(ways)):
                left_out, because = not pattern.takes_back, pattern.text
        return left_out, because

    @property
    def takes_back(self) -> bool:
        """Whether any pattern takes paths back in, so that ignored directories need a look."""
        return any(pattern.takes_back for pattern in self.patterns)


def parse_dockerignore(text: str, where: str = ".dockerignore") -> DockerIgnore:
    """The patterns of `text`. Raises `InvalidProjectFile` naming the line of a bad one."""
    return _compiled(enumerate(text.removeprefix("\ufeff").splitlines(), 1), where)


def docker_patterns(patterns: Iterable[str], where: str) -> DockerIgnore:
    """As `parse_dockerignore`, for `patterns` that stand one by one."""
    return _compiled(enumerate(patterns, 1), where)


def _compiled(lines: Iterable[tuple[int, str]], where: str) -> DockerIgnore:
    found = []
    for number, line in lines:
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
            expression = re.compile(_regular_expression(body), re.DOTALL)
        except re.error as error:
            raise InvalidProjectFile(
                where, f"line {number}: {text!r} is not a pattern ({error})"
            ) from None
        found.append(_Pattern(text, number, expression, takes_back))
    return DockerIgnore(tuple(found))


def _regular_expression(pattern: str) -> str:
    out = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            piece, position = _star(pattern, position)
            out.append(piece)
        elif character == "?":
            out.append("[^/]")
        elif character in _SPECIAL:
            out.append("\\" + character)
        elif character == "\\":
            out.append(re.escape(pattern[position : position + 1] or "\\"))
            position += 1
        else:
            out.append(character)
    return "".join(out)


def _star(pattern: str, position: int) -> tuple[str, int]:
    """The expression for a ``*`` that ends at `position`, and where reading goes on."""
    if pattern[position : position + 1] != "*":
        return "[^/]*", position
    position += 1
    if pattern[position : position + 1] == "/":
        position += 1
    return ("(.*/)?" if position < len(pattern) else ".*"), position
