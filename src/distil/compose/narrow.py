"""Level ``reachable``: of what was gathered, what the entrypoint can reach."""

from __future__ import annotations

import msgspec

from distil.compose.configuration import commands
from distil.compose.gather import Gathered, Ingredients
from distil.compose.own_names import named_programs
from distil.compose.plan import Plan
from distil.compose.writable import RULE as WRITABLE
from distil.events import stage
from distil.fetch.cache import Cache
from distil.model.certificates import BUNDLE, RULE
from distil.model.ledger import Reason, Removed
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.named import Named
from distil.reach.packages import SystemPackages
from distil.reach.reachable import Reached, reach
from distil.reach.roots import Roots

LOCALES_KEY = "[image] locales"
VOLUMES = "volumes"
UNREACHED = "not reachable"
_UNREACHED_WHY = "nothing that the entrypoint reaches needs it"


class Narrowed(msgspec.Struct, frozen=True):
    """What is left of a gathered system, why each path of it is kept, and further reasons."""

    gathered: Gathered
    reasons: dict[str, Reason]
    further: dict[str, list[Reason]]


def narrow(
    plan: Plan,
    gathered: Gathered,
    ingredients: Ingredients,
    named: tuple[Named, ...],
    cache: Cache,
) -> Narrowed:
    """Keep what is reachable; the rest is recorded as removed. Raises what `reach` raises.

    `named` is what the application's own files name, see `own_names`.
    """
    tree = searchable(gathered, ingredients)
    evidence = ingredients.runtime.evidence(cache)
    with stage("finding what is reachable") as result:
        reached = reach(tree, gathered.elf, roots_of(plan, gathered, named), [evidence], cache)
        result(f"{len(reached.kept):,} of {len(tree):,} paths")
    kept = gathered.tree.prune(reached.kept)
    removed = [
        Removed(node.path, _purl(node), node.size, UNREACHED, _why(node, reached))
        for node in gathered.tree
        if node.path not in kept and node.kind is not Kind.DIRECTORY
    ]
    everything = sorted((*gathered.removed, *removed), key=lambda one: (one.path, one.package))
    left = msgspec.structs.replace(gathered, tree=kept, removed=tuple(everything))
    return Narrowed(left, reached.kept, reached.further)


def searchable(gathered: Gathered, ingredients: Ingredients) -> Tree:
    """The gathered tree with what the search looks things up in."""
    tree = gathered.tree
    tree = tree.with_nodes(ingredients.system.searchable(tree, gathered.elf))
    return tree.with_nodes(ingredients.runtime.searchable(tree))


def roots_of(plan: Plan, gathered: Gathered, named: tuple[Named, ...] = ()) -> Roots:
    """What the search begins with."""
    resolved = plan.resolved
    runtime, system = resolved.runtime, plan.system
    purls = {package.name: package.purl for package in system.packages}
    depends: dict[str, list[str]] = {}
    for name, edges in system.reasons.items():
        for edge in edges:
            if edge.package in purls and name in purls:
                depends.setdefault(purls[edge.package], []).append(purls[name])
    names = {purl: name for name, purl in purls.items()}
    first, *others = commands(resolved.spec, resolved.application)
    return Roots(
        command=msgspec.structs.replace(first, also=tuple(one.words for one in others)),
        platform=resolved.base.platform,
        program=runtime.program,
        packages=SystemPackages(
            names=names,
            depends=depends,
            asked=frozenset(purls[name] for name in system.whole if name in purls),
            started=frozenset(purls[name] for name in _started(plan) if name in purls),
            piecemeal=frozenset(purls[name] for name in runtime.piecemeal if name in purls),
        ),
        names=names | {one.purl: one.name for one in runtime.components},
        keep=resolved.spec.reach.keep,
        named=named_programs(plan, gathered.tree, named) | _asked_for(plan, gathered),
    )


def _started(plan: Plan) -> set[str]:
    """The packages that are there for their programs, as the user names them."""
    runtime = plan.resolved.runtime
    return {name.partition("=")[0] for name in runtime.packages} - runtime.piecemeal


def _asked_for(plan: Plan, gathered: Gathered) -> dict[str, Reason]:
    """The paths that the user puts into the image, whether or not the application uses them."""
    image = plan.resolved.spec.image
    named = dict.fromkeys(image.volumes, Reason(VOLUMES, "", "[image] volumes"))
    named |= dict.fromkeys(image.writable, Reason(WRITABLE, "", "[image] writable"))
    named |= {path: copied.reason for path, copied in gathered.copied.items()}
    named |= plan.system.named(gathered.tree)
    certificates = plan.resolved.subject.certificates
    trusted = Reason(RULE, "", "[image] certificates")
    named |= {node.path: trusted for node in certificates if node.kind is not Kind.DIRECTORY}
    return named | {BUNDLE: trusted} if certificates else named


def _purl(node: Node) -> str:
    origin = node.origin
    return origin.purl if isinstance(origin, PackageOrigin) else ""


def _why(node: Node, reached: Reached) -> str:
    return reached.removed.get(node.path, _UNREACHED_WHY)
