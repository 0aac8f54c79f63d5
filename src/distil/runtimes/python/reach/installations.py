"""The Python interpreters installed in a tree, virtual environments among them.

Follows the documentation of `site` and of ``pyvenv.cfg`` (PEP 405), with the directories that
Debian and Fedora add.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.errors import LinkLoop
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.runtimes.python.reach.modules import Layout, paths_of_pth

_LIBRARY: Final = re.compile(
    r"((.*)/(?:lib|lib64)/python3\.(\d+))/(?:os\.py|encodings/__init__\.py)"
)
_LANDMARKS: Final = ("/os.py", "/encodings/__init__.py")
"""Files without which no interpreter starts; each alone tells that there is meant to be one."""
_VERSIONED: Final = re.compile(r"python3\.(\d+)")
_LARGEST_TEXT: Final = 1 << 20


class Installation(msgspec.Struct, frozen=True):
    """One interpreter, or one virtual environment, and where it looks for modules.

    `executable` is the program's path, `real` the one it leads to. `line` is its version
    (``3.13``). `opaque` says that something on its path cannot be looked into, such as a zip
    file; `hooks` is the code that ``.pth`` files run.
    """

    prefix: str
    executable: str
    real: str
    line: str
    layout: Layout
    added: tuple[str, ...] = ()
    """Directories that ``.pth`` files add."""
    hooks: str = ""
    opaque: bool = False

    @property
    def search(self) -> tuple[str, ...]:
        """What is on ``sys.path`` in any case, in its order."""
        return (self.layout.library, self.layout.extensions, *self.layout.sites, *self.added)


def find_installations(tree: Tree) -> list[Installation]:
    """Every interpreter in `tree` that has its standard library there, by its prefix."""
    libraries: dict[str, tuple[str, str]] = {}
    environments: list[Node] = []
    for node in tree:
        if node.path.endswith(_LANDMARKS):
            match = _LIBRARY.fullmatch(node.path)
            if match:
                libraries[match[1]] = (match[2], f"3.{match[3]}")
        elif node.path.endswith("/pyvenv.cfg"):
            environments.append(node)
    found = []
    for library, (prefix, line) in libraries.items():
        executable = _file(tree, f"{prefix}/bin/python{line}")
        if executable is not None:
            found.append(_installation(tree, prefix, executable, line, library))
    by_program = {one.real: one for one in found}
    for node in environments:
        environment = _environment(tree, node, by_program)
        if environment is not None:
            found.append(environment)
    return sorted(found, key=lambda one: one.prefix)


def _installation(
    tree: Tree, prefix: str, executable: Node, line: str, library: str
) -> Installation:
    sites = [f"{library}/site-packages", f"{library}/dist-packages"]
    for top in dict.fromkeys([prefix, "/usr/local" if prefix == "/usr" else prefix]):
        for lib in ("lib", "lib64"):
            sites += [f"{top}/{lib}/python{line}/{kind}-packages" for kind in ("dist", "site")]
    # The second is where `pip install --user` puts things in an image whose user is root.
    sites += [f"{prefix}/lib/python3/dist-packages", f"/root/.local/lib/python{line}/site-packages"]
    program = f"{prefix}/bin/python{line}"
    return _with_sites(
        tree, Installation(prefix, program, executable.path, line, Layout(library, ())), sites
    )


def _environment(
    tree: Tree, node: Node, by_program: dict[str, Installation]
) -> Installation | None:
    """The virtual environment that the ``pyvenv.cfg`` `node` describes."""
    prefix = node.parent
    program = next(
        (
            (child.path, target)
            for child in tree.children(f"{prefix}/bin")
            if child.name in {"python", "python3"} or _VERSIONED.fullmatch(child.name)
            if (target := _file(tree, child.path)) is not None
        ),
        None,
    )
    base = by_program.get(program[1].path) if program is not None else None
    if program is None or base is None:
        return None
    settings = {
        key.strip().lower(): value.strip().lower()
        for key, _, value in (row.partition("=") for row in text_of(node).splitlines())
    }
    sites = [f"{prefix}/{lib}/python{base.line}/site-packages" for lib in ("lib", "lib64")]
    if settings.get("include-system-site-packages") == "true":
        sites += base.layout.sites
    bare = Installation(
        prefix, program[0], program[1].path, base.line, Layout(base.layout.library, ())
    )
    return _with_sites(tree, bare, sites)


def _with_sites(tree: Tree, bare: Installation, candidates: list[str]) -> Installation:
    """`bare` with those of `candidates` that are there, and what their ``.pth`` files say."""
    real = (tree.real_path(path) for path in candidates if path in tree)
    sites = tuple(dict.fromkeys(real))
    added: list[str] = []
    hooks: list[str] = []
    for node in _pth_files(tree, sites):
        directories, code = paths_of_pth(text_of(node), node.parent)
        added += [posixpath.normpath(directory) for directory in directories]
        hooks += code
    files = [path for path in added if _file(tree, path) is not None]
    return msgspec.structs.replace(
        bare,
        layout=Layout(bare.layout.library, sites),
        added=tuple(dict.fromkeys(added)),
        hooks="\n".join(hooks),
        opaque=bool(files),
    )


def _pth_files(tree: Tree, sites: tuple[str, ...]) -> Iterator[Node]:
    for site in sites:
        for node in tree.children(site):
            if node.name.endswith(".pth") and node.blob is not None:
                yield node


def text_of(node: Node) -> str:
    """The text of a small file; empty for anything else."""
    if node.blob is None or node.size > _LARGEST_TEXT:
        return ""
    return node.blob.read().decode("utf-8", "replace")


def _file(tree: Tree, path: str) -> Node | None:
    try:
        node = tree.resolve(path)
    except LinkLoop:
        return None
    return None if node is None or node.kind is Kind.DIRECTORY else node
