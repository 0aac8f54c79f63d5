"""Every path of an image, in memory, contents by reference.

A `Tree` is built once and then only read: each operation returns a new one. Paths are looked
up and links resolved inside the tree alone, so a hostile image cannot name a file of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain
from typing import Final

from distil.model.draft import MAX_LINKS, Draft, describe, existing_path, resolve_path
from distil.model.errors import FileConflict, InvalidPath
from distil.model.node import ROOT, Kind, Node, parent_of

__all__ = ["MAX_LINKS", "OPAQUE", "WHITEOUT", "Tree", "describe", "resolve_path"]

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
_OF_NOTHING: Final = (WHITEOUT, f"{WHITEOUT}.", f"{WHITEOUT}..")
"""Whiteouts that name no file: some readers take them for a directory, or the one above."""


class Tree:
    """An ordered mapping of absolute path to `Node`; iteration is sorted by path.

    The root directory itself is always there, and every directory that leads to a node. Of
    the hard links to one file the first in this order is the file, so that a link always
    follows what it is a link to.

    Symbolic links count before everything else and hard links last, each kind in its order,
    so that it does not matter which package or layer comes first. Raises `FileConflict` when
    the same path is given twice with different content and `DanglingHardLink` for a hard link
    to nothing.
    """

    __slots__ = ("_children", "_nodes")

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes = _merged({}, nodes)
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
        pending = [self._nodes[path]] if path in self._nodes else []
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(self.children(node.path)))

    def resolve(self, path: str) -> Node | None:
        """The node that opening `path` reaches, symbolic links followed inside the tree.

        None when nothing is there. ``..`` at the root stays at the root, as in chroot(2).
        Raises `LinkLoop` after `MAX_LINKS` links.
        """
        real = existing_path(self._nodes.get, path)
        return None if real is None else self._nodes[real]

    def real_path(self, path: str) -> str:
        """`path` with every symbolic link followed, whether or not something is there.

        Raises `LinkLoop` after `MAX_LINKS` links.
        """
        return resolve_path(self._nodes.get, path)

    # --- new trees -------------------------------------------------------------------------

    def overlay(self, layer: Iterable[Node]) -> Tree:
        """This tree with one image layer applied on top, as `overlaid` does."""
        return self.overlaid([layer])

    def overlaid(self, layers: Iterable[Iterable[Node]], hops: int = MAX_LINKS) -> Tree:
        """This tree with image layers applied on top, lowest first, whiteouts and all.

        Follows the layer section of the OCI image specification: whiteouts hide what lower
        layers hold, never their own layer's entries; an entry whose directory is a symbolic
        link lands where that link leads, through `hops` links at most. Of two entries for one path
        the later one counts. What the layer has put in place of a link by then is no link any
        more to the whiteouts that follow.
        Raises `DanglingHardLink`, `LinkLoop`, `NotADirectory`, `FileConflict`, and
        `InvalidPath` for what lies below a directory that is named like a whiteout.
        """
        draft = Draft(dict(self._nodes), hops, keeps_apart=True)
        for layer in layers:
            self._lay_on(draft, layer)
        return Tree._of(draft.finished())

    @staticmethod
    def _lay_on(draft: Draft, layer: Iterable[Node]) -> None:
        upper: list[Node] = []
        covered: dict[str, Node] = {}
        for node in layer:
            name = node.name
            if f"/{WHITEOUT}" in node.parent:
                raise InvalidPath(node.path, "its directory is named like a whiteout")
            if name == OPAQUE:
                draft.empty(draft.real(node.parent, covered))
            elif name in _OF_NOTHING:
                raise FileConflict(node.path, "a whiteout", "the name of nothing")
            elif name.startswith(WHITEOUT):
                directory = draft.real(node.parent, covered).rstrip("/")
                draft.remove(f"{directory}/{name[len(WHITEOUT) :]}")
            else:
                upper.append(node)
                if draft.is_link(node.path):
                    covered[node.path] = node
        for node in upper:
            draft.replace(node)

    def merge(self, *others: Tree) -> Tree:
        """This tree and `others` side by side; equal nodes and shared directories coincide.

        A path below a symbolic link to a directory joins the directory it leads to (Debian's
        merged /usr). Raises `FileConflict` naming both origins, `NotADirectory`.
        """
        others_nodes = list(chain.from_iterable(others))
        if any(
            node.kind is Kind.SYMLINK and self._is_directory(node.path) for node in others_nodes
        ):
            # What lies in that directory has to move to where the link leads.
            return Tree(chain(self, others_nodes))
        return Tree._of(_merged(dict(self._nodes), others_nodes))

    def with_nodes(self, nodes: Iterable[Node]) -> Tree:
        """This tree with `nodes` put in place of whatever was at their paths."""
        draft = Draft(dict(self._nodes))
        for node in nodes:
            draft.replace(node)
        return Tree._of(draft.finished())

    def prune(self, keep: Container[str]) -> Tree:
        """Only the paths in `keep`, with the directories that lead to them.

        Where the file that hard links point to goes, the first of the links is the file.
        """
        kept: dict[str, Node] = {}
        for path, node in self._nodes.items():
            if path in keep:
                self._add_parents(kept, path)
                kept[path] = node
        return Tree._of(Draft(kept).finished())

    def filter(self, wanted: Callable[[Node], bool]) -> Tree:
        """Only the nodes that `wanted` accepts, with the directories that lead to them."""
        return self.prune({node.path for node in self if wanted(node)})

    def _is_directory(self, path: str) -> bool:
        node = self._nodes.get(path)
        return node is not None and node.kind is Kind.DIRECTORY

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


def _merged(base: dict[str, Node], nodes: Iterable[Node]) -> dict[str, Node]:
    draft = Draft(base)
    later: list[Node] = []
    links: list[Node] = []
    for node in nodes:
        (links if node.kind is Kind.SYMLINK else later).append(node)
    # A link's directory can be another link, which is then the shorter path.
    links.sort(key=lambda node: node.path)
    later.sort(key=lambda node: node.kind is Kind.HARDLINK)
    for node in chain(links, later):
        draft.merge(node)
    return draft.finished()
