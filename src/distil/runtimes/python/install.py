"""Wheels laid out as an installer would, into a tree instead of onto a disk.

Follows the binary distribution format ("Installing a wheel") and the recording of installed
projects, with the directories of Debian's interpreter: what is not Debian's own goes below
/usr/local. Nothing is compiled and nothing of the wheels is run.
"""

from __future__ import annotations

import fnmatch
import functools
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Final

import msgspec

from distil.events import Warned, emit
from distil.fetch.packs import Pack, PackMember
from distil.formats.patterns import (
    name_globs,
    name_patterns,
    path_globs,
    path_patterns,
)
from distil.model.blob import InlineBlob
from distil.model.ledger import Removed
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.tree import Tree
from distil.runtimes.protocol import LaidOut
from distil.runtimes.python.byte_code_files import compiled_module
from distil.runtimes.python.errors import InvalidWheel
from distil.runtimes.python.formats.wheel import Script, parse_scripts, record_hash
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.wheel import ECOSYSTEM, Wheel
from distil.runtimes.python.wheels import DIST_INFO, ENTRY_POINTS

PREFIX: Final = "/usr/local"
SCRIPTS: Final = "/usr/local/bin"
INSTALLER: Final = b"distil\n"

_CACHES: Final = "byte-code directories"
_HEADERS: Final = "headers"


class WheelCut(msgspec.Struct, frozen=True):
    """Patterns of files that are left out of one distribution, and why."""

    distribution: str
    patterns: tuple[re.Pattern[str], ...]
    reason: str


def install(
    wheels: Sequence[tuple[Wheel, Pack]], interpreter: PythonInterpreter, keep: Sequence[str] = ()
) -> LaidOut:
    """The distributions in `wheels`, installed for `interpreter` at level ``packages``.

    What the user's patterns `keep` match, by path or by the name of the distribution, is not cut.
    Files keep their bytes but for the interpreter lines of scripts. Where two wheels have the
    same path with different contents, the later one by name has it, with a warning: installers
    let the last one win. RECORD is left to `record_nodes`, which comes last. Raises
    `InvalidWheel`, `FileConflict`.
    """
    nodes: dict[str, Node] = {}
    removed: list[Removed] = []
    for wheel, pack in sorted(wheels, key=lambda item: item[0].name):
        layout = _Layout(wheel, pack, interpreter, keep)
        for node in layout.nodes(removed):
            _add(nodes, node)
    return LaidOut(Tree(nodes.values()), tuple(sorted(removed, key=lambda file: file.path)))


def record_nodes(tree: Tree, interpreter: PythonInterpreter) -> list[Node]:
    """A RECORD for each distribution in `tree`, true to the files that are in it now.

    To be put into the tree when nothing more is cut from it. A RECORD that is there already is
    not counted, so this may be called again. Byte code belongs to the distribution of its module.
    """
    site = interpreter.site_directory
    files: dict[PackageOrigin, list[Node]] = {}
    directories: dict[PackageOrigin, str] = {}
    for node in tree:
        module = compiled_module(node)
        origin = tree[module].origin if module else node.origin
        if node.blob is None or not isinstance(origin, PackageOrigin):
            continue
        if origin.ecosystem != ECOSYSTEM:
            continue
        files.setdefault(origin, []).append(node)
        if node.name == "METADATA" and _is_dist_info(node.parent, site):
            directories[origin] = node.parent
    return [
        _record(directories[origin], files[origin], site, origin)
        for origin in files
        if origin in directories
    ]


class _Layout:
    """Where each file of one wheel goes."""

    def __init__(
        self, wheel: Wheel, pack: Pack, interpreter: PythonInterpreter, keep: Sequence[str]
    ) -> None:
        self._wheel = wheel
        self._pack = pack
        self._interpreter = interpreter
        self._origin = PackageOrigin(wheel.purl, pack.archive)
        self._dist_info = pack.attachments[DIST_INFO].decode()
        self._data = f"/{self._dist_info.removesuffix('.dist-info')}.data/"
        self._cut = wheel_cuts().get(wheel.name)
        self._kept = path_globs(path_patterns(keep))
        self._whole = wheel.name in name_globs(name_patterns(keep))

    def nodes(self, removed: list[Removed]) -> Iterator[Node]:
        """The wheel's files in their places; what is cut is added to `removed`."""
        site = self._interpreter.site_directory
        origin = self._origin
        for member in self._pack.members:
            why = self._cut_reason(member.path)
            if why:
                rule, reason = why
                place, purl = self._place(member.path), self._wheel.purl
                removed.append(Removed(place, purl, member.size, rule, reason))
            elif member.path.startswith(self._data):
                yield self._data_node(member)
            else:
                blob = self._pack.blob(member)
                yield Node(site + member.path, Kind.FILE, member.mode, blob=blob, origin=origin)
        yield self._generated(f"{site}/{self._dist_info}/INSTALLER", INSTALLER, 0o644)
        for script in self._scripts():
            content = _script(script, self._interpreter.executable)
            yield self._generated(f"{SCRIPTS}/{script.name}", content, 0o755)

    def _scripts(self) -> tuple[Script, ...]:
        data = self._pack.attachments.get(ENTRY_POINTS)
        return parse_scripts(data, self._wheel.filename) if data is not None else ()

    def _generated(self, path: str, data: bytes, mode: int) -> Node:
        return Node(path, Kind.FILE, mode, blob=InlineBlob.of(data), origin=self._origin)

    def _data_node(self, member: PackMember) -> Node:
        scheme = member.path.removeprefix(self._data).partition("/")[0]
        path = self._place(member.path)
        if scheme != "scripts":
            blob = self._pack.blob(member)
            return Node(path, Kind.FILE, member.mode, blob=blob, origin=self._origin)
        if member.elf is None:
            content = self._pack.blob(member).read()
            if content.startswith(b"#!python"):
                rest = content.partition(b"\n")[2]
                line = f"#!{self._interpreter.executable}\n".encode()
                return self._generated(path, line + rest, 0o755)
        return Node(path, Kind.FILE, 0o755, blob=self._pack.blob(member), origin=self._origin)

    def _place(self, path: str) -> str:
        """Where a member's path leads: the scheme of a ``.data`` directory, or the site."""
        site = self._interpreter.site_directory
        if not path.startswith(self._data):
            return site + path
        scheme, _, rest = path.removeprefix(self._data).partition("/")
        bases = {
            "purelib": site,
            "platlib": site,
            "scripts": SCRIPTS,
            "data": PREFIX,
            "headers": f"{PREFIX}/include/python{self._interpreter.line}/{self._wheel.name}",
        }
        if scheme not in bases or not rest:
            raise InvalidWheel(self._wheel.filename, f"{path[1:]!r} belongs to no known scheme")
        return f"{bases[scheme]}/{rest}"

    def _cut_reason(self, path: str) -> tuple[str, str] | None:
        if "/__pycache__/" in path:
            return _CACHES, "byte-code of another interpreter or build"
        if self._whole or self._place(path) in self._kept:
            return None
        if path.startswith(self._data + "headers/"):
            return _HEADERS, "headers for compiling extensions"
        cut = self._cut
        if path.endswith(".py"):  # a module, whatever lies beside it
            return None
        if cut is not None and any(pattern.match(path, 1) for pattern in cut.patterns):
            return f"wheel cut: {cut.distribution}", cut.reason
        return None


@functools.cache
def wheel_cuts() -> dict[str, WheelCut]:
    """What is cut from single distributions, by their names; see data/wheel-cuts.toml."""
    text = resources.files(__package__).joinpath("data/wheel-cuts.toml").read_text("utf-8")
    cuts = {}
    for entry in tomllib.loads(text)["cut"]:
        patterns = tuple(re.compile(fnmatch.translate(pattern)) for pattern in entry["files"])
        cuts[entry["distribution"]] = WheelCut(entry["distribution"], patterns, entry["reason"])
    return cuts


def _add(nodes: dict[str, Node], node: Node) -> None:
    existing = nodes.get(node.path)
    if existing is not None:
        if existing.blob == node.blob or _same_content(existing, node):
            return
        first, second = (getattr(n.origin, "purl", "?") for n in (existing, node))
        emit(Warned(f"{node.path} is in both {first} and {second}; that of the latter is used"))
    nodes[node.path] = node


def _same_content(first: Node, second: Node) -> bool:
    return (
        first.blob is not None
        and second.blob is not None
        and first.blob.digest == second.blob.digest
    )


def _script(script: Script, executable: str) -> bytes:
    imported = script.attribute.partition(".")[0]
    return (
        f"#!{executable}\n"
        "import sys\n"
        f"from {script.module} import {imported}\n"
        'if __name__ == "__main__":\n'
        f"    sys.exit({script.attribute}())\n"
    ).encode()


def _is_dist_info(directory: str, site: str) -> bool:
    return directory.endswith(".dist-info") and posixpath.dirname(directory) == site


def _record(directory: str, files: Iterable[Node], site: str, origin: PackageOrigin) -> Node:
    own = f"{directory}/RECORD"
    prefix = f"{site}/"
    lines = []
    for node in files:
        if node.path == own or node.blob is None:
            continue
        if node.path.startswith(prefix):
            path = node.path[len(prefix) :]
        else:
            path = posixpath.relpath(node.path, site)
        if compiled_module(node):
            lines.append(f"{_quoted(path)},,\n")  # as installers list what they compile
            continue
        hashed = record_hash(bytes.fromhex(node.blob.digest.hex))
        lines.append(f"{_quoted(path)},{hashed},{node.blob.size}\n")
    lines.append(f"{_quoted(own[len(prefix) :])},,\n")
    data = "".join(sorted(lines)).encode("utf-8", "surrogateescape")
    return Node(own, Kind.FILE, 0o644, blob=InlineBlob.of(data), origin=origin)


def _quoted(path: str) -> str:
    """`path` as a field of CSV (RFC 4180)."""
    if any(character in path for character in ',"\r\n'):
        return '"' + path.replace('"', '""') + '"'
    return path
