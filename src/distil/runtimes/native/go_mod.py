"""go.mod and go.work: what a Go module says about itself (https://go.dev/ref/mod#go-mod-file)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.formats.errors import InvalidProjectFile

LARGEST: Final = 4 << 20
"""Bytes of a file; those of the largest modules have a hundredth of that."""

_WORD: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|//|=>|[()]|[^\s()"`]+')
_VERSION: Final = re.compile(r"[1-9][0-9]*(\.[0-9]+){1,2}((rc|beta)[0-9]+)?")
_MAJOR: Final = re.compile(r"v[0-9]+")


class GoModule(msgspec.Struct, frozen=True):
    """A module: its path, the Go that it needs at least, and the modules that it requires.

    `version` is that of the ``go`` line, empty where there is none. Of a workspace, `uses` are the
    directories of its modules, relative to it, and `path` is empty.
    """

    path: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How ``go build`` calls a command in the module's own directory."""
        *rest, last = self.path.split("/")
        return rest[-1] if rest and _MAJOR.fullmatch(last) else last


def parse_go_mod(text: str, where: str) -> GoModule:
    """The module that `text` of the file `where` declares. Raises `InvalidProjectFile`."""
    path, version = "", ""
    requires: list[str] = []
    uses: list[str] = []
    for verb, words in _directives(text, where):
        if verb == "module":
            path = words[0]
        elif verb == "go":
            version = _checked_version(words[0], where)
        elif verb == "require":
            requires.append(words[0])
        elif verb == "use":
            uses.append(words[0].removeprefix("./").rstrip("/") or ".")
    return GoModule(path, version, tuple(requires), tuple(uses))


def _directives(text: str, where: str) -> Iterator[tuple[str, list[str]]]:
    """Each line of a file by its verb, blocks taken apart."""
    if len(text) > LARGEST:
        raise InvalidProjectFile(where, f"it is larger than {LARGEST >> 20} MiB")
    block = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        if block and words == [")"]:
            block = ""
        elif not block and words[-1] == "(" and len(words) == 2:
            block = words[0]
        elif not block and words[1:] == ["(", ")"]:
            continue
        else:
            verb, *arguments = (block, *words) if block else words
            if not arguments:
                raise InvalidProjectFile(where, f"line {number} has {verb!r} and nothing after it")
            yield verb, arguments


def _words(line: str) -> list[str]:
    words: list[str] = []
    for found in _WORD.finditer(line):
        word = found.group()
        if word.startswith("//"):
            break
        words.append(word[1:-1] if word[0] in '"`' else word)
    return words


def _checked_version(text: str, where: str) -> str:
    if not _VERSION.fullmatch(text):
        raise InvalidProjectFile(where, f"{text!r} is no version of Go")
    return text
