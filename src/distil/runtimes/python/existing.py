"""The interpreter that an image has already: which one it is, told from its files alone.

Its version is the text that `platform.python_version` returns (``PY_VERSION`` of CPython's
``patchlevel.h``), as it stands in the program or in its library; that of the C library likewise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distil.model.node import Node
from distil.model.origin import LayerOrigin
from distil.model.tree import Tree
from distil.reach.soundness import Fault
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.distributions import normal_name
from distil.runtimes.python.reach.installations import Installation, find_installations, text_of

_FIRST: Final = ("/usr/local", "/usr")
"""Prefixes of interpreters in the order of the search path."""

_VERSION: Final = rb"(?<![0-9.])(%s\.\d+(?:(?:a|b|rc)\d+)?)\+?\0"
"""Linkers let a text be the end of a longer one, so what is before it says nothing."""

_GLIBC: Final = re.compile(rb"stable release version (\d+)\.(\d+)")
_MUSL: Final = re.compile(rb"\0(\d+)\.(\d+)\.\d+\0")
_LARGEST: Final = 128 << 20
"""Bytes of a program or library that is searched."""


def present_interpreter(tree: Tree, machine: str) -> PythonInterpreter | None:
    """The interpreter in `tree` that comes first on the search path; None without any.

    One whose version, or whose C library's, cannot be told counts as none.
    """
    found = {one.prefix: one for one in find_installations(tree)}
    first = next((found[prefix] for prefix in _FIRST if prefix in found), None)
    if first is None:
        return None
    version, library = _version(tree, first), _c_library(tree)
    if not version or library is None:
        return None
    glibc, is_musl = library
    return PythonInterpreter(
        version=version,
        glibc=glibc,
        machine=machine,
        is_musl=is_musl,
        program=first.executable,
        site=_site(tree, first),
        is_added=not _is_whole(tree, first),
    )


def installed_twice(tree: Tree, site: str) -> list[Fault]:
    """Distributions that an image that is built on has beside those that were put into `site`.

    Which version of such a one is imported, and which one its metadata tells of, is a matter of
    luck.
    """
    found: dict[str, list[Node]] = {}
    for directory in tree.children(site):
        name, _, ending = directory.name.partition("-")
        metadata = tree.get(f"{directory.path}/METADATA")
        if ending.endswith(".dist-info") and metadata is not None:
            found.setdefault(normal_name(name), []).append(metadata)
    faults = []
    for name, several in found.items():
        own = [node for node in several if not isinstance(node.origin, LayerOrigin)]
        others = [node.parent for node in several if isinstance(node.origin, LayerOrigin)]
        if own and others:
            what = f"the base image has {name} as well, in {others[0]}: "
            what += "use one without it, or ask for the same version"
            faults.append(Fault("distributions", own[0].path, what))
    return faults


def _version(tree: Tree, installation: Installation) -> str:
    line = installation.line
    pattern = re.compile(_VERSION % re.escape(line.encode()))
    for node in _holders(tree, installation):
        match = pattern.search(_contents(node))
        if match is not None:
            return match[1].decode()
    return ""


def _holders(tree: Tree, installation: Installation) -> Iterator[Node]:
    yield tree[installation.real]
    name = f"libpython{installation.line}"
    for directory in (f"{installation.prefix}/lib", f"{installation.prefix}/lib64"):
        for top in tree.children(directory):
            for node in (top, *tree.children(top.path)):
                if node.name.startswith(name) and ".so" in node.name:
                    yield node


def _c_library(tree: Tree) -> tuple[tuple[int, int], bool] | None:
    """The version of the C library, and whether it is musl."""
    for directory in ("/lib", "/usr/lib", "/lib64", "/usr/lib64"):
        real = tree.resolve(directory)
        for top in tree.children(real.path) if real is not None else ():
            for node in (top, *tree.children(top.path)):
                is_musl = node.name.startswith("ld-musl-")
                if not is_musl and node.name != "libc.so.6":
                    continue
                match = (_MUSL if is_musl else _GLIBC).search(_contents(node))
                if match is not None:
                    return (int(match[1]), int(match[2])), is_musl
    return None


def _site(tree: Tree, installation: Installation) -> str:
    """Where `site` looks for what is installed locally: Debian's has a place of its own."""
    library, prefix = installation.layout.library, installation.prefix
    module = tree.get(f"{library}/site.py")
    if prefix == "/usr" and module is not None and "dist-packages" in text_of(module):
        return f"/usr/local/lib/python{installation.line}/dist-packages"
    return f"{library}/site-packages"


def _is_whole(tree: Tree, installation: Installation) -> bool:
    """Whether it has the standard library, and not the part that the smallest package has."""
    return f"{installation.layout.library}/json/__init__.py" in tree


def _contents(node: Node) -> bytes:
    return b"" if node.blob is None or node.size > _LARGEST else node.blob.read()
