"""What is kept so far, with the reason, and what has not been looked at yet."""

from __future__ import annotations

from collections import deque

from distil.model.errors import LinkLoop
from distil.model.ledger import Reason, Reasons
from distil.model.node import ROOT, Kind, Node
from distil.model.tree import MAX_LINKS, Tree

LINK = "link"
"""The rule under which what a symbolic link leads to is kept, and the link on the way."""


class Keeping:
    """A growing set of paths of `tree`, each with the reasons found for it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.reasons = Reasons()
        self._fresh: deque[Node] = deque()

    def keep(self, path: str, reason: Reason) -> bool:
        """Keep what opening `path` needs: the node, and every link on the way to a file.

        False when nothing is there. Raises `LinkLoop`.
        """
        pending = path.split("/")[::-1]
        real = ""
        links = 0
        why = reason
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                real = real.rpartition("/")[0]
                continue
            node = self.tree.get(f"{real}/{part}")
            if node is None:
                return False
            if node.kind is not Kind.SYMLINK:
                real = node.path
                continue
            links += 1
            if links > MAX_LINKS:
                raise LinkLoop(path)
            if any(part not in ("", ".") for part in pending):
                self._add(node, Reason(LINK, "", reason.rule))
            else:
                self._add(node, why)
                why = Reason(LINK, node.path, reason.rule)
            if node.target.startswith("/"):
                real = ""
            pending.extend(node.target.split("/")[::-1])
        self._add(self.tree[real or ROOT], why)
        return True

    @property
    def kept(self) -> dict[str, Reason]:
        """The paths that are kept, each with the reason that was found first."""
        return self.reasons.first

    def next(self) -> Node | None:
        """A kept node that was not handed out yet, None when there is none."""
        return self._fresh.popleft() if self._fresh else None

    @property
    def has_fresh(self) -> bool:
        """Whether a kept node has not been handed out yet."""
        return bool(self._fresh)

    def _add(self, node: Node, reason: Reason) -> None:
        if self.reasons.add(node.path, reason):
            self._fresh.append(node)
