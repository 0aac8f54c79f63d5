"""Whether what is in a tree can be started: libraries, interpreters, entrypoints.

Works on any image, whoever built it: nothing is run, and nothing outside the tree is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.errors import LinkLoop
from distil.model.image import ContainerConfig
from distil.model.node import Kind, Node
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.closure import check_elf
from distil.reach.linkmap import MissingLibrary

DEFAULT_PATH: Final = (
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/bin",
    "/sbin",
)
LIBRARIES: Final = "libraries"
INTERPRETERS: Final = "interpreters"
ENTRYPOINT: Final = "entrypoint"

_SHEBANG: Final = re.compile(rb"#![ \t]*(\S+)[ \t]*([^\n]*)")
_ENV: Final = re.compile(r"(?:^|.*/)env$")
_HEAD: Final = 512
_TOLD: Final = 4
"""Plug-ins that are named in a warning."""


class Fault(msgspec.Struct, frozen=True, order=True):
    """Something that would fail at run time: the kind of check, where, and what is missing.

    `soname` is the library that is missing, `module` the Python module that nothing in the
    image ever had, `gone` the path (without a suffix) of one that was cut off, so that a caller
    can name what brings it. `plugin`: it is no more than that a plug-in cannot be loaded.
    """

    check: str
    path: str
    what: str
    soname: str = ""
    module: str = ""
    gone: str = ""
    plugin: bool = False


def library_faults(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    platform: Platform,
    program: str | None,
    imported: Collection[str] | None = None,
) -> list[Fault]:
    """ELF files that would not find a library, a symbol version or their loader.

    `imported` are the extension modules that `program` may import, None if it is not known.
    """
    return [
        Fault(
            LIBRARIES,
            miss.needed_by,
            str(miss),
            miss.soname if isinstance(miss, MissingLibrary) else "",
            plugin=miss.plugin,
        )
        for miss in check_elf(tree, elf, platform, program=program, imported=imported)
    ]


def idle_plugins(faults: Iterable[Fault]) -> str:
    """Words about the plug-ins among `faults`, each with what it needs; empty without any."""
    needed: dict[str, list[str]] = {}
    for fault in faults:
        if fault.plugin:
            needed.setdefault(fault.path, []).append(fault.soname or fault.what)
    told = [f"{path} needs {' and '.join(names)}" for path, names in list(needed.items())[:_TOLD]]
    more = f", and {len(needed) - _TOLD} more" if len(needed) > _TOLD else ""
    return f"plug-ins that cannot be loaded: {', '.join(told)}{more}" if told else ""


def interpreter_faults(tree: Tree, path: Sequence[str] = DEFAULT_PATH) -> list[Fault]:
    """Scripts that can be started by name and whose interpreter is not there."""
    faults = []
    directories = dict.fromkeys(tree.real_path(directory) for directory in path)
    for directory in directories:
        for node in tree.children(directory):
            target = _resolved(tree, node.path)
            if target is None or not target.mode & 0o111:
                continue
            missing = missing_interpreter(tree, target, path)
            if missing:
                faults.append(
                    Fault(INTERPRETERS, node.path, f"its interpreter {missing} is not there")
                )
    return faults


def missing_interpreter(tree: Tree, node: Node, path: Sequence[str]) -> str:
    """The interpreter that the script `node` names and `tree` lacks; empty when all is well."""
    words = shebang(node)
    if not words:
        return ""
    if _resolved(tree, words[0]) is None:
        return words[0]
    if _ENV.match(words[0]) and len(words) > 1 and find_program(tree, words[1], path) is None:
        return words[1]
    return ""


def shebang(node: Node) -> list[str]:
    """The words of a script's first line that name programs; none for anything else.

    ``env`` and its options (``-S``, ``-i``, assignments) are followed to the program it starts,
    which comes second.
    """
    if node.blob is None:
        return []
    found = _SHEBANG.match(next(iter(node.blob.chunks()), b"")[:_HEAD])
    if found is None:
        return []
    program = found[1].decode("utf-8", "surrogateescape")
    if not _ENV.match(program):
        return [program]
    words = found[2].decode("utf-8", "surrogateescape").split()
    started = [word for word in words if not word.startswith("-") and "=" not in word]
    attached = [word[2:] for word in words[:1] if word.startswith("-S") and len(word) > 2]
    return [program, *(attached or started)[:1]]


def command_faults(tree: Tree, config: ContainerConfig) -> list[Fault]:
    """What keeps the command of an image's configuration from being started."""
    variables = dict(entry.partition("=")[::2] for entry in config.env)
    words = (*config.entrypoint, *config.cmd)
    return entrypoint_faults(tree, words, config.working_dir or "/", search_path(variables))


def search_path(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The directories of PATH in `environment`, or those that a container has by default."""
    return tuple(filter(None, environment.get("PATH", "").split(":"))) or DEFAULT_PATH


def entrypoint_faults(
    tree: Tree, words: Sequence[str], workdir: str, path: Sequence[str]
) -> list[Fault]:
    """What keeps the container's command from being started."""
    if not words:
        return []
    program = find_program(tree, words[0], path, workdir)
    if program is None:
        return [Fault(ENTRYPOINT, words[0], "there is no such program in the image")]
    if not program.mode & 0o111:
        return [Fault(ENTRYPOINT, program.path, "it is not executable")]
    missing = missing_interpreter(tree, program, path)
    if missing:
        return [Fault(ENTRYPOINT, program.path, f"its interpreter {missing} is not there")]
    return []


def find_program(
    tree: Tree, name: str, path: Sequence[str] = DEFAULT_PATH, workdir: str = "/"
) -> Node | None:
    """The file that starting `name` runs: by its path, or the first on `path`."""
    if "/" in name:
        base = "" if name.startswith("/") else workdir.rstrip("/") + "/"
        return _resolved(tree, base + name)
    found = (_resolved(tree, f"{directory}/{name}") for directory in path)
    return next((node for node in found if node is not None and node.mode & 0o111), None)


def _resolved(tree: Tree, path: str) -> Node | None:
    try:
        node = tree.resolve(path)
    except LinkLoop:
        return None
    return None if node is None or node.kind is Kind.DIRECTORY else node
