"""``[[copy]]``: the user's own files at the places of the image that the user names.

What is copied belongs to the application's own files: it has their origin and their dates, and
it is needed because the user says so. Ignore files have no say here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.formats.errors import InvalidSpec
from distil.model.blob import FileBlob
from distil.model.ledger import Reason
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.spec import CopySpec, Spec
from distil.model.tree import Tree
from distil.source.errors import UnreadableSource
from distil.source.own_files import OwnFile, check_inside, find_own, listed
from distil.source.specification import SpecPlace
from distil.userfiles.goals import Goal, parents_of, stays_below

COPY: Final = "[[copy]]"
"""The rule under which copied paths are kept, and under which what they replace is left out."""


class Copied(msgspec.Struct, frozen=True):
    """One path that is copied, why, and the place in the specification that says so."""

    node: Node
    reason: Reason
    place: SpecPlace


class Copies(msgspec.Struct, frozen=True):
    """Everything that is copied, by path of the image."""

    by_path: dict[str, Copied] = {}

    @property
    def tree(self) -> Tree:
        """What is copied by itself."""
        return Tree(copied.node for copied in self.by_path.values())

    @property
    def files(self) -> Iterator[tuple[str, Path]]:
        """The files by their paths in the project, and where their bytes are."""
        for node in (copied.node for copied in self.by_path.values()):
            if isinstance(node.blob, FileBlob) and isinstance(node.origin, ApplicationOrigin):
                yield node.origin.source, Path(node.blob.path)


def find_copies(source: Path, spec: Spec) -> Copies:
    """The files of the application in `source` that `spec` copies; each is read for its digest.

    Raises `InvalidSpec`, which names the line, for what is not there, lies outside of
    `source`, or goes to one place twice; `UnreadableSource`.
    """
    return collected(_found(source, spec))


def _found(source: Path, spec: Spec) -> Iterator[Copied]:
    for number, copy in enumerate(spec.copy):
        if copy.stage:
            continue
        place = SpecPlace(source, ("copy", f"[{number}]", "from"))
        reason = Reason(COPY, "", f"{copy.source} to {copy.target}")
        for node in _Copier(place, copy).nodes():
            yield Copied(node, reason, place)


def collected(copies: Iterable[Copied]) -> Copies:
    """All of `copies` together.

    Raises `InvalidSpec` where two different things go to one place.
    """
    found: dict[str, Copied] = {}
    for copied in copies:
        other = found.setdefault(copied.node.path, copied)
        if not _coincide(copied.node, other.node):
            raise _conflict(copied.place, copied.node, other)
    for path, copied in found.items():
        for parent in parents_of(path):
            other = found.get(parent, copied)
            if other.node.kind is Kind.FILE and other is not copied:
                raise _conflict(copied.place, copied.node, other)
    return Copies(dict(sorted(found.items())))


def joined(copies: Copies, more: Iterable[Copied]) -> Copies:
    """`copies` and `more`. Raises as `collected` does."""
    return collected((*copies.by_path.values(), *more))


def _coincide(node: Node, other: Node) -> bool:
    if Kind.DIRECTORY in (node.kind, other.kind):
        return node.kind is other.kind
    return same_contents(node, other)


def _conflict(place: SpecPlace, node: Node, other: Copied) -> InvalidSpec:
    source = getattr(other.node.origin, "source", "")
    return place.error(
        f"{node.path} cannot be copied: {other.node.path} is {source!r} by line {other.place.line}"
    )


class _Copier:
    """Makes the nodes of one ``[[copy]]``."""

    def __init__(self, place: SpecPlace, copy: CopySpec) -> None:
        self._place = place
        self._source = copy.source
        self._goal = Goal(copy)

    def nodes(self) -> Iterator[Node]:
        """The nodes, directories before what is in them."""
        found = find_own(self._place, self._source)
        goal = self._goal
        into = goal.into or len(found) > 1
        if into and goal.target:
            yield goal.directory(goal.target, ApplicationOrigin(self._source))
        for one in found:
            yield from self._own(one, into=into)

    def _own(self, one: OwnFile, *, into: bool) -> Iterator[Node]:
        real = check_inside(self._place, one.path)
        if real.is_dir():
            target = self._goal.below(one.below) if into else self._goal.target
            yield from self._directory_tree(one.path, target)
            return
        goal = self._goal
        target = goal.below(one.below or one.path.rpartition("/")[2]) if into else goal.target
        if not target:
            why = f"{one.path!r} is a file, and the root of the image is a directory"
            raise self._place.error(why, hint="name the file that it becomes")
        for parent in parents_of(one.below) if into else ():
            yield goal.directory(goal.below(parent), ApplicationOrigin(one.path))
        yield self._file(one.path, target)

    def _directory_tree(self, path: str, target: str) -> Iterator[Node]:
        """The directory at `path` of the project as `target`, with all that is in it."""
        top = check_inside(self._place, path)
        pending = [(path, target)]
        while pending:
            current, there = pending.pop()
            if there:
                yield self._goal.directory(there, ApplicationOrigin(current))
            for entry in listed(self._place.source / current):
                inner = "/".join(part for part in (current, entry.name) if part)
                goal = "/".join(part for part in (there, entry.name) if part)
                if entry.is_dir(follow_symlinks=False):
                    pending.append((inner, goal))
                elif entry.is_symlink():
                    yield self._link(inner, goal, (path, top))
                else:
                    yield self._file(inner, goal)

    def _link(self, path: str, target: str, above: tuple[str, Path]) -> Node:
        """A link inside a copied directory: `above` is that, as it is named and as it is.

        It stays a link as long as it leads to something in that directory by a relative way;
        otherwise it would lead to nothing in the image, and what it leads to takes its place.
        """
        copied, top = above
        real = check_inside(self._place, path)
        text = os.readlink(self._place.source / path)  # noqa: PTH115 - the text as it stands
        if real.is_relative_to(top) and stays_below(f"/{path}", text, f"/{copied}"):
            return self._goal.link(target, text, ApplicationOrigin(path))
        if real.is_dir():
            why = f"{path!r} is a symbolic link to a directory that is not copied with it"
            raise self._place.error(why, hint="copy that directory by its own name")
        return self._file(path, target)

    def _file(self, path: str, target: str) -> Node:
        place = self._place.source / path
        try:
            status = place.stat()
            if not stat.S_ISREG(status.st_mode):
                raise self._place.error(f"{path!r} is not a file, directory or symbolic link")
            blob = FileBlob.of_file(place)
        except OSError as error:
            why = error.strerror or "cannot be read"
            raise UnreadableSource(str(place), why) from None
        return self._goal.file(target, status.st_mode, blob, ApplicationOrigin(path))


def same_contents(first: Node, second: Node) -> bool:
    """Whether two nodes have the same contents, mode and owner, wherever they are from."""
    return _contents(first) == _contents(second)


def _contents(node: Node) -> tuple[object, ...]:
    digest = node.blob.digest if node.blob is not None else None
    kind = Kind.FILE if node.kind is Kind.HARDLINK else node.kind
    target = node.target if kind is Kind.SYMLINK else ""
    return kind, digest, target, node.mode, node.uid, node.gid
