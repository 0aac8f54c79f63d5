"""What the application's own files name, and where an image of it would look for that."""

from __future__ import annotations

from collections.abc import Iterator

from distil.compose.plan import Plan
from distil.model.ledger import Reason
from distil.model.mention import PROGRAM, Mention
from distil.model.node import Node
from distil.model.origin import OwnOrigin
from distil.model.tree import Tree
from distil.reach.named import Lookup, Named, names_of, program_paths
from distil.reach.soundness import search_path
from distil.runtimes.protocol import RuntimeContents

NAMED = "named program"
"""The rule under which programs are kept that the application starts by name."""


def own_names(plan: Plan, contents: RuntimeContents, tree: Tree) -> tuple[Named, ...]:
    """What the application's own files in `tree`, and the container's environment, name.

    Other components are not read: many mention programs for one feature, or one system, of
    many. Of some it is known that they are there to start a program.
    """
    environment = plan.resolved.application.environment
    names = names_of(_own_nodes(plan, tree), contents.mentions, environment)
    starters = contents.starters()
    return (*names, *(Named(name, Mention(PROGRAM, program, 0)) for name, program in starters))


def lookup_in(plan: Plan, tree: Tree) -> Lookup:
    """How the application's process finds things in `tree`."""
    application, image = plan.resolved.application, plan.resolved.spec.image
    return Lookup(tree, search_path(application.environment), image.workdir)


def named_programs(plan: Plan, tree: Tree, names: tuple[Named, ...]) -> dict[str, Reason]:
    """The programs in `tree` that the application starts by name, each with the first place."""
    found: dict[str, Reason] = {}
    for path, one in program_paths(names, lookup_in(plan, tree)):
        reason = Reason(NAMED, one.path, f"line {one.mention.line}")
        if not one.in_a_file:
            reason = Reason(NAMED, "", f"{one.path} starts it")
        found.setdefault(path, reason)
    return found


def _own_nodes(plan: Plan, tree: Tree) -> Iterator[Node]:
    own = plan.resolved.runtime.own
    for node in tree:
        if isinstance(node.origin, OwnOrigin) or getattr(node.origin, "purl", "") in own:
            yield node
