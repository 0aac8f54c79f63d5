"""What the application names by a literal and the image lacks, with the package that has it.

None of this stops a build: the call may never happen, and what it asks for may be optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from distil.compose.compose import Composition
from distil.compose.own_names import lookup_in
from distil.compose.plan import Plan
from distil.events import Warned, emit
from distil.model import mention as kinds
from distil.model.node import Node
from distil.model.origin import PackageOrigin
from distil.reach.named import Named, program_paths, sought_name
from distil.reach.shells import SHELL, shell_starters


class Lacking(msgspec.Struct, frozen=True):
    """A name that the image lacks, the places that have it, and the packages that offer it.

    `kind` is what it names. A place is a path and a line, or the path of a program. `told` is
    false where the archive's lists could not be had, so that there may be other packages.
    """

    kind: str
    name: str
    places: tuple[str, ...]
    packages: tuple[str, ...] = ()
    told: bool = True


class _Kind(NamedTuple):
    """How a kind is told, and whether what no package has is worth telling."""

    what: str
    always: bool = True


SHELL_OF_PROGRAMS: Final = "shell of programs"
_KINDS: Final = {
    kinds.SHELL: _Kind("starts a shell, {}"),
    kinds.PROGRAM: _Kind("starts {}"),
    kinds.PROBE: _Kind("looks for the program {}", always=False),
    kinds.LIBRARY: _Kind("opens the library {}"),
    kinds.SEARCHED: _Kind("looks for the library {}", always=False),
    kinds.LOCALE: _Kind("asks for the locale {}"),
    kinds.ZONE: _Kind("asks for the time zone {}"),
    SHELL_OF_PROGRAMS: _Kind("can start {}"),
}


_STARTED: Final = dict.fromkeys((kinds.PROGRAM, kinds.PROBE, kinds.SHELL), kinds.PROGRAM)
"""Kinds that name the same."""


def find_lacking(plan: Plan, composition: Composition) -> tuple[Lacking, ...]:
    """What is named and is not there, by kind and name; each is a `Warned` event, too."""
    found = (*_named(plan, composition), *_shells(plan, composition))
    _tell(found, plan)
    return found


def _named(plan: Plan, composition: Composition) -> Iterator[Lacking]:
    """What the application's own files name."""
    lookup = lookup_in(plan, composition.tree)
    places: dict[tuple[str, str], list[Named]] = {}
    for one in composition.named:
        if not lookup.has(one.mention) and (name := sought_name(one.mention)):
            kind = one.mention.kind
            places.setdefault((_STARTED.get(kind, kind), name), []).append(one)
    for (_, name), found in sorted(places.items()):
        # One name may be started here and looked for there: the strongest word is said of all.
        kind = min((one.mention.kind for one in found), key=list(_KINDS).index)
        having = plan.resolved.base.offering(kind, name)
        if having.packages or _KINDS[kind].always:
            where = tuple(one.place for one in found)
            yield Lacking(kind, found[0].mention.name, where, having.packages, told=having.complete)


def _shells(plan: Plan, composition: Composition) -> Iterator[Lacking]:
    """The shell that programs start which were asked for: by the user, or by the application."""
    tree = composition.tree
    lookup = lookup_in(plan, tree)
    if lookup.program(SHELL):
        return
    packages, piecemeal = plan.system.packages, plan.resolved.runtime.piecemeal
    asked = {one.purl for one in packages if one.name in plan.system.asked}
    # The interpreter starts one for whoever calls os.system, which is told where that is called.
    runtime = {one.purl for one in packages if one.name in piecemeal}
    paths = [path for path, _ in program_paths(composition.named, lookup)]
    paths += [lookup.program(word) for word in plan.resolved.application.entrypoint[:1]]
    starters = shell_starters(tree, composition.elf, asked - runtime, filter(None, paths))
    names = {one.purl: one.name for one in packages}
    found: dict[str, list[str]] = {}
    for node in starters:
        if (purl := _purl(node)) in names and purl not in runtime:
            found.setdefault(names[purl], []).append(f"{node.path} of {names[purl]}")
    for _, places in sorted(found.items()):
        having = plan.resolved.base.offering(kinds.SHELL, "sh").packages
        yield Lacking(SHELL_OF_PROGRAMS, SHELL, tuple(places), having)


def _purl(node: Node) -> str:
    return node.origin.purl if isinstance(node.origin, PackageOrigin) else ""


def _tell(found: Sequence[Lacking], plan: Plan) -> None:
    """A warning for each, with its first place and its best package; the last says what to do."""
    lock, base = plan.resolved.lock, plan.resolved.base.name
    for number, one in enumerate(found, 1):
        more = f" (and {len(one.places) - 1} more)" if len(one.places) > 1 else ""
        what = _KINDS[one.kind].what.format(one.name)
        message = f"{one.places[0]}{more} {what}, which the image lacks; {_offer(one, base, lock)}"
        emit(Warned(message, _hint(found) if number == len(found) else ""))


def _offer(one: Lacking, base: str, lock: str) -> str:
    if one.packages:
        return f"the package {one.packages[0]} has it"
    if lock:
        return f"no package of {lock} is known to have it"
    if one.told:
        return f"no package of {base} is known to have it"
    return f"the lists of {base} that would name its package cannot be had"


def _hint(found: Sequence[Lacking]) -> str:
    """What to write for all of it."""
    locales = [one.name for one in found if one.kind == kinds.LOCALE and one.packages]
    others = [one.packages[0] for one in found if one.kind != kinds.LOCALE and one.packages]
    writing = [
        f"{key} = [{', '.join(dict.fromkeys(map(_quoted, names)))}] below [{section}]"
        for key, section, names in (("packages", "app", others), ("locales", "image", locales))
        if names
    ]
    return f"for what of it is needed, write {' and '.join(writing)}" if writing else ""


def _quoted(name: str) -> str:
    return f'"{name}"'
