"""``[[copy]]``: the user's own files at the places of the image that the user names.

What is copied belongs to the application's own files: it has their origin and their dates, and
it is needed because the user says so. Ignore files have no say here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

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

COPY: Final = "[[copy]]"
"""The rule under which copied paths are kept, and under which what they replace is left out."""

_SEARCHABLE: Final = ((0o400, 0o100), (0o040, 0o010), (0o004, 0o001))
"""Who may read a directory may search it."""


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
    found: dict[str, Copied] = {}
    for number, copy in enumerate(spec.copy):
        if copy.stage:
            continue
        place = SpecPlace(source, ("copy", f"[{number}]", "from"))
        reason = Reason(COPY, "", f"{copy.source} to {copy.target}")
        for node in _Copier(place, copy).nodes():
            other = found.setdefault(node.path, Copied(node, reason, place))
            if not _coincide(node, other.node):
                raise _conflict(place, node, other)
    for path, copied in found.items():
        for parent in _parents(path):
            other = found.get(parent, copied)
            if other.node.kind is Kind.FILE and other is not copied:
                raise _conflict(copied.place, copied.node, other)
    return Copies(dict(sorted(found.items())))


def _coincide(node: Node, other: Node) -> bool:
    if Kind.DIRECTORY in (node.kind, other.kind):
        return node.kind is other.kind
    return same_contents(node, other)


def _conflict(place: SpecPlace, node: Node, other: Copied) -> InvalidSpec:
    source = getattr(other.node.origin, "source", "")
    return place.error(
        f"{node.path} cannot be copied: {other.node.path} is {source!r} by line {other.place.line}"
    )


class Modes(NamedTuple):
    """The mode and the owner that everything of one ``[[copy]]`` gets; no mode: the usual."""

    mode: int | None
    uid: int
    gid: int

    def file(self, status: os.stat_result) -> int:
        """Of a file: as said, or else by whether its owner may execute it."""
        if self.mode is not None:
            return self.mode
        return 0o755 if status.st_mode & 0o100 else 0o644

    @property
    def directory(self) -> int:
        """Of a directory: as for files, but that who may read it may search it."""
        if self.mode is None:
            return 0o755
        search = sum(execute for read, execute in _SEARCHABLE if self.mode & read)
        return (self.mode & 0o666) | search


class _Copier:
    """Makes the nodes of one ``[[copy]]``."""

    def __init__(self, place: SpecPlace, copy: CopySpec) -> None:
        self._place = place
        self._source = copy.source
        self._into = copy.target.endswith("/")
        self._target = "/".join(part for part in copy.target.split("/") if part not in ("", "."))
        uid, _, gid = copy.owner.partition(":")
        mode = int(copy.mode, 8) if copy.mode else None
        self._modes = Modes(mode, int(uid), int(gid or uid))

    def nodes(self) -> Iterator[Node]:
        """The nodes, directories before what is in them."""
        found = find_own(self._place, self._source)
        into = self._into or len(found) > 1
        if into and self._target:
            yield self._directory(self._target, self._source)
        for one in found:
            yield from self._own(one, into=into)

    def _own(self, one: OwnFile, *, into: bool) -> Iterator[Node]:
        real = check_inside(self._place, one.path)
        if real.is_dir():
            target = self._below(one.below) if into else self._target
            yield from self._directory_tree(one.path, target)
            return
        target = self._below(one.below or one.path.rpartition("/")[2]) if into else self._target
        if not target:
            why = f"{one.path!r} is a file, and the root of the image is a directory"
            raise self._place.error(why, hint="name the file that it becomes")
        for parent in _parents(one.below) if into else ():
            yield self._directory(self._below(parent), one.path)
        yield self._file(one.path, target)

    def _below(self, path: str) -> str:
        return "/".join(part for part in (self._target, path) if part)

    def _directory_tree(self, path: str, target: str) -> Iterator[Node]:
        """The directory at `path` of the project as `target`, with all that is in it."""
        top = check_inside(self._place, path)
        pending = [(path, target)]
        while pending:
            current, there = pending.pop()
            if there:
                yield self._directory(there, current)
            for entry in listed(self._place.source / current):
                inner = "/".join(part for part in (current, entry.name) if part)
                goal = "/".join(part for part in (there, entry.name) if part)
                if entry.is_dir(follow_symlinks=False):
                    pending.append((inner, goal))
                elif entry.is_symlink():
                    yield self._link(inner, goal, top)
                else:
                    yield self._file(inner, goal)

    def _link(self, path: str, target: str, top: Path) -> Node:
        """A link inside a copied directory, whose top is `top`.

        It stays a link as long as it leads to something in that directory by a relative way;
        otherwise it would lead to nothing in the image, and what it leads to takes its place.
        """
        real = check_inside(self._place, path)
        text = os.readlink(self._place.source / path)  # noqa: PTH115 - the text as it stands
        if real.is_relative_to(top) and not text.startswith("/"):
            uid, gid = self._modes.uid, self._modes.gid
            origin = ApplicationOrigin(path)
            return Node(f"/{target}", Kind.SYMLINK, 0o777, uid, gid, target=text, origin=origin)
        if real.is_dir():
            why = f"{path!r} is a symbolic link to a directory that is not copied with it"
            raise self._place.error(why, hint="copy that directory by its own name")
        return self._file(path, target)

    def _directory(self, target: str, source: str) -> Node:
        origin = ApplicationOrigin(source)
        _, uid, gid = self._modes
        return Node(f"/{target}", Kind.DIRECTORY, self._modes.directory, uid, gid, origin=origin)

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
        mode, origin = self._modes.file(status), ApplicationOrigin(path)
        _, uid, gid = self._modes
        return Node(f"/{target}", Kind.FILE, mode, uid, gid, blob=blob, origin=origin)


def _parents(path: str) -> Sequence[str]:
    """The directories above the relative `path`, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def same_contents(first: Node, second: Node) -> bool:
    """Whether two nodes have the same contents, mode and owner, wherever they are from."""
    return _contents(first) == _contents(second)


def _contents(node: Node) -> tuple[object, ...]:
    digest = node.blob.digest if node.blob is not None else None
    kind = Kind.FILE if node.kind is Kind.HARDLINK else node.kind
    target = node.target if kind is Kind.SYMLINK else ""
    return kind, digest, target, node.mode, node.uid, node.gid
