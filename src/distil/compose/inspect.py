"""What must hold of a finished tree before it becomes an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.compose.compose import Composition
from distil.compose.plan import Plan, with_dependencies
from distil.distros.debian.archive import DebPack
from distil.distros.debian.library_packages import package_for_library, packages_called_after
from distil.errors import (
    BrokenCommand,
    ClosureBroken,
    TwinBroken,
    UnaccountedFile,
    UnwantedProgram,
)
from distil.events import Warned, emit
from distil.model.draft import describe
from distil.model.node import Kind
from distil.model.origin import PackageOrigin
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
from distil.runtimes.python.faults import PythonWorld, python_faults
from distil.runtimes.python.reach.command import PythonCommand
from distil.runtimes.python.reach.distributions import normal_name
from distil.runtimes.python.reach.imports import gone_modules
from distil.runtimes.python.reach.provides import distribution_for_module, package_for_module

SHELLS: Final = ("sh", "bash", "dash", "ash", "busybox", "zsh", "ksh")
_WRITE_ENTRYPOINT: Final = 'write entrypoint = ["PROGRAM", …] below [app] in distil.toml'
_WRITE_HEALTH_CHECK: Final = (
    "[image.healthcheck] names it; add the package that has it below [app] packages"
)
PACKAGE_MANAGERS: Final = ("apt", "apt-get", "dpkg", "pip", "pip3", "apk", "rpm")


class Check(msgspec.Struct, frozen=True):
    """Something that was verified about the finished tree, and held."""

    name: str
    detail: str


def inspect(plan: Plan, composition: Composition) -> tuple[Check, ...]:
    """Check `composition`; what is said of it afterwards.

    Raises `ClosureBroken`, which names the packages to add, `BrokenCommand`, `UnwantedProgram`
    and `UnaccountedFile`.
    """
    # Nothing is reached from a program that is not there, so that is to be told first.
    commands = tuple(_commands(plan, composition.tree))
    return (
        _origins(composition.tree),
        _closure(plan, composition),
        *commands,
        _without(composition.tree, "shell", SHELLS, plan),
        _without(composition.tree, "package manager", PACKAGE_MANAGERS, plan),
    )


def _origins(tree: Tree) -> Check:
    for node in tree:
        if node.origin is None:
            raise UnaccountedFile(node.path)
    files = sum(node.kind is not Kind.DIRECTORY for node in tree)
    return Check("origins", f"each of {files:,} files is accounted for")


def _closure(plan: Plan, composition: Composition) -> Check:
    findings, tree = plan.findings, composition.tree
    program, python = findings.interpreter.executable, composition.python
    imported = None if python is None else frozenset(python.modules.values())
    linked = library_faults(tree, composition.elf, findings.base.platform, program, imported)
    _tell_plugins(plan, linked)
    faults = [fault for fault in linked if not fault.plugin] + interpreter_faults(tree)
    faults += python_faults(
        tree, composition.elf, _python_world(plan, composition), composition.analyses
    )
    composition.analyses.save()
    if faults:
        raise ClosureBroken(
            [(_said(fault), _mended_by(plan, composition, fault)) for fault in faults],
            [name for fault in faults if (name := _distribution(plan, fault))],
            [name for fault in faults if (name := _sibling(plan, fault))],
        )
    count = sum(
        node.blob is not None and composition.elf.get(node.blob.digest) is not None for node in tree
    )
    return Check("closure", f"{count:,} ELF files and all scripts find what they need")


def inspect_twin(
    plan: Plan, production: Composition, tools: Tree, packs: Sequence[DebPack]
) -> None:
    """Check that what the debug twin adds, the nodes of `tools`, finds all it needs.

    Tools bring scripts along that nobody asked for; one whose interpreter is not there is told
    of, no more. Raises `TwinBroken`, which names the packages to add.
    """
    tree = production.tree.with_nodes(tools)
    elf = dict(production.elf)
    for pack in packs:
        elf |= pack.pack.elf_files()
    findings = plan.findings
    found = library_faults(tree, elf, findings.base.platform, findings.interpreter.executable)
    faults = [fault for fault in found if fault.path in tools and not fault.plugin]
    if faults:
        raise TwinBroken([(_said(fault), _packages(plan, fault)) for fault in faults])
    scripts = interpreter_faults(tree)
    silent = [fault.path for fault in scripts if fault.path in tools]
    if silent:
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        names = f"{', '.join(silent[:3])}{more}"
        what = f"scripts of the debug twin have no interpreter there: {names}"
        emit(Warned(what, minor=True))


def _python_world(plan: Plan, composition: Composition) -> PythonWorld:
    findings, python = plan.findings, composition.python
    application, image = findings.application, findings.spec.image
    words = [(*application.entrypoint, *application.command)]
    if image.healthcheck is not None:
        words.append(image.healthcheck.command)
    gone = ((one.path, f"{one.rule}: {one.reason}") for one in composition.removed)
    return PythonWorld(
        machine=findings.base.platform.machine,
        commands=tuple(PythonCommand(one, image.workdir, application.environment) for one in words),
        modules={} if python is None else python.modules,
        held=frozenset() if python is None else python.held,
        gone=gone_modules(gone, complete=True),
        installed=frozenset(normal_name(wheel.name) for wheel in findings.wheels),
    )


def _tell_plugins(plan: Plan, faults: Sequence[Fault]) -> None:
    """Warn of plug-ins that cannot be loaded, with the packages that would mend that.

    They are told when all are called after what they have: no list of files is fetched for this.
    """
    idle = idle_plugins(faults)
    if idle:
        index = plan.findings.base.index
        known = [packages_called_after(one.soname, index) for one in faults if one.plugin]
        names = dict.fromkeys(f'"{packages[0]}"' for packages in known if packages)
        use = f"to use them, add {', '.join(names)} to packages below [app] in distil.toml"
        emit(Warned(idle, hint=use if all(known) else ""))


def _said(fault: Fault) -> str:
    """What is wrong, with the path first unless that begins with it anyway."""
    return fault.what if fault.what.startswith(fault.path) else f"{fault.path}: {fault.what}"


def _sibling(plan: Plan, fault: Fault) -> str:
    """What lies beside a script that is built alone and would mend a fault; empty without such."""
    application, name = plan.findings.application, fault.module.partition(".")[0]
    if not application.script or not name:
        return ""
    if Path(application.source, f"{name}.py").is_file():
        return f"{name}.py"
    return name if Path(application.source, name).is_dir() else ""


def _distribution(plan: Plan, fault: Fault) -> str:
    """The Python distribution that would mend a fault; empty where none would."""
    if not fault.module or package_for_module(fault.module) or _sibling(plan, fault):
        return ""
    return distribution_for_module(fault.module)


def _mended_by(plan: Plan, composition: Composition, fault: Fault) -> tuple[str, ...]:
    """The packages that would mend a fault: one that is taken whole when it is asked for, too."""
    if not fault.gone:
        return _packages(plan, fault)
    names = {package.purl: package.name for package in plan.packages}
    places = (f"{fault.gone}.", f"{fault.gone}/")
    cut = (names.get(one.package) for one in composition.removed if one.path.startswith(places))
    return tuple(filter(None, [next(cut, None)]))


def _packages(plan: Plan, fault: Fault) -> tuple[str, ...]:
    """The packages that would mend a fault, best first."""
    base = plan.findings.base
    if fault.module:
        return tuple(filter(None, [package_for_module(fault.module)]))
    if not fault.soname:
        return ()
    return tuple(package_for_library(fault.soname, base.platform, base.index, base.suites))


def _commands(plan: Plan, tree: Tree) -> Iterator[Check]:
    """Everything that is started by itself can be."""
    application, image = plan.findings.application, plan.findings.spec.image
    commands = [("entrypoint", application.entrypoint, _WRITE_ENTRYPOINT)]
    if image.healthcheck is not None:
        commands.append(("health check", image.healthcheck.command, _WRITE_HEALTH_CHECK))
    path = search_path(application.environment)
    for kind, words, hint in commands:
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
    asked = with_dependencies(plan.wanted.packages, plan.reasons)
    others = {package.purl for package in plan.packages if package.name not in asked}
    kept = plan.wanted.kept
    for node in present:
        if node.path in kept:
            continue
        if isinstance(node.origin, PackageOrigin) and node.origin.purl in others:
            raise UnwantedProgram(node.path, describe(node.origin))
    return Check(kind, f"{', '.join(node.path for node in present)}, as asked for")
