"""Level ``reachable``: of what was gathered, what the entrypoint can reach."""

from __future__ import annotations

import msgspec

from distil.compose.gather import Gathered
from distil.compose.own_names import named_programs
from distil.compose.plan import Plan
from distil.distros.debian.effects.certificates import BUNDLE, RULE
from distil.distros.debian.effects.library_cache import library_cache_nodes
from distil.distros.debian.locales import further_locales
from distil.events import Warned, emit, stage
from distil.fetch.cache import Cache
from distil.model.ledger import Reason, Removed
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.reach.named import Named
from distil.reach.reachable import Reached, Roots, reach
from distil.runtimes.python.install import record_nodes
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.result import PythonReach

LOCALES_KEY = "[image] locales"
UNREACHED = "not reachable"
_UNREACHED_WHY = "nothing that the entrypoint reaches needs it"


class Narrowed(msgspec.Struct, frozen=True):
    """What is left of a gathered system, the reason for each path that is kept, and further ones.

    `python` is what of it Python code can reach, `analyses` what was read to tell.
    """

    gathered: Gathered
    reasons: dict[str, Reason]
    further: dict[str, list[Reason]]
    python: PythonReach
    analyses: Analyses


def narrow(plan: Plan, gathered: Gathered, named: tuple[Named, ...], cache: Cache) -> Narrowed:
    """Keep what is reachable; the rest is recorded as removed. Raises what `reach` raises.

    `named` is what the application's own files name, see `own_names`.
    """
    tree = searchable(plan, gathered)
    with stage("finding what is reachable") as result:
        reached = reach(tree, gathered.elf, roots_of(plan, gathered, named), cache)
        result(f"{len(reached.kept):,} of {len(tree):,} paths")
    _tell_unresolved(reached)
    kept = gathered.tree.prune(reached.kept)
    removed = [
        Removed(node.path, _purl(node), node.size, UNREACHED, _why(node, reached))
        for node in gathered.tree
        if node.path not in kept and node.kind is not Kind.DIRECTORY
    ]
    everything = sorted((*gathered.removed, *removed), key=lambda one: (one.path, one.package))
    left = msgspec.structs.replace(gathered, tree=kept, removed=tuple(everything))
    return Narrowed(left, reached.kept, reached.further, reached.python, reached.analyses)


def searchable(plan: Plan, gathered: Gathered) -> Tree:
    """The gathered tree with what the search looks things up in."""
    platform = plan.findings.base.platform
    # The loader finds libraries outside the default directories only through its cache.
    tree = gathered.tree.with_nodes(library_cache_nodes(gathered.tree, gathered.elf, platform))
    # And which files belong to a distribution is told by its RECORD alone.
    return tree.with_nodes(record_nodes(tree, plan.findings.interpreter))


def roots_of(plan: Plan, gathered: Gathered, named: tuple[Named, ...] = ()) -> Roots:
    """What the search begins with."""
    findings = plan.findings
    application, spec = findings.application, findings.spec
    health = spec.image.healthcheck
    purls = {package.name: package.purl for package in plan.packages}
    depends: dict[str, list[str]] = {}
    for name, edges in plan.reasons.items():
        for edge in edges:
            if edge.package in purls and name in purls:
                depends.setdefault(purls[edge.package], []).append(purls[name])
    return Roots(
        command=PythonCommand(
            words=(*application.entrypoint, *application.command),
            workdir=spec.image.workdir,
            environment=application.environment,
            requested=application.dependencies.names,
            also=(health.command,) if health is not None else (),
        ),
        interpreter=findings.interpreter,
        platform=findings.base.platform,
        asked=frozenset(purls[name] for name in plan.asked_packages if name in purls),
        runtime=frozenset(purls[name] for name in plan.runtime_packages if name in purls),
        depends=depends,
        keep=spec.reach.keep,
        named=named_programs(plan, gathered.tree, named) | _asked_for(plan, gathered),
    )


def _asked_for(plan: Plan, gathered: Gathered) -> dict[str, Reason]:
    """The paths that the user puts into the image, whether or not the application uses them."""
    named = {path: copied.reason for path, copied in gathered.copied.items()}
    for locale, directory in further_locales(plan.findings.spec.image.locales).items():
        reason = Reason(LOCALES_KEY, "", locale)
        named |= {node.path: reason for node in gathered.tree.under(directory)}
    certificates = plan.findings.certificates
    trusted = Reason(RULE, "", "[image] certificates")
    named |= {node.path: trusted for node in certificates if node.kind is not Kind.DIRECTORY}
    return named | {BUNDLE: trusted} if certificates else named


def _tell_unresolved(reached: Reached) -> None:
    unresolved = reached.python.unresolved
    if unresolved:
        first = ", ".join(str(one) for one in unresolved[:3])
        more = f" and {len(unresolved) - 3} more" if len(unresolved) > 3 else ""
        what = f"the whole standard library is kept for imports that are computed: {first}{more}"
        emit(Warned(what, minor=True))


def _purl(node: Node) -> str:
    origin = node.origin
    return origin.purl if isinstance(origin, PackageOrigin) else ""


def _why(node: Node, reached: Reached) -> str:
    return reached.removed.get(node.path, _UNREACHED_WHY)
