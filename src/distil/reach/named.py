"""What an application's own code names, and where a tree has it.

Names that code asks the system for by a literal: programs, libraries, locales, time zones. A
call may never happen, so what a tree lacks is told, and is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from distil.model import mention as kinds
from distil.model.mention import Mention, environment_mentions
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.reach.soundness import find_program, missing_interpreter

ENVIRONMENT: Final = "the environment"
"""Stands for a path where the container's environment names something."""

_LOCALE: Final = re.compile(
    r"(?P<language>[a-z]{2,3}_[A-Z]{2})(?:\.(?P<codeset>[\w-]+))?(?P<rest>@\w+)?"
)
_SERVICES: Final = "/etc/nsswitch.conf"
_LARGEST: Final = 2 << 20
"""Bytes of a configuration file that are read."""
_LOCALES: Final = "/usr/lib/locale"
_ZONES: Final = "/usr/share/zoneinfo"
_ZONE_NAME: Final = re.compile(r"[A-Z][\w+-]*(?:/[\w+-]+)*")
_SHARED_OBJECT: Final = re.compile(r"[^\s/]+\.so(?:\.\d+)*")
_NAME: Final = re.compile(r"[\w.+-]+")
_OF_DEBIAN: Final = re.compile(r"(?:/usr)?/s?bin/([^/\s]+)")
"""Paths at which packages have programs."""


class Named(msgspec.Struct, frozen=True, order=True):
    """One mention, and the path of the file that has it, or a word for what else does."""

    path: str
    mention: Mention

    @property
    def in_a_file(self) -> bool:
        return self.path.startswith("/")

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.path}:{self.mention.line}" if self.mention.line else self.path


def names_of(
    nodes: Iterable[Node],
    read: Callable[[Node], Iterable[Mention]],
    environment: Mapping[str, str],
) -> tuple[Named, ...]:
    """What the files among `nodes` name, by `read`, and the variables of `environment`.

    An ``nsswitch.conf`` names modules of the C library's name service.
    """
    found = [Named(ENVIRONMENT, one) for one in environment_mentions(environment.items())]
    for node in nodes:
        if node.kind is Kind.DIRECTORY or node.blob is None:
            continue
        if node.path == _SERVICES and node.size <= _LARGEST:
            found += [Named(node.path, one) for one in _services(node.blob.read())]
        found += [Named(node.path, one) for one in read(node)]
    return tuple(sorted(found))


def _services(data: bytes) -> Iterator[Mention]:
    """The modules of the sources that an nsswitch.conf(5) names; those in libc itself are none."""
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        sources = line.partition("#")[0].partition(":")[2]
        for name in re.sub(r"\[[^\]]*\]", " ", sources).split():
            if name not in {"files", "dns"} and name.isidentifier():
                yield Mention(kinds.LIBRARY, f"libnss_{name}.so.2", number)


def sought_name(mention: Mention) -> str:
    """What a package would have to have; empty for what no package could.

    Debian's name of a locale is that of its directory, and programs are called by their last
    component where a path is one that packages use.
    """
    name = mention.name
    if mention.kind == kinds.LOCALE:
        return _locale_directory(name)
    if mention.kind == kinds.ZONE:
        return name if _ZONE_NAME.fullmatch(name) else ""
    if mention.kind == kinds.LIBRARY:
        last = name.rpartition("/")[2]
        fits = "/" not in name or name.startswith(("/lib/", "/usr/lib/"))
        return last if fits and _SHARED_OBJECT.fullmatch(last) else ""
    if mention.kind in {kinds.PROGRAM, kinds.PROBE, kinds.SHELL} and "/" in name:
        path = _OF_DEBIAN.fullmatch(name)
        return path[1] if path else ""
    return name if _NAME.fullmatch(name) else ""


class Lookup:
    """Finds in `tree` what is named; programs in the directories `path` or from `workdir`."""

    def __init__(self, tree: Tree, path: Sequence[str], workdir: str) -> None:
        self._tree = tree
        self._path = path
        self._workdir = workdir

    def program(self, name: str) -> str:
        """The path at which `name` is started, with all that starting it needs; empty if none."""
        places = [f"{directory}/{name}" for directory in self._path]
        if "/" in name:
            places = [name if name.startswith("/") else f"{self._workdir.rstrip('/')}/{name}"]
        for place in places:
            node = find_program(self._tree, place)
            if node is not None and node.mode & 0o111:
                return "" if missing_interpreter(self._tree, node, self._path) else place
        return ""

    def has(self, mention: Mention) -> bool:
        """Whether the tree has what is mentioned, or answers for it without a file."""
        name = mention.name
        if mention.kind == kinds.LOCALE:
            return name.partition(".")[0] in {"", "C", "POSIX"} or self._has_locale(name)
        if mention.kind == kinds.ZONE:
            below = f"/tzdata/zoneinfo/{name}"
            return f"{_ZONES}/{name}" in self._tree or any(
                path.endswith(below) for path in self._tree.paths()
            )
        if mention.kind == kinds.LIBRARY:
            if "/" in name:
                return find_program(self._tree, name) is not None
            return name in self._names
        if mention.kind == kinds.SEARCHED:
            expression = re.compile(rf"lib{re.escape(name)}\.so(?:\.\d+)*")
            return any(map(expression.fullmatch, self._names))
        return bool(self.program(name))

    def _has_locale(self, name: str) -> bool:
        if f"{_LOCALES}/locale-archive" in self._tree:
            return True  # compiled by whoever put it there
        directory = _locale_directory(name)
        return any(f"{_LOCALES}/{one}" in self._tree for one in (name, directory) if one)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(node.name for node in self._tree if node.kind is not Kind.DIRECTORY)


def program_paths(names: Iterable[Named], lookup: Lookup) -> Iterator[tuple[str, Named]]:
    """The paths of the programs that are named and are there."""
    for one in names:
        if one.mention.kind in {kinds.PROGRAM, kinds.PROBE, kinds.SHELL}:
            path = lookup.program(one.mention.name)
            if path:
                yield path, one


def _locale_directory(name: str) -> str:
    """The directory that setlocale(3) looks for: the codeset in lower case, without punctuation."""
    match = _LOCALE.fullmatch(name)
    if match is None:
        return ""
    codeset = re.sub(r"[^a-z0-9]", "", (match["codeset"] or "").lower())
    return match["language"] + (f".{codeset}" if codeset else "") + (match["rest"] or "")
