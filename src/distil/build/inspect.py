"""What must hold of a finished tree before it becomes an image."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.build.compose import Composition
from distil.build.plan import Plan
from distil.errors import BrokenEntrypoint, MissingLibraries, UnaccountedFile
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.packages.library_packages import package_for_library
from distil.reach.closure import check_elf
from distil.reach.linkmap import Miss, MissingLibrary

SHELLS: Final = ("sh", "bash", "dash", "ash", "busybox", "zsh", "ksh")
PACKAGE_MANAGERS: Final = ("apt", "apt-get", "dpkg", "pip", "pip3", "apk", "rpm")

_PROGRAM_DIRECTORIES: Final = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/local/sbin")
_SCRIPT_START: Final = b"#!"


class Check(msgspec.Struct, frozen=True):
    """Something that was verified about the finished tree, and held."""

    name: str
    detail: str


def inspect(plan: Plan, composition: Composition) -> tuple[Check, ...]:
    """Check `composition`; what is said of it afterwards.

    Raises `MissingLibraries`, which names the packages to add, `BrokenEntrypoint` and
    `UnaccountedFile`.
    """
    return (
        _origins(composition.tree),
        _libraries(plan, composition),
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


def _libraries(plan: Plan, composition: Composition) -> Check:
    interpreter = plan.findings.interpreter.executable
    platform = plan.findings.base.platform
    misses = check_elf(composition.tree, composition.elf, platform, program=interpreter)
    if misses:
        raise MissingLibraries([_named(plan, miss) for miss in misses])
    count = sum(
        node.blob is not None and composition.elf.get(node.blob.digest) is not None
        for node in composition.tree
    )
    return Check("libraries", f"{count:,} ELF files find all they need")


def _named(plan: Plan, miss: Miss) -> tuple[str, tuple[str, ...]]:
    """A miss in words, with the packages that would mend it."""
    if not isinstance(miss, MissingLibrary):
        return str(miss), ()
    base = plan.findings.base
    found = package_for_library(miss.soname, base.platform, base.index, base.suites)
    return str(miss), tuple(found)


def _entrypoint(plan: Plan, tree: Tree) -> Check:
    """The entrypoint is there and can be started, through the interpreter its first line names."""
    command = plan.findings.application.entrypoint
    program = _program(tree, command[0])
    if program is None:
        raise BrokenEntrypoint(command[0], "there is no such program in the image")
    if not program.mode & 0o111:
        raise BrokenEntrypoint(command[0], f"{program.path} is not executable")
    start = next(program.blob.chunks(), b"") if program.blob is not None else b""
    if start.startswith(_SCRIPT_START):
        interpreter = start[2:].split(b"\n", 1)[0].split()[0].decode("utf-8", "surrogateescape")
        if tree.resolve(interpreter) is None:
            raise BrokenEntrypoint(command[0], f"its interpreter {interpreter} is not there")
    return Check("entrypoint", f"{program.path} can be started")


def _program(tree: Tree, name: str) -> Node | None:
    """The file that starting `name` runs: by its path, or found on PATH."""
    if "/" in name:
        return tree.resolve(name)
    found = (tree.resolve(f"{directory}/{name}") for directory in _PROGRAM_DIRECTORIES)
    return next((node for node in found if node is not None), None)


def _without(tree: Tree, claim: str, names: tuple[str, ...], plan: Plan) -> Check:
    """No program of `names` is there, unless the user asked for a package that brings it."""
    present = [node for name in names if (node := _program(tree, name)) is not None]
    if present and not plan.wanted.packages:
        raise UnaccountedFile(present[0].path)
    return Check(claim, ", ".join(node.path for node in present) or "none is there")
