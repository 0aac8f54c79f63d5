"""What must hold of a finished tree before it becomes an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil import distros
from distil.compose.compose import Composition
from distil.compose.configuration import commands
from distil.compose.plan import Plan
from distil.errors import (
    BrokenCommand,
    ClosureBroken,
    TwinBroken,
    UnaccountedFile,
    UnwantedProgram,
)
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.model.draft import describe
from distil.model.node import Kind
from distil.model.origin import PackageOrigin
from distil.model.programs import PACKAGE_MANAGERS, SHELLS
from distil.model.tree import Tree
from distil.reach.soundness import (
    Fault,
    entrypoint_faults,
    find_program,
    interpreter_faults,
    library_faults,
    search_path,
)
from distil.runtimes import Contents, Surroundings
from distil.runtimes.table import runtime_called

_WRITE_ENTRYPOINT: Final = 'write entrypoint = ["PROGRAM", …] below [app] in distil.toml'
_WRITE_HEALTH_CHECK: Final = (
    "[image.healthcheck] names it; add the package that has it below [app] packages"
)


class Check(msgspec.Struct, frozen=True):
    """Something that was verified about the finished tree, and held."""

    name: str
    detail: str


def inspect(
    plan: Plan, composition: Composition, runtime: Contents, cache: Cache
) -> tuple[Check, ...]:
    """Check `composition`, laid out from `runtime` and packages; what is said of it afterwards.

    Raises `ClosureBroken`, which names the packages to add, `BrokenCommand`, `UnwantedProgram`
    and `UnaccountedFile`.
    """
    # Nothing is reached from a program that is not there, so that is to be told first.
    started = tuple(_commands(plan, composition.tree))
    return (
        _origins(composition.tree),
        _closure(plan, composition, runtime, cache),
        *started,
        _without(composition.tree, "shell", SHELLS, plan),
        _without(composition.tree, "package manager", PACKAGE_MANAGERS, plan),
    )


def _origins(tree: Tree) -> Check:
    for node in tree:
        if node.origin is None:
            raise UnaccountedFile(node.path)
    files = sum(node.kind is not Kind.DIRECTORY for node in tree)
    return Check("origins", f"each of {files:,} files is accounted for")


def _closure(plan: Plan, composition: Composition, runtime: Contents, cache: Cache) -> Check:
    resolved, tree = plan.resolved, composition.tree
    platform, program = resolved.base.platform, resolved.runtime.program
    faults = library_faults(tree, composition.elf, platform, program)
    faults += interpreter_faults(tree)
    started = commands(resolved.spec, resolved.application)
    around = Surroundings(platform, started, composition.removed)
    faults += runtime.faults(tree, composition.elf, around, cache)
    if faults:
        mending = {fault: _mending(plan, fault) for fault in faults}
        raise ClosureBroken(
            [(f"{f.path}: {f.what}", mending[f][1]) for f in faults],
            [component for component, _ in mending.values() if component],
        )
    count = sum(
        node.blob is not None and composition.elf.get(node.blob.digest) is not None for node in tree
    )
    return Check("closure", f"{count:,} ELF files and all scripts find what they need")


def inspect_twin(plan: Plan, production: Composition, tools: Tree, added: distros.Tools) -> None:
    """Check that what the debug twin adds, the nodes of `tools`, finds all it needs.

    Tools bring scripts along that nobody asked for; one whose interpreter is not there is told
    of, no more. Raises `TwinBroken`, which names the packages to add.
    """
    tree = production.tree.with_nodes(tools)
    elf = dict(production.elf)
    for pack in added.packs:
        elf |= pack.elf_files()
    resolved = plan.resolved
    found = library_faults(tree, elf, resolved.base.platform, resolved.runtime.program)
    faults = [fault for fault in found if fault.path in tools]
    if faults:
        raise TwinBroken([(f"{f.path}: {f.what}", _mending(plan, f)[1]) for f in faults])
    scripts = interpreter_faults(tree)
    silent = [fault.path for fault in scripts if fault.path in tools]
    if silent:
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        names = f"{', '.join(silent[:3])}{more}"
        what = f"scripts of the debug twin have no interpreter there: {names}"
        emit(Warned(what, minor=True))


def _mending(plan: Plan, fault: Fault) -> tuple[str, tuple[str, ...]]:
    """The component, and the packages, best first, that would mend a fault."""
    if fault.soname:
        return "", plan.resolved.base.with_library(fault.soname)
    component, package = runtime_called(plan.resolved.runtime.name).mending(fault)
    return component, (package,) if package else ()


def _commands(plan: Plan, tree: Tree) -> Iterator[Check]:
    """Everything that is started by itself can be."""
    application, image = plan.resolved.application, plan.resolved.spec.image
    started = [("entrypoint", application.entrypoint, _WRITE_ENTRYPOINT)]
    if image.healthcheck is not None:
        started.append(("health check", image.healthcheck.command, _WRITE_HEALTH_CHECK))
    path = search_path(application.environment)
    for kind, words, hint in started:
        for fault in entrypoint_faults(tree, words, image.workdir, path):
            raise BrokenCommand(kind, fault.path, fault.what, hint)
        yield Check(kind, f"{words[0]} can be started")


def _without(tree: Tree, kind: str, names: tuple[str, ...], plan: Plan) -> Check:
    """No program of `names` is there but for those that somebody asked for.

    That is a package named by the user, what such a package depends on, or a distribution that
    the application depends on. Raises `UnwantedProgram`.
    """
    present = [node for name in names if (node := find_program(tree, name)) is not None]
    if not present:
        return Check(f"no {kind}", "none is there")
    asked = plan.system.asked_closure
    others = {package.purl for package in plan.system.packages if package.name not in asked}
    for node in present:
        if isinstance(node.origin, PackageOrigin) and node.origin.purl in others:
            raise UnwantedProgram(node.path, describe(node.origin))
    return Check(kind, f"{', '.join(node.path for node in present)}, as asked for")
