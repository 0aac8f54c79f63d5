"""Whether the compiled parts of a distribution fit the interpreter: version, C library, machine.

Follows PEP 3149 and PEP 384 for the names of extension modules, PEP 425, 600 and 656 for tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.tree import Tree
from distil.runtimes.python.reach.distributions import Distribution
from distil.runtimes.python.reach.installations import text_of

_EXTENSION: Final = re.compile(
    r"\.cpython-(?P<line>\d+)[a-z]*(?:-(?P<machine>\w+)-linux-(?P<libc>gnu|musl)\w*)?\.so$"
)
_GCOMPAT: Final = ("/lib/libgcompat.so.0", "/usr/lib/libgcompat.so.0")
"""What lets programs for glibc run on musl."""

_SYSTEMS: Final = {"manylinux": "glibc", "musllinux": "musl"}


class WheelTarget(msgspec.Struct, frozen=True):
    """What compiled modules have to fit: ``3.13``, ``x86_64``, and musl or glibc."""

    line: str
    machine: str
    musl: bool

    @property
    def libc(self) -> str:
        """The name of the C library."""
        return "musl" if self.musl else "glibc"


def wheel_misfits(
    tree: Tree, distribution: Distribution, target: WheelTarget
) -> Iterator[tuple[str, str]]:
    """Files of `distribution` that the interpreter cannot load, and why: (path, sentence)."""
    compiled = [path for path in distribution.files if path.endswith(".so")]
    if not compiled:
        return
    found = list(_misfits(tree, compiled, target))
    yield from found
    if not found:
        yield from _wrong_wheel(tree, distribution, target)


def _misfits(tree: Tree, compiled: list[str], target: WheelTarget) -> Iterator[tuple[str, str]]:
    """Extension modules of which there is no version that fits."""
    modules: dict[str, list[str]] = {}
    for path in compiled:
        directory, _, name = path.rpartition("/")
        modules.setdefault(f"{directory}/{name.partition('.')[0]}", []).append(path)
    for module, paths in modules.items():
        reasons = [_misfit(path, target) for path in paths]
        beside = (f"{module}.py", f"{module}/__init__.py")
        if all(reasons) and not any(path in tree for path in beside):
            yield paths[0], reasons[0]


def _misfit(path: str, target: WheelTarget) -> str:
    """Why the interpreter would not look at the extension module `path`; empty if it does."""
    match = _EXTENSION.search(path)
    if match is None:
        return ""
    if match["line"] != target.line.replace(".", ""):
        line = f"{match['line'][0]}.{match['line'][1:]}"
        return f"it is compiled for Python {line}, the image has {target.line}"
    if match["libc"] and (match["libc"] == "musl") != target.musl:
        libc = "musl" if match["libc"] == "musl" else "glibc"
        return f"it is compiled for {libc}, the image has {target.libc}"
    if match["machine"] and match["machine"] != target.machine:
        return f"it is compiled for {match['machine']}, the image is for {target.machine}"
    return ""


def _wrong_wheel(
    tree: Tree, distribution: Distribution, target: WheelTarget
) -> Iterator[tuple[str, str]]:
    """A wheel of compiled code for other systems, as its own tags say."""
    node = tree.get(f"{distribution.metadata}/WHEEL")
    rows = text_of(node).splitlines() if node is not None else []
    tags = [row.partition(":")[2].strip() for row in rows if row.startswith("Tag:")]
    platforms = [p for tag in tags for p in tag.rpartition("-")[2].split(".")]
    compatible = any(path in tree for path in _GCOMPAT)
    if platforms and not any(_fits(one, target, compatible=compatible) for one in platforms):
        what = f"its wheel is for {platforms[0]}, the image is {target.libc} on {target.machine}"
        yield f"{distribution.metadata}/WHEEL", what


def _fits(platform: str, target: WheelTarget, *, compatible: bool) -> bool:
    if platform == "any":
        return True
    system = re.match(r"[a-z]+", platform)
    libc = _SYSTEMS.get(system[0]) if system is not None else None
    if libc is None:
        return platform == f"linux_{target.machine}"
    same = libc == target.libc or (compatible and libc == "glibc")
    return same and platform.endswith(f"_{target.machine}")
