"""The mutable nodes of a tree that is being built; only `tree` uses it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from distil.model.errors import (
    DanglingHardLink,
    FileConflict,
    LinkLoop,
    NotADirectory,
    TooManySteps,
)
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.origin import GeneratedOrigin, Origin, PackageOrigin, StageOrigin

MAX_LINKS: Final = 40
"""Symbolic links followed in one look-up: Linux's own limit (path_resolution(7))."""

_MOST_STEPS: Final = 30_000_000
"""Steps in looking for where directories lead, names and letters of targets: some seconds."""

_AGAIN: Final = "\0"
"""Between a path and how many files there have been; no path holds it."""

PARENT_RULE: Final = GeneratedOrigin("parent directory")


def resolve_path(get: Callable[[str], Node | None], path: str, hops: int = MAX_LINKS) -> str:
    """Follow the symbolic links in `path`, `hops` at most, looking nodes up with `get`.

    Whether anything is there does not matter: where nothing is, ``..`` leads back. Raises
    `LinkLoop`.
    """
    return _walk(get, path, hops, must_exist=False) or ROOT


def existing_path(get: Callable[[str], Node | None], path: str) -> str | None:
    """The path of the node that opening `path` reaches, or None. Raises `LinkLoop`.

    As path_resolution(7) has it, every component but the last has to be a directory, ``..``
    of something that is not there included; a trailing slash asks for a directory.
    """
    return _walk(get, path, MAX_LINKS, must_exist=True)


def _walk(
    get: Callable[[str], Node | None], path: str, hops: int, *, must_exist: bool
) -> str | None:
    pending = path.split("/")[::-1]
    real = ""
    links = 0
    while pending:
        part = pending.pop()
        if must_exist and real and not _is_directory(get(real)):
            return None
        if part in ("", "."):
            continue
        if part == "..":
            real = real.rsplit("/", 1)[0]
            continue
        candidate = f"{real}/{part}"
        node = get(candidate)
        if node is None or node.kind is not Kind.SYMLINK:
            real = candidate
            continue
        links += 1
        if links > hops:
            raise LinkLoop(path)
        if node.target.startswith("/"):
            real = ""
        pending.extend(node.target.split("/")[::-1])
    if must_exist and get(real or ROOT) is None:
        return None
    return real or ROOT


def _is_directory(node: Node | None) -> bool:
    return node is not None and node.kind is Kind.DIRECTORY


def describe(origin: Origin | None) -> str:
    """A short name for an origin, as errors and reports show it."""
    if origin is None:
        return "an unknown origin"
    if isinstance(origin, PackageOrigin):
        return origin.purl
    if isinstance(origin, GeneratedOrigin):
        return f"distil ({origin.rule})"
    if isinstance(origin, StageOrigin):
        return f"stage {origin.stage}"
    return str(getattr(origin, "source", None) or getattr(origin, "diff_id", ""))


class Draft:
    """Nodes by path, changed in place.

    Every path in it is real: the parents of each node are there and are directories. A hard
    link holds the contents and metadata of what it shares them with, and its target is only
    a label that it has in common with the other links of one file; `finished` makes one of
    them the file. So nothing is lost when the file that came first is replaced or removed.

    With `keeps_apart` a file that takes the place of another is never linked to what the other
    was, however alike they are; without, files that are alike may become one.
    """

    __slots__ = ("_anew", "_children", "_hops", "_links", "_nodes", "_real", "_steps")

    def __init__(
        self, nodes: dict[str, Node], hops: int = MAX_LINKS, *, keeps_apart: bool = False
    ) -> None:
        self._nodes = nodes
        self._hops = hops
        self._anew: dict[str, int] | None = {} if keeps_apart else None
        """How many files there have been at a path before the one that is there."""
        self._real: dict[str, str] = {}
        self._steps = 0
        self._children: dict[str, set[str]] | None = None
        self._links = any(node.kind is Kind.SYMLINK for node in nodes.values())
        if ROOT not in nodes:
            nodes[ROOT] = Node(ROOT, Kind.DIRECTORY, 0o755, origin=PARENT_RULE)

    def is_link(self, path: str) -> bool:
        """Whether a symbolic link is at `path`."""
        node = self._nodes.get(path)
        return node is not None and node.kind is Kind.SYMLINK

    def real(self, directory: str, covered: dict[str, Node] | None = None) -> str:
        """Where `directory` leads through the symbolic links there are so far.

        `covered` has what is about to take the place of links, and counts instead of them.
        """
        if not self._links:
            return directory
        if covered:
            return resolve_path(
                self._counted(ChainMap(covered, self._nodes)), directory, self._hops
            )
        real = self._real.get(directory)
        if real is None:
            get = self._counted(self._nodes)
            real = self._real[directory] = resolve_path(get, directory, self._hops)
        return real

    def _counted(self, nodes: Mapping[str, Node]) -> Callable[[str], Node | None]:
        """The look-up in `nodes`, which raises `TooManySteps` when all have come to too much.

        What was found out is forgotten with each new link, so hostile layers could have long ways
        gone again and again.
        """

        def get(path: str) -> Node | None:
            node = nodes.get(path)
            self._steps += 1 if node is None else 1 + len(node.target)
            if self._steps > _MOST_STEPS:
                raise TooManySteps(path)
            return node

        return get

    # --- changes ---------------------------------------------------------------------------

    def merge(self, node: Node) -> None:
        """Add `node`; what is at its path already has to be the same."""
        node = self._placed(node)
        existing = self._nodes.get(node.path)
        if existing is None:
            self._put(node)
        elif not self._coincide(existing, node):
            raise FileConflict(node.path, describe(existing.origin), describe(node.origin))

    def replace(self, node: Node) -> None:
        """Add `node` in place of whatever is at its path; directories keep what they hold."""
        node = self._placed(node)
        existing = self._nodes.get(node.path)
        if (
            existing is not None
            and existing.kind is Kind.DIRECTORY
            and node.kind is not Kind.DIRECTORY
        ):
            self.remove(node.path)
        self._put(node)

    def remove(self, path: str) -> None:
        """Take `path` and everything below it away."""
        if path == ROOT:
            raise FileConflict(ROOT, "the root directory", "something that would replace it")
        if path in self._nodes:
            self.empty(path)
            self._drop(path)

    def empty(self, path: str) -> None:
        """Take everything below `path` away."""
        children = self._index()
        pending = list(children.get(path, ()))
        found = []
        while pending:
            child = pending.pop()
            found.append(child)
            pending.extend(children.get(child, ()))
        for child in reversed(found):
            self._drop(child)

    def finished(self) -> dict[str, Node]:
        """The nodes sorted; of the links to one file the first is the file."""
        nodes = {path: self._nodes[path] for path in sorted(self._nodes)}
        groups: dict[str, list[Node]] = {}
        for node in nodes.values():
            if node.kind is Kind.HARDLINK:
                groups.setdefault(node.target, []).append(node)
        for label, links in groups.items():
            path = label.partition(_AGAIN)[0]
            head = nodes.get(path) if self._label(path) == label else None
            members = [*links, head] if head is not None and head.kind is Kind.FILE else links
            for same in _alike(members):
                _tie(nodes, same)
        return nodes

    # --- steps -----------------------------------------------------------------------------

    def _placed(self, node: Node) -> Node:
        """`node` at its real path, its parents there, a hard link holding its contents."""
        if node.path != ROOT:
            parent = self.real(node.parent)
            if parent != node.parent:
                path = f"{parent.rstrip('/')}/{node.name}"
                node = msgspec.structs.replace(node, path=path)
            self._ensure_directory(parent)
        elif node.kind is not Kind.DIRECTORY:
            raise FileConflict(ROOT, "the root directory", describe(node.origin))
        return self._linked(node) if node.kind is Kind.HARDLINK else node

    def _linked(self, node: Node) -> Node:
        target = None
        if node.target.startswith("/"):
            directory, _, name = node.target.rpartition("/")
            target = self._nodes.get(f"{self.real(directory or ROOT).rstrip('/')}/{name}")
        if target is None or target.kind is Kind.DIRECTORY:
            raise DanglingHardLink(node.path, node.target)
        if target.path == node.path:
            return target
        link = msgspec.structs.replace(target, path=node.path, origin=node.origin)
        if target.kind is not Kind.FILE:
            return link
        return msgspec.structs.replace(link, kind=Kind.HARDLINK, target=self._label(target.path))

    def _label(self, path: str) -> str:
        """What the links to the file at `path` have in common."""
        before = self._anew.get(path) if self._anew else None
        return f"{path}{_AGAIN}{before}" if before else path

    def _ensure_directory(self, path: str) -> None:
        missing = []
        node = self._nodes.get(path)
        while node is None:
            missing.append(path)
            path = parent_of(path)
            node = self._nodes.get(path)
        if node.kind is not Kind.DIRECTORY:
            raise NotADirectory(path, describe(node.origin))
        for directory in reversed(missing):
            self._put(Node(directory, Kind.DIRECTORY, 0o755, origin=PARENT_RULE))

    def _coincide(self, existing: Node, node: Node) -> bool:
        """Whether the two can be one; a directory that was only implied gives way."""
        if existing.kind is Kind.DIRECTORY and node.kind is Kind.DIRECTORY:
            if existing.origin == PARENT_RULE:
                self._nodes[node.path] = node
            return True
        if existing.kind is Kind.SYMLINK and node.kind is Kind.DIRECTORY:
            real = self.real(node.path)
            if real not in self._nodes:
                self._ensure_directory(real)
            return self._nodes[real].kind is Kind.DIRECTORY
        return _content(existing) == _content(node)

    def _put(self, node: Node) -> None:
        existing = self._nodes.get(node.path)
        if existing is not None and existing is not node:
            self._forget_links(existing)
        if existing is None:
            if self._children is not None:
                self._children.setdefault(node.parent, set()).add(node.path)
        elif existing.kind is Kind.SYMLINK:
            self._real.clear()
        if node.kind is Kind.SYMLINK:
            self._links = True
            self._real.clear()
        self._nodes[node.path] = node

    def _drop(self, path: str) -> None:
        gone = self._nodes.pop(path)
        self._forget_links(gone)
        if gone.kind is Kind.SYMLINK:
            self._real.clear()
        children = self._index()
        children[parent_of(path)].discard(path)
        children.pop(path, None)

    def _forget_links(self, gone: Node) -> None:
        """Have no later link to the place of the file `gone` taken for one to itself."""
        if self._anew is not None and gone.kind is Kind.FILE:
            self._anew[gone.path] = self._anew.get(gone.path, 0) + 1

    def _index(self) -> dict[str, set[str]]:
        """The children of each directory; made when first something is to go."""
        if self._children is None:
            self._children = {}
            for path in self._nodes:
                if path != ROOT:
                    self._children.setdefault(parent_of(path), set()).add(path)
        return self._children


def _content(node: Node) -> tuple[object, ...]:
    """What makes two nodes of one path the same, wherever their bytes are kept."""
    kind = Kind.FILE if node.kind is Kind.HARDLINK else node.kind
    target = node.target if kind is Kind.SYMLINK else ""
    digest = node.blob.digest if node.blob is not None else None
    return kind, target, digest, node.mode, node.uid, node.gid, node.xattrs, node.device


def _alike(nodes: Iterable[Node]) -> list[list[Node]]:
    """Split the bearers of one label into those that are one file indeed."""
    groups: dict[tuple[object, ...], list[Node]] = {}
    for node in nodes:
        groups.setdefault((*_content(node), node.mtime), []).append(node)
    return list(groups.values())


def _tie(nodes: dict[str, Node], same: list[Node]) -> None:
    """Make the first of `same` the file and the others links to it."""
    first, *others = sorted(same, key=lambda node: node.path)
    nodes[first.path] = msgspec.structs.replace(first, kind=Kind.FILE, target="")
    for node in others:
        changed = msgspec.structs.replace(node, kind=Kind.HARDLINK, target=first.path)
        nodes[node.path] = changed
