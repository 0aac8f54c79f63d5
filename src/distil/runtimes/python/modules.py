"""The application's modules: which objects of theirs a web server could serve."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.node import Kind
from distil.runtimes.python.formats.entry_module import ModuleFacts, read_module
from distil.runtimes.python.frameworks import FRAMEWORKS, Framework
from distil.source.scan import Sources

DEEPEST: Final = 4
"""Directories below the application's in which entry modules are looked for."""
MOST_MODULES: Final = 2000

_TEST_DIRECTORIES: Final = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "migrations", "benchmarks", "alembic"}
)
_TEST_FILES: Final = ("test_", "conftest.py", "setup.py", "noxfile.py", "fabfile.py")

_MARKS: Final = frozenset(name.rpartition(".")[2].encode() for name in FRAMEWORKS) | {
    b"GI_APPLICATION"
}
"""What the text of a module holds that makes an application, or is Django's settings."""


class EntryModule(msgspec.Struct, frozen=True):
    """One module of the application: where it is, what it is called, what is in it."""

    path: str
    name: str
    facts: ModuleFacts


class Candidate(msgspec.Struct, frozen=True):
    """An application object, or a function that makes one."""

    module: str
    name: str
    framework: Framework
    path: str
    line: int
    factory: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.name}{'()' if self.factory else ''}"


def import_root(sources: Sources) -> str:
    """The directory that holds the top-level modules, relative to the application's: "" or "src".

    Django's manage.py is always run from it; otherwise it is ``src`` when that is there and is
    not a package itself.
    """
    managed = [f.path for f in sources.files if f.path.rpartition("/")[2] == "manage.py"]
    if len(managed) == 1 and managed[0].count("/") <= 2:
        return managed[0].rpartition("/")[0]
    has_src = any(file.path == "src" and file.kind is Kind.DIRECTORY for file in sources.files)
    return "src" if has_src and not sources.named("src/__init__.py") else ""


def entry_modules(sources: Sources, root: str) -> list[EntryModule]:
    """The modules that may hold an application object, read but not run, sorted by path."""
    texts = {path: sources.read(path) for path in _python_files(sources)}
    modules: dict[str, EntryModule] = {}
    wanted = set(_MARKS)
    for _ in range(3):
        found = {
            path: module
            for path, text in texts.items()
            if path not in modules and any(mark in text for mark in wanted)
            if (module := _module(path, root, text)) is not None
        }
        modules |= found
        wanted = {
            f"{factory.name}(".encode()
            for module in found.values()
            for factory in module.facts.factories
        }
        if not wanted:
            break
    return [modules[path] for path in sorted(modules)]


def main_module(sources: Sources, path: str) -> EntryModule | None:
    """The module at `path`, None when it is not there or not valid Python."""
    return _module(path, "", sources.read(path)) if sources.named(path) else None


def candidates(modules: list[EntryModule]) -> list[Candidate]:
    """Every application object and every factory, in the order of their modules."""
    factories = _factories(modules)
    found = []
    for module in modules:
        for assignment in module.facts.assignments:
            framework = FRAMEWORKS.get(assignment.callee) or factories.get(
                assignment.callee, factories.get(f"{module.name}.{assignment.callee}")
            )
            if framework is not None:
                found.append(
                    Candidate(
                        module.name,
                        assignment.name,
                        framework,
                        module.path,
                        assignment.line,
                        factory=False,
                    )
                )
        for factory in module.facts.factories:
            made = factories.get(f"{module.name}.{factory.name}")
            if made is not None and factory.bare:
                found.append(
                    Candidate(
                        module.name,
                        factory.name,
                        made,
                        module.path,
                        factory.line,
                        factory=True,
                    )
                )
    return list({(c.module, c.name): c for c in found}.values())


def _factories(modules: list[EntryModule]) -> dict[str, Framework]:
    """What each factory makes, by dotted name; a factory may return another one's result."""
    known: dict[str, Framework] = {}
    for _ in range(3):
        for module in modules:
            for factory in module.facts.factories:
                for callee in factory.makes:
                    framework = (
                        FRAMEWORKS.get(callee)
                        or known.get(callee)
                        or known.get(f"{module.name}.{callee}")
                    )
                    if framework is not None:
                        known[f"{module.name}.{factory.name}"] = framework
    return known


def _python_files(sources: Sources) -> list[str]:
    found = []
    for file in sources.files:
        if file.kind is not Kind.FILE or not file.path.endswith(".py"):
            continue
        *directories, name = file.path.split("/")
        if len(directories) > DEEPEST or _TEST_DIRECTORIES & set(directories):
            continue
        if not name.startswith(_TEST_FILES) and not name.endswith("_test.py"):
            found.append(file.path)
    return found[:MOST_MODULES]


def _module(path: str, root: str, text: bytes) -> EntryModule | None:
    inside = path.removeprefix(f"{root}/") if root else path
    parts = inside.removesuffix(".py").split("/")
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    if not name and is_package:
        return None
    facts = read_module(text, f"{name}.__init__" if is_package else name)
    return EntryModule(path, name, facts) if facts is not None else None
