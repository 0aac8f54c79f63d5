"""What is kept so far, with the reason, and what has not been looked at yet."""

from __future__ import annotations

from collections import deque

from distil.errors import LinkLoop
from distil.model.ledger import Reason
from distil.model.node import Kind, Node, parent_of
from distil.model.tree import MAX_LINKS, Tree

LINK = "link"
"""The rule under which what a symbolic link leads to is kept, and the link on the way."""


class Keeping:
    """A growing set of paths of `tree`. The first reason found for a path is the one it has."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.kept: dict[str, Reason] = {}
        self._fresh: deque[Node] = deque()

    def keep(self, path: str, reason: Reason) -> bool:
        """Keep what opening `path` needs: the node, and every link on the way to a file.

        False when nothing is there.
        """
        first = reason
        for _ in range(MAX_LINKS):
            node = self._entry(path, reason)
            if node is None:
                return False
            self._add(node, reason)
            if node.kind is not Kind.SYMLINK:
                return True
            target = node.target
            base = "" if target.startswith("/") else parent_of(node.path).rstrip("/") + "/"
            reason = Reason(LINK, node.path, first.rule)
            path = base + target
        raise LinkLoop(path)

    def next(self) -> Node | None:
        """A kept node that was not handed out yet, None when there is none."""
        return self._fresh.popleft() if self._fresh else None

    def _entry(self, path: str, reason: Reason) -> Node | None:
        """The node that `path` names, its directory's links kept and followed."""
        node = self.tree.get(path)
        if node is not None:
            return node
        parts = path.split("/")
        for end in range(2, len(parts)):
            link = self.tree.get("/".join(parts[:end]))
            if link is not None and link.kind is Kind.SYMLINK:
                self._add(link, Reason(LINK, "", reason.rule))
        parent = self.tree.real_path(parent_of(path)).rstrip("/")
        return self.tree.get(f"{parent}/{parts[-1]}")

    def _add(self, node: Node, reason: Reason) -> None:
        if node.path not in self.kept:
            self.kept[node.path] = reason
            self._fresh.append(node)
