"""What the user can do about what maintainer scripts do and distil does not."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from importlib import resources
from itertools import chain
from typing import Final

import msgspec

from distil.distros.debian.effects.record import UnhandledScript
from distil.distros.protocol import Remedy
from distil.model.origin import ApplicationOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

_LARGEST: Final = 1 << 16
"""Bytes of a file with entries to register."""
_LIBRARIES: Final = frozenset({"driver", "driver64", "setup", "setup64"})
"""Keys of an ODBC driver whose values are libraries."""


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of data/remedies.toml, which describes the fields."""

    what: str
    package: str = "*"
    register: str = ""
    entries: str = ""
    makes: tuple[str, ...] = ()

    def fits(self, script: UnhandledScript) -> bool:
        return fnmatchcase(script.package, self.package) and fnmatchcase(script.what, self.what)


@functools.cache
def _known() -> tuple[_Known, ...]:
    text = resources.files(__package__).joinpath("data/remedies.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["remedy"], tuple[_Known, ...])


def find_remedies(
    unhandled: Sequence[UnhandledScript], tree: Tree, platform: Platform
) -> tuple[Remedy, ...]:
    """The remedies that are known for `unhandled` in an image of `tree`.

    Where the user followed one, so that a file of their own is in its place, there is none.
    """
    registered: dict[str, dict[str, list[str]]] = {}
    found = []
    for script in unhandled:
        known = next((one for one in _known() if one.fits(script)), None)
        if known is None:
            continue
        if known.register:
            words = [word for word in script.what.split() if word.startswith("/")]
            entries = known.entries.strip() or _text(tree, words[-1] if words else "")
            if entries and not _is_own(tree, known.register):
                packages = registered.setdefault(known.register, {})
                packages.setdefault(script.package, []).append(entries)
        makes = [path.replace("*", platform.multiarch) for path in known.makes]
        if makes and not any(_is_own(tree, path) for path in makes):
            found.append(Remedy((script.package,), tuple(_copying(script, makes))))
    joined = [
        Remedy(tuple(packages), tuple(_registering(path, packages.values(), tree)))
        for path, packages in registered.items()
    ]
    return (*joined, *found)


def _is_own(tree: Tree, path: str) -> bool:
    """Whether the user has put a file at `path`."""
    node = tree.get(path)
    return node is not None and isinstance(node.origin, ApplicationOrigin)


def _text(tree: Tree, path: str) -> str:
    """The text of a file; empty where `tree` lacks it."""
    node = tree.get(path)
    if node is None or node.blob is None or node.size > _LARGEST:
        return ""
    return node.blob.read().decode("utf-8", "replace").strip()


def _registering(target: str, entries: Iterable[Sequence[str]], tree: Tree) -> Iterator[str]:
    name = target.rpartition("/")[2]
    yield f"write {name} beside distil.toml:"
    texts = [_text(tree, target), *chain.from_iterable(entries)]
    for line in "\n".join(texts).splitlines():
        if line.strip():
            yield f"  {_entry(line, tree)}"
    yield "and in distil.toml:"
    yield "  [[copy]]"
    yield f'  from = "{name}"'
    yield f'  to = "{target}"'


def _entry(line: str, tree: Tree) -> str:
    """One line, where it names a driver with the path of the only library that is called so."""
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals:
        return key
    if key.lower() in _LIBRARIES and "/" not in value:
        found = [node.path for node in tree if node.name == value and node.blob is not None]
        value = found[0] if len(found) == 1 else value
    return f"{key} = {value}".rstrip()


def _copying(script: UnhandledScript, makes: Sequence[str]) -> Iterator[str]:
    command = script.what.partition("runs ")[2]
    yield f"where the same packages are installed, run {command}"
    yield f"and [[copy]] what it writes: {', '.join(makes)}"
