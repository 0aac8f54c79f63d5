"""What a search looks at and never changes."""

from __future__ import annotations

from collections.abc import Sequence

from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.tree import Tree
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.distributions import Distribution
from distil.runtimes.python.reach.modules import Layout


class World:
    """A tree with its layout, its distributions, and what is the application's own."""

    def __init__(
        self,
        tree: Tree,
        layout: Layout,
        distributions: Sequence[Distribution],
        command: PythonCommand,
    ) -> None:
        self.tree = tree
        self.layout = layout
        self.distributions = distributions
        self.requested = command.requested
        self.by_name = {distribution.name: distribution for distribution in distributions}
        self.owner = {path: d for d in distributions for path in d.files}
        self.application = [node for node in tree if self._of_application(node, command.workdir)]
        self.application_paths = frozenset(node.path for node in self.application)

    def _of_application(self, node: Node, workdir: str) -> bool:
        if node.kind is Kind.DIRECTORY or node.path in self.owner:
            return False
        inside = workdir != "/" and node.path.startswith(workdir.rstrip("/") + "/")
        return inside or isinstance(node.origin, ApplicationOrigin)
