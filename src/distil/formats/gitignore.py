"""``.gitignore`` files, as gitignore(5) and git's own wildmatch have them.

git compares bytes; so do these, each written as the character of its number (Latin-1).
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.globs import ALL, DIRECTORIES, NAME, STAR, Glob, Globs, Part, bracket

_PRINTABLE: Final = string.digits + string.ascii_letters + string.punctuation
_CLASSES: Final = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": _PRINTABLE,
    "lower": string.ascii_lowercase,
    "print": _PRINTABLE + " ",
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}
_SPECIAL: Final = frozenset("*?[\\")


class GitIgnore(msgspec.Struct, frozen=True):
    """The patterns of one file; `takes_back` says of each whether it begins with ``!``."""

    takes_back: tuple[bool, ...]
    globs: Globs

    def decides(self, path: str, *, directory: bool) -> bool | None:
        """Whether `path`, relative to the file, is ignored; None when no pattern is about it.

        That what is below an ignored directory is ignored as well is the caller's to heed.
        """
        name = os.fsencode(path).decode("latin-1")
        last = self.globs.last(name, directory=directory)
        return None if last is None else not self.takes_back[last]


def parse_gitignore(data: bytes) -> GitIgnore:
    """The patterns in `data`. Any text is a file of patterns, some of which match nothing."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    found, globs = [], []
    for line in text.split("\n"):
        pattern = _without_trailing_spaces(line.removesuffix("\r"))
        if not pattern or line.startswith("#"):
            continue
        takes_back = pattern.startswith("!")
        glob = _glob(pattern.removeprefix("!"))
        if glob is not None:
            found.append(takes_back)
            globs.append(glob)
    return GitIgnore(tuple(found), Globs(globs))


def _without_trailing_spaces(line: str) -> str:
    """`line` without spaces at its end, but for one behind a backslash."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if backslashes % 2 else stripped


def _glob(pattern: str) -> Glob | None:
    """The pattern of a line, None for one that matches nothing."""
    body = pattern.removesuffix("/")
    only = body != pattern
    try:
        if "/" in body:
            parts = tuple(_parts(body.removeprefix("/"), paths=True))
        else:
            parts = (*DIRECTORIES, *_parts(body, paths=False))
    except ValueError:
        return None
    return Glob(parts, directories_only=only) if body else None


def _parts(pattern: str, *, paths: bool) -> Iterator[Part]:
    """Raises `ValueError` where git gives up."""
    literal = next((at for at, c in enumerate(pattern) if c in _SPECIAL), len(pattern))
    yield from map(Part, pattern[:literal])
    position = literal
    deep = False
    while position < len(pattern):
        character = pattern[position]
        # git compares what comes before the first wildcard apart, so that is a start too.
        alone = paths and (position == literal or pattern[position - 1] == "/")
        position += 1
        if character == "*":
            end = _end_of_stars(pattern, position)
            if alone and end > position and pattern[end : end + 1] in ("", "/"):
                if end == len(pattern):
                    yield ALL
                elif not deep:  # several in a row say no more than one
                    yield from DIRECTORIES
                deep, position = True, end + 1
                continue
            yield STAR
            position = end
        elif character == "[":
            part, position = _bracket(pattern, position)
            yield part
        else:
            yield NAME if character == "?" else Part(_member(pattern, position - 1)[0])
            position += character == "\\"
        deep = False


def _end_of_stars(pattern: str, position: int) -> int:
    while pattern.startswith("*", position):
        position += 1
    return position


def _bracket(pattern: str, position: int) -> tuple[Part, int]:
    """The class that begins at `position`, and where reading goes on."""
    inverted = pattern[position : position + 1] in ("!", "^") and position < len(pattern)
    position += inverted
    ranges: list[tuple[str, str]] = []
    begins = position
    before = ""
    end = 0
    while position == begins or not pattern.startswith("]", position):
        if pattern.startswith("[:", position):
            if end < position + 2:
                end = pattern.index("]", position + 2)
            if pattern[end - 1] == ":" and end - 1 >= position + 2:
                ranges += [(one, one) for one in _named(pattern[position + 2 : end - 1])]
                before, position = "", end + 1
                continue
        last = pattern[position + 1 : position + 2]
        if pattern.startswith("-", position) and before and last and last != "]":
            last, position = _member(pattern, position + 1)
            ranges.append((before, last))
            before = ""
        else:
            before, position = _member(pattern, position)
            ranges.append((before, before))
    return bracket(ranges, inverted=inverted, but="/"), position + 1


def _named(name: str) -> str:
    if name not in _CLASSES:
        raise ValueError(f"no class {name}")
    return _CLASSES[name]


def _member(pattern: str, position: int) -> tuple[str, int]:
    """The character at `position`, where a backslash stands for the next one, and what follows."""
    position += pattern.startswith("\\", position)
    if position >= len(pattern):
        raise ValueError("no end of a class")
    return pattern[position], position + 1
