"""What must hold of a finished tree before it becomes an image."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.build.compose import Composition
from distil.build.plan import Plan
from distil.errors import BrokenEntrypoint, ClosureBroken, UnaccountedFile
from distil.model.node import Kind
from distil.model.tree import Tree
from distil.packages.library_packages import package_for_library
from distil.reach.soundness import (
    DEFAULT_PATH,
    Fault,
    entrypoint_faults,
    find_program,
    interpreter_faults,
    library_faults,
    python_faults,
)

SHELLS: Final = ("sh", "bash", "dash", "ash", "busybox", "zsh", "ksh")
PACKAGE_MANAGERS: Final = ("apt", "apt-get", "dpkg", "pip", "pip3", "apk", "rpm")


class Check(msgspec.Struct, frozen=True):
    """Something that was verified about the finished tree, and held."""

    name: str
    detail: str


def inspect(plan: Plan, composition: Composition) -> tuple[Check, ...]:
    """Check `composition`; what is said of it afterwards.

    Raises `ClosureBroken`, which names the packages to add, `BrokenEntrypoint` and
    `UnaccountedFile`.
    """
    return (
        _origins(composition.tree),
        _closure(plan, composition),
        _entrypoint(plan, composition.tree),
        _without(composition.tree, "no shell", SHELLS, plan),
        _without(composition.tree, "no package manager", PACKAGE_MANAGERS, plan),
    )


def _origins(tree: Tree) -> Check:
    for node in tree:
        if node.origin is None:
            raise UnaccountedFile(node.path)
    files = sum(node.kind is not Kind.DIRECTORY for node in tree)
    return Check("origins", f"each of {files:,} files is accounted for")


def _closure(plan: Plan, composition: Composition) -> Check:
    findings, tree = plan.findings, composition.tree
    program = findings.interpreter.executable
    faults = library_faults(tree, composition.elf, findings.base.platform, program)
    faults += interpreter_faults(tree)
    faults += python_faults(tree, findings.interpreter)
    if faults:
        raise ClosureBroken([(f"{f.path}: {f.what}", _packages(plan, f)) for f in faults])
    count = sum(
        node.blob is not None and composition.elf.get(node.blob.digest) is not None for node in tree
    )
    return Check("closure", f"{count:,} ELF files and all scripts find what they need")


def _packages(plan: Plan, fault: Fault) -> tuple[str, ...]:
    """The packages that would mend a fault, best first."""
    base = plan.findings.base
    if not fault.soname:
        return ()
    return tuple(package_for_library(fault.soname, base.platform, base.index, base.suites))


def _entrypoint(plan: Plan, tree: Tree) -> Check:
    words = plan.findings.application.entrypoint
    workdir = plan.findings.spec.image.workdir
    for fault in entrypoint_faults(tree, words, workdir, DEFAULT_PATH):
        raise BrokenEntrypoint(fault.path, fault.what)
    return Check("entrypoint", f"{words[0]} can be started")


def _without(tree: Tree, claim: str, names: tuple[str, ...], plan: Plan) -> Check:
    """No program of `names` is there, unless the user asked for a package that brings it."""
    present = [node for name in names if (node := find_program(tree, name)) is not None]
    if present and not plan.wanted.packages:
        raise UnaccountedFile(present[0].path)
    return Check(claim, ", ".join(node.path for node in present) or "none is there")
