"""Programs that cuts leave unable to run: they go too, unless somebody asked for them.

A script whose interpreter is not in the image, most often a shell, cannot be started; a link
that leads to something cut cannot be opened. Such files are cut with the reason. A package that
the user asked for by name and that would be left without any program is an error instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.apply import ALTERNATIVES
from distil.distros.debian.errors import CutReached
from distil.distros.debian.select import CutFile, Selection, Wanted
from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree

SCRIPT_RULE: Final = "scripts without interpreter"
LINK_RULE: Final = "links to what was cut"
_PROGRAM: Final = re.compile(r"/usr/(?:bin|sbin|libexec|games)/.+")
"""Where files are run by name; elsewhere, scripts are modules that happen to be executable."""

_INTERPRETER: Final = re.compile(rb"#![ \t]*(/[^\s]+)")
_HEAD: Final = 256


def without_orphans(
    tree: Tree,
    removed: Iterable[CutFile],
    packs: Iterable[DebPack],
    elf: Mapping[Digest, ElfFile | None],
    wanted: Wanted,
) -> Selection:
    """`tree` without the programs that cannot run, and `removed` with them.

    Only files of packages are looked at, and not those that the user keeps. `elf` is what is
    known of the files by digest. Raises `CutReached` when a package in `wanted` would be left
    without a program.
    """
    before = list(removed)
    names = {pack.package.digest: pack.name for pack in packs}
    cut = {entry.path: entry.package for entry in before}
    kept = wanted.kept
    found = _orphans(tree, cut, names, elf)
    orphans = {entry.path: entry for entry in found if entry.path not in kept}
    if not orphans:
        return Selection(tree, tuple(before))
    _check_wanted(tree, orphans, names, wanted)
    left = tree.filter(lambda node: node.path not in orphans)
    everything = sorted([*before, *orphans.values()], key=lambda one: (one.path, one.package))
    return Selection(left, tuple(everything))


def _orphans(
    tree: Tree,
    cut: Mapping[str, str],
    names: Mapping[Digest, str],
    elf: Mapping[Digest, ElfFile | None],
) -> Iterator[CutFile]:
    """`cut` is the path of each file that was cut before, and its package."""
    gone = dict(cut)
    for node in tree:
        package = _package(node, names)
        if not package or not _PROGRAM.fullmatch(node.path):
            continue
        # A program may be a link to a script that lies with its modules.
        program = tree.resolve(node.path)
        if program is not None and program.blob is not None and program.mode & 0o111:
            interpreter = _interpreter(program) if elf.get(program.blob.digest) is None else ""
            if interpreter and tree.resolve(interpreter) is None:
                gone[node.path] = package
                why = f"its interpreter {interpreter} is not in the image"
                size = node.size if node.kind is Kind.FILE else 0
                yield CutFile(node.path, package, size, SCRIPT_RULE, why)
    emptied = {parent: gone[path] for path in gone for parent in _parents(path)}
    for node in tree:
        if node.kind is Kind.SYMLINK:
            target = tree.real_path(node.path)
            dangles = target in emptied and tree.resolve(node.path) is None
            loser = gone.get(target) or (emptied[target] if dangles else "")
            package = _package(node, names)
            if loser and (package or node.origin == ALTERNATIVES):
                why = f"{target} is not in the image"
                yield CutFile(node.path, package or loser, 0, LINK_RULE, why)


def _parents(path: str) -> Iterator[str]:
    """The directories above `path`, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def _package(node: Node, names: Mapping[Digest, str]) -> str:
    """The name of the package that `node` is from, or nothing."""
    return names.get(node.origin.archive, "") if isinstance(node.origin, PackageOrigin) else ""


def _interpreter(node: Node) -> str:
    """The interpreter that a script names, or nothing."""
    head = next(node.blob.chunks(), b"")[:_HEAD] if node.blob is not None else b""
    found = _INTERPRETER.match(head)
    return "" if found is None else found[1].decode("utf-8", "surrogateescape")


def _check_wanted(
    tree: Tree, orphans: Mapping[str, CutFile], names: Mapping[Digest, str], wanted: Wanted
) -> None:
    """A package that was asked for keeps at least one of its programs."""
    scripts = [entry for entry in orphans.values() if entry.rule == SCRIPT_RULE]
    lost = {entry.package for entry in scripts} & wanted.packages
    left = {
        _package(node, names)
        for node in tree
        if node.path not in orphans
        and node.kind is not Kind.DIRECTORY
        and _PROGRAM.fullmatch(node.path)
    }
    found = [
        f"{entry.path} of {entry.package}: {entry.reason}"
        for entry in scripts
        if entry.package in lost - left
    ]
    if found:
        raise CutReached(found)
