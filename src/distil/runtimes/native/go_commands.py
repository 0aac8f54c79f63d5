"""The commands of a Go module: the directories whose files are of package ``main``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.model.node import Kind
from distil.runtimes.errors import NoEntrypoint
from distil.source.scan import Sources

_SHOWN: Final = 8
_MOST: Final = 1 << 16
"""Bytes of a file that are looked at for its clauses of package and import."""
_MAJOR: Final = re.compile(r"v(?:[2-9]|[1-9][0-9]+)")
"""A major version as the last part of an import path."""
_NEVER_BUILT: Final = frozenset({"vendor", "testdata"})
_COMMENT: Final = re.compile(rb"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_MAIN: Final = re.compile(rb"\A\s*package\s+main\b")
_LEFT_OUT: Final = re.compile(rb"(?m)^//[ \t]*(?:go:build|\+build)[ \t]+ignore\b")
_CGO: Final = re.compile(rb'(?m)^[ \t]*(?:import[ \t]+)?"C"[ \t\r]*(?:;|//|$)')


class GoCommand(msgspec.Struct, frozen=True):
    """A command by its directory, relative and empty for the top; `name` is that of its binary."""

    directory: str
    name: str

    @property
    def package(self) -> str:
        """As ``go build`` wants it: ``./cmd/api``."""
        return f"./{self.directory}" if self.directory else "."


class GoFiles(msgspec.Struct, frozen=True):
    """What the sources hold: commands, sorted by directory, and whether one of them calls C."""

    commands: tuple[GoCommand, ...]
    cgo: bool


def go_files(sources: Sources, name: str, modules: Sequence[str] = (".",)) -> GoFiles:
    """The commands among `sources` of a module called `name`.

    `modules` are the directories of all modules that are built together; what is in another one
    is not looked at, nor is what Go leaves out: vendored and test files, names that begin with
    ``_`` or ``.``. Raises `UnreadableSource`.
    """
    nested = [
        file.path.rpartition("/")[0] for file in sources.files if file.path.endswith("/go.mod")
    ]
    foreign = tuple(f"{directory}/" for directory in nested if directory not in modules)
    mains: set[str] = set()
    cgo = False
    for file in sources.files:
        directory, _, base = file.path.rpartition("/")
        if file.kind is not Kind.FILE or not _is_built(directory, base):
            continue
        if file.path.startswith(foreign):
            continue
        text = sources.read(file.path)[:_MOST]
        if _LEFT_OUT.search(text):
            continue
        cgo = cgo or _CGO.search(text) is not None
        if directory not in mains and _MAIN.match(_COMMENT.sub(b"", text)):
            mains.add(directory)
    commands = [GoCommand(one, _binary(one, name)) for one in sorted(mains)]
    return GoFiles(tuple(commands), cgo)


def choose(commands: Sequence[GoCommand], name: str, wanted: str) -> GoCommand:
    """The command that is started: the one called `wanted`, or else the only likely one.

    That is the top of the module, one of ``cmd`` called `name` as the module is, or the only one
    of ``cmd`` or of all. Raises `NoEntrypoint`, which names those that there are.
    """
    if not commands:
        raise NoEntrypoint(
            "the Go module has no package main, so there is nothing to start",
            "name the directory of the module that has one",
        )
    called = [command for command in commands if command.name == wanted]
    top = [command for command in commands if not command.directory]
    below = [command for command in commands if command.directory.startswith("cmd/")]
    likely = called or top or below or list(commands)
    alike = [command for command in likely if command.name == name]
    for group in (likely, alike):
        if len(group) == 1:
            return group[0]
    names = [command.name for command in commands]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise NoEntrypoint(
        f"the commands of the Go module are {', '.join(names[:_SHOWN])}{more}",
        f'write entrypoint = ["/{likely[0].name}"] below [app] in distil.toml',
    )


def _binary(directory: str, module: str) -> str:
    """How ``go build`` calls the command in `directory` of the module that is called `module`."""
    *above, last = directory.split("/")
    return (above[-1] if above else module) if _MAJOR.fullmatch(last) else last or module


def _is_built(directory: str, base: str) -> bool:
    names = directory.split("/") if directory else []
    hidden = any(name[0] in "._" for name in (*names, base))
    tested = base.endswith("_test.go")
    return base.endswith(".go") and not (hidden or tested or _NEVER_BUILT.intersection(names))
