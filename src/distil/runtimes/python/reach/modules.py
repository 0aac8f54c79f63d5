"""Finding modules by name in a tree, as the interpreter's path finder would.

Follows the import system chapter of the language reference and `importlib`'s FileFinder:
packages before modules, extension modules before source, namespace packages (PEP 420) last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.runtimes.python.interpreter import PythonInterpreter

_BYTECODE: Final = ".pyc"


class Module(msgspec.Struct, frozen=True, gc=False):
    """One module.

    `path` is the file it is loaded from, empty for a namespace package; `search` are the
    directories a package's submodules are looked for in, none for a plain module.
    """

    name: str
    path: str
    search: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The package that relative imports of this module start from."""
        return self.name if self.search else self.name.rpartition(".")[0]


class Layout(msgspec.Struct, frozen=True):
    """Where an interpreter keeps things: its own library, and distributions."""

    library: str
    sites: tuple[str, ...]
    """Directories of installed distributions, in the order of ``sys.path``."""

    @property
    def extensions(self) -> str:
        """The directory of the standard library's extension modules."""
        return f"{self.library}/lib-dynload"


def find_layout(tree: Tree, interpreter: PythonInterpreter) -> Layout:
    """The layout of `interpreter` in `tree`: Debian's, or that of a build under /usr/local."""
    line = interpreter.line
    library = f"/usr/lib/python{line}"
    for prefix in ("/usr", "/usr/local", "/opt/python"):
        if f"{prefix}/lib/python{line}/os.py" in tree:
            library = f"{prefix}/lib/python{line}"
            break
    candidates = [
        f"/usr/local/lib/python{line}/dist-packages",
        f"/usr/local/lib/python{line}/site-packages",
        "/usr/lib/python3/dist-packages",
        f"{library}/site-packages",
    ]
    return Layout(library, tuple(path for path in dict.fromkeys(candidates) if path in tree))


class Finder:
    """Looks modules up in a tree along a search path; remembers what it found."""

    def __init__(self, tree: Tree, interpreter: PythonInterpreter, search: Iterable[str]) -> None:
        self._tree = tree
        self._interpreter = interpreter
        self.search = tuple(dict.fromkeys(tree.real_path(path) for path in search if path))
        tag = interpreter.line.replace(".", "")
        machine = f"{interpreter.machine}-linux"
        self._suffixes = (
            f".cpython-{tag}-{machine}-gnu.so",
            f".cpython-{tag}-{machine}-musl.so",
            f".cpython-{tag}.so",
            ".abi3.so",
            ".so",
            ".py",
            _BYTECODE,
        )
        self._bytecode = f".cpython-{tag}"
        self._found: dict[str, Module | None] = {}
        self._named: dict[str, str] = {}
        self._all_asked = False
        self._listed: dict[str, frozenset[str]] = {}
        self.extended = False
        """Whether a package got more directories, so that later answers differ from earlier."""

    def find(self, name: str) -> Module | None:
        """The module called `name`, None when the tree has none (it may be built in)."""
        if name in self._found:
            return self._found[name]
        parent, _, last = name.rpartition(".")
        module = None
        if last and "/" not in last:
            within = self.find(parent) if parent else None
            places = self.search if not parent else (within.search if within else ())
            module = self._in(places, name, last)
        self._found[name] = module
        return module

    def extend(self, module: Module) -> Module:
        """`module` with every directory of its name on the path (`pkgutil.extend_path`)."""
        parts = module.name.replace(".", "/")
        found = (self._directory(f"{place}/{parts}") for place in self.search)
        more = [directory for directory in found if directory]
        wide = Module(module.name, module.path, tuple(dict.fromkeys([*module.search, *more])))
        if wide.search != module.search:
            self.extended = True
            self._found = {
                name: other
                for name, other in self._found.items()
                if not name.startswith(module.name + ".")
            }
            self._found[module.name] = wide
        return wide

    def copy(self) -> Finder:
        """The same, which remembers by itself what it is asked from now on."""
        other = Finder(self._tree, self._interpreter, self.search)
        other._found, other._named = dict(self._found), dict(self._named)
        other._all_asked, other.extended = self._all_asked, self.extended
        other._listed = self._listed
        return other

    def along(self, search: Iterable[str]) -> Finder | None:
        """The finder along another path, if it would have answered all that this one was asked.

        None if not. Only names that lie in a directory which has another place on the path can
        differ; packages that were extended are not compared.
        """
        other = Finder(self._tree, self._interpreter, search)
        if other.search == self.search:
            return self
        same = 0
        for mine, yours in zip(self.search[::-1], other.search[::-1], strict=False):
            if mine != yours:
                break
            same += 1
        places = {
            *self.search[: len(self.search) - same],
            *other.search[: len(other.search) - same],
        }
        other._listed = self._listed
        other._all_asked = self._all_asked
        inside = frozenset().union(*map(self._names, places))
        for name, found in self._found.items():
            if name.partition(".")[0] not in inside:
                other._found[name] = found
        beginnings = tuple(f"{place}/" for place in places)
        for path, name in self._named.items():
            if not path.startswith(beginnings):
                other._named[path] = name
        return other if other._agrees(self) else None

    def _agrees(self, earlier: Finder) -> bool:
        """Whether what `earlier` has answered is what this one answers."""
        if earlier.extended or any(self.find(n) != m for n, m in earlier._found.items()):
            return False
        if any(self.name_of(path) != name for path, name in earlier._named.items()):
            return False
        names = self.names_in
        return not earlier._all_asked or list(names(self.search)) == list(names(earlier.search))

    def top_level(self) -> Iterator[str]:
        """The names of all modules and packages on the path, sorted."""
        self._all_asked = True
        return self.names_in(self.search)

    def submodules(self, module: Module) -> Iterator[str]:
        """The names of all modules directly inside the package `module`, sorted."""
        return self.names_in(module.search, module.name + ".")

    def names_in(self, directories: Iterable[str], prefix: str = "") -> Iterator[str]:
        """The names of modules and packages directly in `directories`, with `prefix`."""
        names = set()
        for directory in directories:
            for node in self._tree.children(directory):
                name = self._module_name(node)
                if name and "." not in name and name != "__init__":
                    names.add(prefix + name)
        return iter(sorted(names))

    def all_below(self, module: Module) -> Iterator[str]:
        """The names of all modules inside the package `module`, at any depth, parents first."""
        pending = [module]
        while pending:
            for name in self.submodules(pending.pop()):
                found = self.find(name)
                if found is not None:
                    yield name
                    if found.search:
                        pending.append(found)

    def twins(self, path: str) -> Iterator[str]:
        """Files that stand for the same module as `path`: byte-code, or the source of a .so."""
        directory, _, file_name = path.rpartition("/")
        stem = file_name.partition(".")[0]
        cache = f"{directory}/__pycache__/{stem}{self._bytecode}"
        candidates = [cache + ending for ending in (".pyc", ".opt-1.pyc", ".opt-2.pyc")]
        if file_name.endswith(".so"):
            candidates.append(f"{directory}/{stem}.py")
        return (candidate for candidate in candidates if candidate in self._tree)

    def sources(self, path: str) -> Iterator[str]:
        """The files that the extension module `path` may have been compiled from."""
        directory, _, file_name = path.rpartition("/")
        stem = f"{directory}/{file_name.partition('.')[0]}"
        return (stem + ending for ending in (".py", ".pyx") if stem + ending in self._tree)

    def name_of(self, path: str) -> str:
        """The name that the module file `path` has on the search path; empty if it has none."""
        name = self._named.get(path)
        if name is None:
            name = self._named[path] = self._name_of(path)
        return name

    def _name_of(self, path: str) -> str:
        for place in sorted(self.search, key=len, reverse=True):
            if path.startswith(place + "/"):
                node = self._tree.get(path)
                relative = path[len(place) + 1 :].split("/")
                last = self._module_name(node) if node is not None else ""
                parts = relative[:-1] + ([] if last == "__init__" else [last])
                return ".".join(parts) if parts and all(map(str.isidentifier, parts)) else ""
        return ""

    def _module_name(self, node: Node) -> str:
        if node.kind is Kind.DIRECTORY:
            return "" if node.name == "__pycache__" else node.name
        for suffix in self._suffixes:
            if node.name.endswith(suffix):
                return node.name[: -len(suffix)]
        return ""

    def _in(self, places: Iterable[str], name: str, last: str) -> Module | None:
        portions = []
        for place in places:
            if last not in self._names(place):
                continue
            directory = self._directory(f"{place}/{last}")
            if directory:
                start = self._file(f"{directory}/__init__")
                if start:
                    return Module(name, start, (directory,))
            path = self._file(f"{place}/{last}")
            if path:
                return Module(name, path)
            if directory:
                portions.append(directory)
        return Module(name, "", tuple(portions)) if portions else None

    def _names(self, directory: str) -> frozenset[str]:
        """The first parts of the names in `directory`, to tell quickly that nothing fits."""
        names = self._listed.get(directory)
        if names is None:
            children = self._tree.children(directory)
            names = frozenset(node.name.partition(".")[0] for node in children)
            self._listed[directory] = names
        return names

    def _directory(self, path: str) -> str:
        node = self._tree.get(path)
        if node is not None and node.kind is Kind.SYMLINK:
            path = self._tree.real_path(path)
            node = self._tree.get(path)
        return path if node is not None and node.kind is Kind.DIRECTORY else ""

    def _file(self, stem: str) -> str:
        for suffix in self._suffixes:
            node = self._tree.get(stem + suffix)
            if node is not None and node.kind is not Kind.DIRECTORY:
                return node.path
        return ""


def paths_of_pth(text: str, directory: str) -> tuple[list[str], list[str]]:
    """The directories that a ``.pth`` file in `directory` adds, and the code it runs.

    Follows the documentation of `site`: a line that begins with ``import`` is executed.
    """
    added, code = [], []
    for line in text.splitlines():
        stripped = line.strip()
        if line.startswith(("import ", "import\t")):
            code.append(line)
        elif stripped and not stripped.startswith("#"):
            added.append(stripped if stripped.startswith("/") else f"{directory}/{stripped}")
    return added, code
