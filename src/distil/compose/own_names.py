"""What the application's own files name, and where an image of it would look for that."""

from __future__ import annotations

from collections.abc import Iterator

from distil.compose.plan import Plan
from distil.distros.debian.named_packages import programs_of
from distil.model.ledger import Reason
from distil.model.node import Node
from distil.model.origin import ApplicationOrigin
from distil.model.tree import Tree
from distil.reach.named import Lookup, Named, names_of, program_paths
from distil.reach.soundness import search_path
from distil.runtimes.python.formats.mentions import PROGRAM, Mention

NAMED = "named program"
"""The rule under which programs are kept that the application starts by name."""


def own_names(plan: Plan, tree: Tree) -> tuple[Named, ...]:
    """What the application's own files in `tree`, and the container's environment, name.

    Distributions are not read: many mention programs for one feature, or one system, of many.
    Of some it is known that they are there to start a program.
    """
    names = names_of(_own_nodes(plan, tree), plan.findings.application.environment)
    starters = programs_of(wheel.name for wheel in plan.findings.wheels)
    return (*names, *(Named(name, Mention(PROGRAM, program, 0)) for name, program in starters))


def lookup_in(plan: Plan, tree: Tree) -> Lookup:
    """How the application's process finds things in `tree`."""
    application, image = plan.findings.application, plan.findings.spec.image
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
    findings = plan.findings
    own = {wheel.purl for wheel in findings.wheels if wheel.name in findings.own}
    for node in tree:
        if isinstance(node.origin, ApplicationOrigin) or getattr(node.origin, "purl", "") in own:
            yield node
