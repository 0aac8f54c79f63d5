"""What must hold of a finished tree before it becomes an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.compose.compose import Composition
from distil.compose.configuration import commands
from distil.compose.errors import (
    BrokenCommand,
    ClosureBroken,
    TwinBroken,
    UnaccountedFile,
    UnwantedProgram,
)
from distil.compose.plan import Plan
from distil.distros.protocol import Tools
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.model.draft import describe
from distil.model.node import Kind
from distil.model.origin import LayerOrigin, PackageOrigin
from distil.model.programs import PACKAGE_MANAGERS, SHELLS
from distil.model.tree import Tree
from distil.reach.soundness import (
    Fault,
    entrypoint_faults,
    find_program,
    idle_plugins,
    interpreter_faults,
    library_faults,
    search_path,
)
from distil.runtimes.protocol import FinishedTree, RuntimeContents

_WRITE_ENTRYPOINT: Final = 'write entrypoint = ["PROGRAM", …] below [app] in distil.toml'
_WRITE_HEALTH_CHECK: Final = (
    "[image.healthcheck] names it; add the package that has it below [app] packages"
)


class Check(msgspec.Struct, frozen=True):
    """Something that was verified about the finished tree, and held."""

    name: str
    detail: str


def inspect(
    plan: Plan, composition: Composition, runtime: RuntimeContents, cache: Cache
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


def _closure(plan: Plan, composition: Composition, runtime: RuntimeContents, cache: Cache) -> Check:
    resolved, tree = plan.resolved, composition.tree
    platform, program = resolved.base.platform, resolved.runtime.program
    linked = library_faults(tree, composition.elf, platform, program, runtime.loaded())
    _tell_plugins(plan, linked)
    faults = [fault for fault in linked if not fault.plugin] + interpreter_faults(tree)
    started = commands(resolved.spec, resolved.application)
    around = FinishedTree(platform, started, composition.removed)
    faults += runtime.faults(tree, composition.elf, around, cache)
    faults = _added(tree, faults)
    if faults:
        mending = [resolved.runtime.mending(fault) for fault in faults]
        raise ClosureBroken(
            [(_said(fault), _packages(plan, composition, fault)) for fault in faults],
            [one.component for one in mending if one.component],
            [one.file for one in mending if one.file],
        )
    count = sum(
        node.blob is not None and composition.elf.get(node.blob.digest) is not None for node in tree
    )
    return Check("closure", f"{count:,} ELF files and all scripts find what they need")


def _added(tree: Tree, faults: Sequence[Fault]) -> list[Fault]:
    """Those of `faults` that are not of the image that is built on, which are told of."""
    own: list[Fault] = []
    others: list[Fault] = []
    for fault in faults:
        node = tree.get(fault.path)
        is_own = node is None or not isinstance(node.origin, LayerOrigin)
        (own if is_own else others).append(fault)
    for fault in others:
        emit(Warned(f"in the base image: {_said(fault)}", minor=True))
    return own


def inspect_twin(plan: Plan, production: Composition, tools: Tree, added: Tools) -> None:
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
    faults = [fault for fault in found if fault.path in tools and not fault.plugin]
    if faults:
        raise TwinBroken([(_said(fault), _packages(plan, production, fault)) for fault in faults])
    scripts = interpreter_faults(tree)
    silent = [fault.path for fault in scripts if fault.path in tools]
    if silent:
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        names = f"{', '.join(silent[:3])}{more}"
        what = f"scripts of the debug twin have no interpreter there: {names}"
        emit(Warned(what, minor=True))


def _tell_plugins(plan: Plan, faults: Sequence[Fault]) -> None:
    """Warn of plug-ins that cannot be loaded, with the packages that would mend that.

    They are told when all are called after what they have: no list of files is fetched for this.
    """
    idle = idle_plugins(faults)
    if idle:
        base = plan.resolved.base
        known = [base.called_after(one.soname) for one in faults if one.plugin]
        names = dict.fromkeys(f'"{packages[0]}"' for packages in known if packages)
        use = f"to use them, add {', '.join(names)} to packages below [app] in distil.toml"
        emit(Warned(idle, hint=use if all(known) else ""))


def _said(fault: Fault) -> str:
    """What is wrong, with the path first unless that begins with it anyway."""
    return fault.what if fault.what.startswith(fault.path) else f"{fault.path}: {fault.what}"


def _packages(plan: Plan, composition: Composition, fault: Fault) -> tuple[str, ...]:
    """The packages that would mend a fault, best first: one that is whole when asked for, too."""
    if fault.gone:
        names = {package.purl: package.name for package in plan.system.packages}
        places = (f"{fault.gone}.", f"{fault.gone}/")
        cut = (names.get(one.package) for one in composition.removed if one.path.startswith(places))
        return tuple(filter(None, [next(cut, None)]))
    if fault.soname:
        return plan.resolved.base.with_library(fault.soname)
    package = plan.resolved.runtime.mending(fault).package
    return (package,) if package else ()


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

    That is a package named by the user, what such a package depends on, a distribution that the
    application depends on, or an image that is built on. Raises `UnwantedProgram`.
    """
    present = [node for name in names if (node := find_program(tree, name)) is not None]
    if not present:
        return Check(f"no {kind}", "none is there")
    asked = plan.system.asked_closure
    others = {package.purl for package in plan.system.packages if package.name not in asked}
    for node in present:
        if plan.system.keeps(node.path) or isinstance(node.origin, LayerOrigin):
            continue
        if isinstance(node.origin, PackageOrigin) and node.origin.purl in others:
            raise UnwantedProgram(node.path, describe(node.origin))
    inherited = all(isinstance(node.origin, LayerOrigin) for node in present)
    why = "of the base image" if inherited else "as asked for"
    paths = dict.fromkeys(node.path for node in present)
    return Check(kind, f"{', '.join(paths)}, {why}")
