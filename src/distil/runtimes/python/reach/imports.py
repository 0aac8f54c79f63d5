"""Whether what Python code imports is there: an import that will fail, before anything is run.

Two things are faults. What a program imports on its way, each statement at module level and
nothing around it that could skip it or catch the error, has to be there: otherwise the program
does not start. And whatever code that can be reached imports, wherever it stands, must not have
been there before and be gone: then something cut it off that should not have.

Where the import system can be changed by the code itself (``sys.path``, ``sys.modules``, finders)
what is missing may still be found by the running program; then nothing is said.
"""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from distil.model.node import Node
from distil.model.tree import Tree
from distil.runtimes.python.formats.calls import PATHS
from distil.runtimes.python.formats.place import Guard
from distil.runtimes.python.formats.source import Import, PythonSource
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.built_in import BuiltIn, is_standard
from distil.runtimes.python.reach.installations import Installation, text_of
from distil.runtimes.python.reach.modules import Finder, Module
from distil.runtimes.python.reach.patterns import absolute

MAIN: Final = "__main__"
_CHANGES_PATH: Final = re.compile(r"sys\.path\b|\baddsitedir\b|\bpath_hooks\b")
_MAKES_MODULES: Final = re.compile(r"sys\.modules\b|\bmeta_path\b|\bModuleType\b|\b__path__\b")


class MissingImport(msgspec.Struct, frozen=True, order=True):
    """An import that fails: where it stands, what it names, and how that is known.

    `because` says why the module is gone, and `gone` is the path it had, without a suffix; both are
    empty when nothing in the image ever had it, so that another distribution has to bring it.
    `program` is what does not start then; empty when only
    a part of the program fails.
    """

    path: str
    line: int
    module: str
    because: str = ""
    program: str = ""
    gone: str = ""

    def __str__(self) -> str:
        text = f"line {self.line} imports {self.module}, which is not there"
        if self.because:
            text += f": {self.because}"
        elif self.program:
            text += f", so that {self.program} cannot start"
        return text


class Gone(msgspec.Struct, frozen=True):
    """Modules that were there, by path without a suffix, and why they are not any more.

    `complete` says that these are all: a module that is not among them and has no file is none,
    or compiled in.
    """

    why: Mapping[str, str] = {}
    complete: bool = False


class Importer:
    """Follows what is imported from one place on in one installation.

    `directories` come first and last on ``sys.path``. `gone` are the modules that were there.
    """

    def __init__(
        self,
        tree: Tree,
        installation: Installation,
        machine: str,
        directories: tuple[Iterable[str], Iterable[str]],
        analyses: Analyses,
        gone: Gone,
    ) -> None:
        self._tree = tree
        self._installation = installation
        interpreter = PythonInterpreter(f"{installation.line}.0", (2, 17), machine)
        first, last = directories
        self.finder = Finder(tree, interpreter, [*first, *installation.search, *last])
        self._built_in = BuiltIn(tree, installation, known=gone.complete)
        self._analyses = analyses
        self._gone = gone.why
        self._made: dict[str, bool] = {}
        self._certain: set[str] = set()
        self._possible: set[str] = set()
        self._unread: list[Node] = self._finders()
        self._changing: list[str] = []

    def find(self, name: str) -> Module | None:
        """The module called `name`; None for a directory whose ``__init__.py`` is gone."""
        module = self.finder.find(name)
        if module is not None and not module.path and self._is_hollow(name):
            return None
        return module

    def _is_hollow(self, name: str) -> bool:
        """Whether the package `name`, of which a directory is left, had code of its own."""
        return is_standard(name) or bool(self._place_gone(name))

    def missing_part(self, name: str) -> str:
        """The first part of the dotted `name` that cannot be imported; empty if all can."""
        for part in with_parents(name):
            if self.find(part) is None:
                return "" if self._may_be_made(part) else part
        return ""

    # --- what has to be there for a program to start ---------------------------------------

    def start(self, module: Module, program: str) -> Iterator[MissingImport]:
        """What keeps `module`, which `program` runs or imports first, from being imported.

        What an earlier call has reported is not said again.
        """
        queue = deque([module])
        missing: list[MissingImport] = []
        while queue:
            module = queue.popleft()
            if module.path in self._certain:
                continue
            self._certain.add(module.path)
            source = self._source(module)
            if source is None:
                continue
            module = self._widened(module, source)
            for statement in source.imports:
                if statement.certain:
                    missing += self._needed(module, statement, program, queue)
        # Only now is it known what all this code does to the import system.
        for one in missing:
            if one.because or not self._may_be_made(one.module):
                yield one

    def _needed(
        self, module: Module, statement: Import, program: str, queue: deque[Module]
    ) -> Iterator[MissingImport]:
        name = absolute(statement.module, module.name, module.package)
        for part in with_parents(name):
            found = self.find(part)
            if found is not None:
                queue.append(found)
                continue
            yield self._miss(module, statement, part, program)
            return
        for asked in statement.names:
            whole = f"{name}.{asked}"
            found = self.find(whole)
            if found is not None:
                queue.append(found)
            elif self._place_gone(whole):
                yield self._miss(module, statement, whole, program)

    # --- what must not have been cut off ---------------------------------------------------

    def anywhere(
        self,
        modules: Iterable[Module],
        held: frozenset[tuple[str, int]] = frozenset(),
        reached: frozenset[str] | None = None,
    ) -> Iterator[MissingImport]:
        """Imports of what is gone, in any function of `modules` and of all they lead to.

        `held` are statements, by path and line, that are known not to run. Where a search has
        told which files are `reached`, every other import there counts and none elsewhere;
        otherwise all but those whose failure is caught or that stand under a condition.
        """
        queue = deque(modules)
        while queue:
            module = queue.popleft()
            if module.path in self._possible:
                continue
            self._possible.add(module.path)
            source = self._source(module)
            if source is None:
                continue
            module = self._widened(module, source)
            for statement in source.imports:
                if statement.main or (module.path, statement.line) in held:
                    continue
                unguarded = statement.guard is Guard.NONE
                counts = unguarded if reached is None else module.path in reached
                yield from self._wanted(module, statement, queue, counts=counts)

    def _wanted(
        self, module: Module, statement: Import, queue: deque[Module], *, counts: bool
    ) -> Iterator[MissingImport]:
        name = absolute(statement.module, module.name, module.package)
        names = [*with_parents(name), *(f"{name}.{asked}" for asked in statement.names)]
        for part in names:
            found = self.find(part)
            if found is not None:
                queue.append(found)
            elif counts and self._place_gone(part):
                yield self._miss(module, statement, part)
                return

    # --- files -----------------------------------------------------------------------------

    def _source(self, module: Module) -> PythonSource | None:
        """What the module's file imports; None when that is not known."""
        if not module.path or module.path.endswith((".so", ".pyc")):
            return None
        node = self._tree.resolve(module.path)
        if node is None or node.blob is None:
            return None
        source = self._analyses.of(node)
        if not source.complete:
            return None
        self._unread.append(node)
        return source

    def _widened(self, module: Module, source: PythonSource) -> Module:
        if any(reference.function in PATHS for reference in source.references):
            return self.finder.extend(module)
        return module

    # --- what is missing -------------------------------------------------------------------

    def _miss(
        self, module: Module, statement: Import, name: str, program: str = ""
    ) -> MissingImport:
        """What there is to say about the module `name`, which `statement` in `module` imports."""
        place = self._place_gone(name)
        because = self._gone[place] if place else ""
        return MissingImport(module.path, statement.line, name, because, program, place)

    def _place_gone(self, name: str) -> str:
        """The path that `name` had, which is not there; empty if it never was, or still works."""
        parent, _, last = name.rpartition(".")
        within = self.finder.find(parent) if parent else None
        places = self.finder.search if not parent else (within.search if within else ())
        for place in places:
            path = f"{place}/{last}"
            if path in self._gone and not self._built_in.has(name):
                return path
        return ""

    def _may_be_made(self, name: str) -> bool:
        """Whether importing `name` can work although no file of that name is found."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._looks_made(name)
        return made

    def _looks_made(self, name: str) -> bool:
        if self._built_in.has(name):
            return True
        parent = name.rpartition(".")[0]
        if parent and self._makes_children(parent):
            return True
        if self._installation.opaque or re.search(rf"\b{name}\b", self._installation.hooks):
            return True
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        for text in self._changing_texts():
            if not parent and pattern.search(text) and _MAKES_MODULES.search(text):
                return True
            if _CHANGES_PATH.search(text) and self._is_anywhere(name):
                return True
        return False

    def _makes_children(self, package: str) -> bool:
        """Whether the code of `package`, or of one above it, may make submodules itself."""
        for name in with_parents(package):
            module = self.find(name)
            if module is None or module.path.endswith((".so", ".pyc")):
                return True
            node = self._tree.resolve(module.path) if module.path else None
            if node is None:
                continue
            if _MAKES_MODULES.search(text_of(node)) or self._has_finder(module, node):
                return True
        return False

    def _has_finder(self, package: Module, node: Node) -> bool:
        """Whether a module that `package`, whose code is `node`, imports at once adds a finder."""
        for statement in self._analyses.of(node).imports:
            name = absolute(statement.module, package.name, package.package)
            for part in (name, *(f"{name}.{asked}" for asked in statement.names)):
                own = self.find(part) if part.startswith(f"{package.name}.") else None
                code = self._tree.resolve(own.path) if own is not None and own.path else None
                if code is not None and code.name.endswith(".py") and "meta_path" in text_of(code):
                    return True
        return False

    def _finders(self) -> list[Node]:
        """Files by which distributions change how modules are found, at every start."""
        found = []
        for site in self._installation.layout.sites:
            for node in self._tree.children(site):
                if node.name.startswith("__editable__") and node.name.endswith(".py"):
                    found.append(node)
                elif node.name == "_distutils_hack":
                    found += self._tree.children(node.path)
        return found

    def _changing_texts(self) -> list[str]:
        """Those of the files followed so far that change how modules are found."""
        layout = self._installation.layout
        sites = tuple(f"{site}/" for site in layout.sites)
        for node in self._unread:
            own = node.path.startswith(f"{layout.library}/") and not node.path.startswith(sites)
            text = "" if own else text_of(node)
            if _MAKES_MODULES.search(text) or _CHANGES_PATH.search(text):
                self._changing.append(text)
        self._unread.clear()
        return self._changing

    def _is_anywhere(self, name: str) -> bool:
        """Whether some directory of the image has a module `name`."""
        last = name.replace(".", "/")
        ends = (f"/{last}.py", f"/{last}/__init__.py")
        return any(node.path.endswith(ends) for node in self._tree)


def gone_modules(paths: Iterable[tuple[str, str]], *, complete: bool = False) -> Gone:
    """The modules among the files `paths`, which are gone, each with the reason."""
    found: dict[str, str] = {}
    for path, why in paths:
        if path.endswith("/__init__.py"):
            found[path.removesuffix("/__init__.py")] = why
        elif path.endswith(".py"):
            found[path.removesuffix(".py")] = why
        elif path.endswith(".so"):
            directory, _, name = path.rpartition("/")
            found[f"{directory}/{name.partition('.')[0]}"] = why
    return Gone(found, complete)


@functools.lru_cache(maxsize=4096)
def with_parents(name: str) -> tuple[str, ...]:
    """``a.b.c`` as ``a``, ``a.b``, ``a.b.c``; nothing for an empty name."""
    parts = name.split(".") if name else []
    return tuple(".".join(parts[: end + 1]) for end in range(len(parts)))
