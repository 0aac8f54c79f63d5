"""Files of the project that ``distil.toml`` names, by path or pattern, and none outside of it."""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.source.errors import UnreadableSource
from distil.source.scan import DEEPEST
from distil.source.specification import SpecPlace

_WILDCARD: Final = re.compile(r"[*?\[]")
_ANY_DEPTH: Final = "**"
_MOST: Final = 30_000
"""Directories that a pattern is tried in; with links to directories there is no end of them."""

_LEADS_OUT: Final = "a symbolic link that leads out of the application's directory"


class OwnFile(msgspec.Struct, frozen=True):
    """Something in the project that was named.

    `path` is relative to the project, `below` the part of it that a pattern found: what
    follows the directories that it names without a wildcard. Empty for a plain path.
    """

    path: str
    below: str


def find_own(place: SpecPlace, pattern: str) -> list[OwnFile]:
    """What `pattern`, a value of the specification at `place`, stands for; sorted by path.

    ``*``, ``?`` and ``[…]`` stand for parts of one name, also of a hidden one, ``**`` as a name
    for any number of directories, and at the end for every file below. A path that is there as
    it is written is no pattern. Raises `InvalidSpec` when nothing is there, and for what a
    symbolic link leads out of the project; `UnreadableSource`.
    """
    names = [part for part in pattern.split("/") if part not in ("", ".")]
    # Several "**" in a row say no more than one, and would be tried in every combination.
    pairs = itertools.pairwise([*names, ""])
    parts = [name for name, follower in pairs if {name, follower} != {_ANY_DEPTH}]
    plain = "/".join(names)
    root = place.source
    if os.path.lexists(root / plain) or not _WILDCARD.search(plain):
        found = [OwnFile(plain, "")]
        if not os.path.lexists(root / plain):
            raise place.error(f"there is no {pattern!r} in {root}")
    else:
        fixed = next(n for n, part in enumerate(parts) if _WILDCARD.search(part))
        paths = sorted(dict.fromkeys(_expand(root, "", parts, set())))
        found = [OwnFile(path, "/".join(path.split("/")[fixed:])) for path in paths]
        if not found:
            raise place.error(f"nothing in {root} matches {pattern!r}")
    for one in found:
        check_inside(place, one.path)
    return found


def check_inside(place: SpecPlace, path: str) -> Path:
    """The real place of `path`, relative to the project, which has to lie in it.

    Raises `InvalidSpec` for a link that leads elsewhere, to nothing, or round in circles.
    """
    root = place.source.resolve()
    try:
        real = (place.source / path).resolve(strict=True)
    except FileNotFoundError:
        raise place.error(f"{path!r} is a symbolic link to nothing") from None
    except (OSError, RuntimeError):  # which of them says so depends on Python's version
        raise place.error(f"{path!r} is a symbolic link that leads round in circles") from None
    if not real.is_relative_to(root):
        hint = "copy what it leads to into the project"
        raise place.error(f"{path!r} is {_LEADS_OUT}", hint=hint)
    return real


def listed(directory: Path, above: int = 0) -> list[os.DirEntry[str]]:
    """What is in `directory`, sorted by name. Raises `UnreadableSource`, also when it is too deep.

    `above` is how many directories it is below the project.
    """
    if above > DEEPEST:
        raise UnreadableSource(str(directory), f"it is more than {DEEPEST} directories deep")
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        why = error.strerror or "cannot be listed"
        raise UnreadableSource(str(directory), why) from None


def _expand(
    root: Path, directory: str, parts: Sequence[str], seen: set[tuple[str, int]]
) -> Iterator[str]:
    """The paths below `directory` that match `parts`; ``**`` follows no links.

    `seen` are the directories, and the number of parts, that were looked at: each is once.
    """
    if (directory, len(parts)) in seen:
        return
    _remember(root, (directory, len(parts)), seen)
    head, rest = parts[0], parts[1:]
    if head != _ANY_DEPTH:
        found = _matching(root, directory, head)
        if not rest:
            yield from found
        for path in found if rest else ():
            if (root / path).is_dir():
                yield from _expand(root, path, rest, seen)
        return
    if rest:
        yield from _expand(root, directory, rest, seen)
    for entry in listed(root / directory, directory.count("/")):
        path = _joined(directory, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _expand(root, path, parts, seen)
        elif not rest:
            yield path


def _remember(root: Path, looked_at: tuple[str, int], seen: set[tuple[str, int]]) -> None:
    seen.add(looked_at)
    if len(seen) > _MOST:
        raise UnreadableSource(str(root), f"a pattern leads to more than {_MOST} directories of it")


def _matching(root: Path, directory: str, head: str) -> list[str]:
    """The paths of the entries of `directory` that match `head`."""
    if _WILDCARD.search(head):
        names = [e.name for e in listed(root / directory) if fnmatch.fnmatchcase(e.name, head)]
    else:
        names = [head] if os.path.lexists(root / directory / head) else []
    return [_joined(directory, name) for name in names]


def _joined(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
