"""Every path of an image, in memory, contents by reference.

A `Tree` is built once and then only read: each operation returns a new one. Paths are looked
up and links resolved inside the tree alone, so a hostile image cannot name a file of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Final

import msgspec

from distil.errors import DanglingHardLink, FileConflict, LinkLoop, NotADirectory
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.origin import GeneratedOrigin, Origin, PackageOrigin

MAX_LINKS: Final = 40
"""Symbolic links followed in one look-up: Linux's own limit (path_resolution(7))."""

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"

_PARENT_RULE: Final = GeneratedOrigin("parent directory")


class Tree:
    """An ordered mapping of absolute path to `Node`; iteration is sorted by path.

    The root directory itself is always there. Raises `FileConflict` when the same path is
    given twice with different content and `DanglingHardLink` for a hard link to nothing.
    """

    __slots__ = ("_children", "_nodes")

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        draft = _Draft({})
        for node in nodes:
            draft.merge(node)
        self._nodes = draft.finished()
        self._children: dict[str, list[str]] | None = None

    @classmethod
    def _of(cls, nodes: dict[str, Node]) -> Tree:
        tree = cls.__new__(cls)
        tree._nodes = nodes
        tree._children = None
        return tree

    # --- reading ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __contains__(self, path: object) -> bool:
        return path in self._nodes

    def __getitem__(self, path: str) -> Node:
        return self._nodes[path]

    def get(self, path: str) -> Node | None:
        """The node at exactly `path`; symbolic links are not followed."""
        return self._nodes.get(path)

    def paths(self) -> Iterable[str]:
        """All paths, sorted."""
        return self._nodes.keys()

    def children(self, path: str) -> list[Node]:
        """The nodes directly inside directory `path`, sorted; empty for anything else."""
        if self._children is None:
            index: dict[str, list[str]] = {}
            for child in self._nodes:
                if child != ROOT:
                    index.setdefault(parent_of(child), []).append(child)
            self._children = index
        return [self._nodes[child] for child in self._children.get(path, ())]

    def under(self, path: str) -> Iterator[Node]:
        """The node at `path` and everything below it, parents first."""
        node = self._nodes.get(path)
        if node is not None:
            yield node
        for child in self.children(path):
            yield from self.under(child.path)

    def resolve(self, path: str) -> Node | None:
        """The node that opening `path` reaches, symbolic links followed inside the tree.

        None when nothing is there. ``..`` at the root stays at the root, as in chroot(2).
        Raises `LinkLoop` after `MAX_LINKS` links.
        """
        real = resolve_path(self._nodes.get, path)
        return self._nodes.get(real)

    def real_path(self, path: str) -> str:
        """`path` with every symbolic link followed, whether or not something is there."""
        return resolve_path(self._nodes.get, path)

    # --- new trees -------------------------------------------------------------------------

    def overlay(self, layer: Iterable[Node]) -> Tree:
        """This tree with an image layer applied on top, whiteouts and all.

        Follows the layer section of the OCI image specification: whiteouts hide what lower
        layers hold, never their own layer's entries; an entry whose directory is a symbolic
        link lands where that link leads. Of two entries for one path the later one counts.
        Raises `DanglingHardLink`, `LinkLoop`, `NotADirectory`, `FileConflict`.
        """
        draft = _Draft(dict(self._nodes))
        upper: list[Node] = []
        for node in layer:
            name = node.name
            if name == OPAQUE:
                draft.empty(draft.real(node.parent))
            elif name == WHITEOUT:
                raise FileConflict(node.path, "a whiteout", "the name of nothing")
            elif name.startswith(WHITEOUT):
                hidden = draft.real(node.parent).rstrip("/") + "/" + name[len(WHITEOUT) :]
                draft.remove(hidden)
            else:
                upper.append(node)
        for node in upper:
            draft.replace(node)
        return Tree._of(draft.finished())

    def merge(self, *others: Tree) -> Tree:
        """This tree and `others` side by side; equal nodes and shared directories coincide.

        A path below a symbolic link to a directory joins the directory it leads to (Debian's
        merged /usr). Raises `FileConflict` naming both origins, `NotADirectory`.
        """
        draft = _Draft(dict(self._nodes))
        for other in others:
            for node in other:
                draft.merge(node)
        return Tree._of(draft.finished())

    def with_nodes(self, nodes: Iterable[Node]) -> Tree:
        """This tree with `nodes` put in place of whatever was at their paths."""
        draft = _Draft(dict(self._nodes))
        for node in nodes:
            draft.replace(node)
        return Tree._of(draft.finished())

    def prune(self, keep: Container[str]) -> Tree:
        """Only the paths in `keep`, with the directories that lead to them.

        A hard link whose target goes becomes a file of its own.
        """
        kept: dict[str, Node] = {}
        for path, node in self._nodes.items():
            if path in keep:
                self._add_parents(kept, path)
                kept[path] = node
        return Tree._of(_Draft(kept).finished())

    def filter(self, wanted: Callable[[Node], bool]) -> Tree:
        """Only the nodes that `wanted` accepts, with the directories that lead to them."""
        return self.prune({node.path for node in self if wanted(node)})

    def _add_parents(self, kept: dict[str, Node], path: str) -> None:
        parent = parent_of(path)
        missing = []
        while parent not in kept:
            missing.append(parent)
            if parent == ROOT:
                break
            parent = parent_of(parent)
        for directory in reversed(missing):
            kept[directory] = self._nodes[directory]


def resolve_path(get: Callable[[str], Node | None], path: str) -> str:
    """Follow the symbolic links in `path`, looking nodes up with `get`. Raises `LinkLoop`."""
    pending = path.split("/")[::-1]
    real = ""
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            real = real.rsplit("/", 1)[0] if real else ""
            continue
        candidate = f"{real}/{part}"
        node = get(candidate)
        if node is None or node.kind is not Kind.SYMLINK:
            real = candidate
            continue
        links += 1
        if links > MAX_LINKS:
            raise LinkLoop(path)
        if node.target.startswith("/"):
            real = ""
        pending.extend(node.target.split("/")[::-1])
    return real or ROOT


def describe(origin: Origin | None) -> str:
    """A short name for an origin, as errors and reports show it."""
    if origin is None:
        return "an unknown origin"
    if isinstance(origin, PackageOrigin):
        return origin.purl
    if isinstance(origin, GeneratedOrigin):
        return f"distil ({origin.rule})"
    return str(getattr(origin, "source", None) or getattr(origin, "diff_id", ""))


class _Draft:
    """The mutable nodes of a tree that is being built."""

    __slots__ = ("_links", "_nodes", "_real")

    def __init__(self, nodes: dict[str, Node]) -> None:
        self._nodes = nodes
        self._real: dict[str, str] = {}
        self._links = any(node.kind is Kind.SYMLINK for node in nodes.values())
        if ROOT not in nodes:
            nodes[ROOT] = Node(ROOT, Kind.DIRECTORY, 0o755, origin=_PARENT_RULE)

    def real(self, directory: str) -> str:
        """Where `directory` leads through the symbolic links there are so far."""
        if not self._links:
            return directory
        real = self._real.get(directory)
        if real is None:
            real = self._real[directory] = resolve_path(self._nodes.get, directory)
        return real

    def merge(self, node: Node) -> None:
        node = self._placed(node)
        existing = self._nodes.get(node.path)
        if existing is None:
            self._put(node)
        elif not self._coincide(existing, node):
            raise FileConflict(node.path, describe(existing.origin), describe(node.origin))

    def replace(self, node: Node) -> None:
        node = self._placed(node)
        existing = self._nodes.get(node.path)
        if existing is not None and existing.kind is Kind.DIRECTORY:
            if node.kind is not Kind.DIRECTORY:
                self.remove(node.path)
        self._put(node)

    def remove(self, path: str) -> None:
        """Take `path` and everything below it away."""
        if path == ROOT:
            raise FileConflict(ROOT, "the root directory", "something that would replace it")
        if self._nodes.pop(path, None) is not None:
            self.empty(path)
            self._real.clear()

    def empty(self, path: str) -> None:
        """Take everything below `path` away."""
        prefix = path.rstrip("/") + "/"
        for child in [p for p in self._nodes if p.startswith(prefix) and p != ROOT]:
            del self._nodes[child]
        self._real.clear()

    def finished(self) -> dict[str, Node]:
        """The nodes sorted, every hard link sharing a file's contents or turned into a file."""
        nodes = {path: self._nodes[path] for path in sorted(self._nodes)}
        for path, node in nodes.items():
            if node.kind is Kind.HARDLINK:
                target = nodes.get(node.target)
                if target is None or target.kind is not Kind.FILE or target.blob != node.blob:
                    nodes[path] = msgspec.structs.replace(node, kind=Kind.FILE, target="")
        return nodes

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
        if node.kind is Kind.HARDLINK:
            node = self._linked(node)
        return node

    def _linked(self, node: Node) -> Node:
        target = self._nodes.get(self._file_path(node.target))
        while target is not None and target.kind is Kind.HARDLINK:
            target = self._nodes.get(target.target)
        if target is None or target.kind is Kind.DIRECTORY:
            raise DanglingHardLink(node.path, node.target)
        if target.kind is not Kind.FILE:
            return msgspec.structs.replace(target, path=node.path, origin=node.origin)
        return msgspec.structs.replace(
            target, path=node.path, origin=node.origin, kind=Kind.HARDLINK, target=target.path
        )

    def _file_path(self, path: str) -> str:
        return f"{self.real(parent_of(path)).rstrip('/')}/{path.rsplit('/', 1)[1]}"

    def _ensure_directory(self, path: str) -> None:
        node = self._nodes.get(path)
        if node is None:
            self._ensure_directory(parent_of(path))
            self._nodes[path] = Node(path, Kind.DIRECTORY, 0o755, origin=_PARENT_RULE)
        elif node.kind is not Kind.DIRECTORY:
            raise NotADirectory(path, describe(node.origin))

    def _coincide(self, existing: Node, node: Node) -> bool:
        """Whether the two can be one; a directory that distil only implied gives way."""
        if existing.kind is Kind.DIRECTORY and node.kind is Kind.DIRECTORY:
            if existing.origin is _PARENT_RULE:
                self._nodes[node.path] = node
            return True
        if existing.kind is Kind.SYMLINK and node.kind is Kind.DIRECTORY:
            target = self._nodes.get(self.real(node.path))
            return target is not None and target.kind is Kind.DIRECTORY
        return (
            _content_kind(existing) == _content_kind(node)
            and existing.target == node.target
            and existing.blob == node.blob
            and (existing.mode, existing.uid, existing.gid) == (node.mode, node.uid, node.gid)
        )

    def _put(self, node: Node) -> None:
        if node.kind is Kind.SYMLINK:
            self._links = True
            self._real.clear()
        self._nodes[node.path] = node


def _content_kind(node: Node) -> Kind:
    return Kind.FILE if node.kind is Kind.HARDLINK else node.kind
