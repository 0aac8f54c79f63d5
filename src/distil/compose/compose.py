"""The finished Tree: gathered, narrowed to the level, and with the metadata that tells of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from distil.compose.gather import Elf, Gathered, Ingredients, gather
from distil.compose.narrow import narrow
from distil.compose.own_names import own_names
from distil.compose.placement import check_placed, check_usable
from distil.compose.plan import Plan
from distil.compose.programs import told_programs
from distil.distros.protocol import Remedy
from distil.fetch.cache import Cache
from distil.model.component import ToldProgram
from distil.model.ledger import Reason, Removed
from distil.model.node import Kind, Node
from distil.model.origin import LayerOrigin, OwnOrigin
from distil.model.spec import Level
from distil.model.tree import Tree
from distil.reach.named import Named
from distil.runtimes.protocol import Computed


class Composition(msgspec.Struct, frozen=True):
    """The finished tree, what was left out, and why each path is there.

    `reasons` is empty at level ``packages``, where a path is there because its package is;
    `further` are more reasons of some paths. `copied` says why what the user copies is there, at
    any level. `size_before` is what the ingredients hold before anything is cut, in bytes.
    `remedies` are what the user can do about what is `unhandled`, `computed` is what rests on
    guesses. `named` is what the application's own files ask the system for by name, `programs`
    are its own compiled ones with what they tell of themselves.
    """

    tree: Tree
    elf: Elf
    removed: tuple[Removed, ...]
    reasons: dict[str, Reason]
    unhandled: tuple[str, ...]
    size_before: int
    remedies: tuple[Remedy, ...] = ()
    computed: Computed | None = None
    further: dict[str, list[Reason]] = {}
    copied: dict[str, Reason] = {}
    named: tuple[Named, ...] = ()
    programs: tuple[ToldProgram, ...] = ()


def compose(plan: Plan, ingredients: Ingredients, created: int, cache: Cache) -> Composition:
    """Put `ingredients` together at the level the plan's specification asks for.

    `created` (seconds since 1970) dates the application's files. Raises what `gather` and
    `narrow` raise.
    """
    gathered = gather(plan, ingredients, cache)
    reasons: dict[str, Reason] = {}
    further: dict[str, list[Reason]] = {}
    named = own_names(plan, ingredients.runtime, gathered.tree)
    if plan.resolved.spec.reach.level is Level.REACHABLE:
        narrowed = narrow(plan, gathered, ingredients, named, cache)
        gathered, reasons, further = narrowed.gathered, narrowed.reasons, narrowed.further
    tree = _with_metadata(gathered, ingredients, cache)
    tree = plan.resolved.base.foundation.settled(tree)
    check_placed(tree, gathered.copied)
    check_usable(tree)
    return Composition(
        tree=Tree(dated(tree, created, plan.resolved.runtime.own)),
        elf=gathered.elf,
        removed=gathered.removed,
        reasons=reasons,
        unhandled=gathered.system.unhandled,
        size_before=ingredients.size,
        remedies=gathered.system.remedies(tree),
        computed=ingredients.runtime.computed(),
        further=further,
        copied={path: copied.reason for path, copied in gathered.copied.items()},
        programs=told_programs(tree, gathered.elf),
        named=tuple(one for one in named if not one.in_a_file or one.path in tree),
    )


def _with_metadata(gathered: Gathered, ingredients: Ingredients, cache: Cache) -> Tree:
    """The tree with what depends on every file that is in it."""
    tree = gathered.tree
    tree = tree.with_nodes(ingredients.runtime.describe(tree, cache))
    tree = tree.with_nodes(ingredients.system.describe(tree, gathered.elf))
    return tree.with_nodes(ingredients.records(tree))


def dated(tree: Tree, created: int, own: frozenset[str]) -> Iterable[Node]:
    """`tree` with dates that change only when contents do, but for the application's own files.

    Third-party files keep their archives' dates. Web servers tell versions of a static file by
    its date, so the application's files carry the build's. Directories carry none: which
    package's date they have would depend on the others. What is in an image that is built on
    stays as it is.
    """
    for node in tree:
        origin = node.origin
        if isinstance(origin, LayerOrigin):
            date = node.mtime
        elif node.kind is Kind.DIRECTORY:
            date = 0
        elif isinstance(origin, OwnOrigin) or getattr(origin, "purl", "") in own:
            date = created
        else:
            date = node.mtime
        yield node if node.mtime == date else msgspec.structs.replace(node, mtime=date)
