"""Whether everything that the ELF files of a tree need is in the tree.

Each program is followed as the loader would start it. A shared object that no program links
to is one that something opens at run time (a Python extension module, a plug-in): it is
followed as ``dlopen`` would load it.

A plug-in is one of a package's shared objects that the loader would not find by its name, and
that is not an extension module that is imported. Whoever opens plug-ins goes on without one
that cannot be loaded, and packages ship them for libraries that they only recommend.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from distil.formats.elf import ET_EXEC, ElfFile
from distil.model.digest import Digest
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.linkmap import Miss, MissingInterpreter, MissingLibrary, Process
from distil.reach.objects import ElfTarget, Objects
from distil.reach.search import (
    GlibcSearch,
    LibrarySearch,
    MuslSearch,
    Surroundings,
    system_directories,
)

_INSTALLED: Final = re.compile(r"/usr/|.*/(?:site|dist)-packages/")
"""Where packages are, in images of which nothing else is known."""

_EXTENSION: Final = b"PyInit_"
"""The beginning of the function that makes a shared object a Python extension module."""

GLIBC_INTERPRETERS = {
    "amd64": "/lib64/ld-linux-x86-64.so.2",
    "arm64": "/lib/ld-linux-aarch64.so.1",
}


def check_elf(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    platform: Platform,
    *,
    surroundings: Surroundings | None = None,
    program: str | None = None,
    imported: Collection[str] | None = None,
) -> list[Miss]:
    """What the ELF files of `tree` need and will not find, sorted by who needs it.

    `elf` says for the digest of every file's content what it is; files for other machines
    than `platform` are not looked at. Shared objects that are opened at run time are loaded
    into the process of `program` (the language's interpreter), or else into one of their own.

    `imported` are the extension modules that may be imported, all of them if it is not known.

    A need that one such object has alone and another process meets is not a miss: its file
    is there, and what loads the object may have loaded that file before.
    """
    check = _Check(tree, elf, platform, surroundings or Surroundings(), program)
    return check.run(Plugins(tree, imported))


def is_program(elf: ElfFile) -> bool:
    """Whether `elf` is started as a program, rather than loaded (libc can be both)."""
    if elf.type == ET_EXEC or elf.pie:
        return True
    return bool(elf.interpreter) and not elf.soname


def is_musl(interpreter: str) -> bool:
    """Whether a program's interpreter is musl's."""
    return interpreter.rpartition("/")[2].startswith("ld-musl-")


class Plugins:
    """Tells plug-ins from what is loaded for certain."""

    def __init__(self, tree: Tree, imported: Collection[str] | None) -> None:
        self._tree = tree
        self._imported = imported

    def has(self, path: str, process: Process) -> bool:
        """Whether the shared object at `path`, loaded into `process`, is a plug-in."""
        node = self._tree[path]
        if not (isinstance(node.origin, PackageOrigin) or _INSTALLED.match(path)):
            return False  # The application's own: nobody knows what it is for.
        found = process.search.find(node.name, process.main, process.main)
        if found is not None and found.opened.real == path:
            return False
        if self._imported is not None:
            return path not in self._imported
        return node.blob is None or _EXTENSION not in node.blob.read()


class _Started(NamedTuple):
    """A process, and the file that it was started for."""

    path: str
    process: Process
    is_program: bool


class _Check:
    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        platform: Platform,
        around: Surroundings,
        program: str | None,
    ) -> None:
        self._objects = Objects(tree, elf)
        self._around = around
        self._program = program
        target = (64, platform.elf_machine, True)
        self._files = {
            path: elf for path, elf in self._objects.elf_files() if ElfTarget.of(elf) == target
        }
        self._machine = platform.machine
        self._glibc_interpreter = GLIBC_INTERPRETERS.get(platform.debian, "")
        self._searches: dict[str, LibrarySearch] = {}
        self._interpreters = sorted({e.interpreter for e in self._files.values() if e.interpreter})
        self._processes: list[_Started] = []
        self._seen: dict[str, list[int]] = {}

    def run(self, plugins: Plugins) -> list[Miss]:
        misses: list[Miss] = []
        programs = [path for path, elf in self._files.items() if elf.dynamic and is_program(elf)]
        for path in programs:
            misses += self._check_interpreter(path)
            self._start(path, is_root_program=True)
        # Libraries last: most of them belong to one of the others.
        for path, elf in sorted(self._files.items(), key=lambda item: self._is_library(*item)):
            if elf.dynamic and path not in self._seen:
                self._start(path, is_root_program=False)
        misses += self._misses(plugins)
        unique = {(miss.needed_by, _subject(miss)): miss for miss in misses}
        return [unique[key] for key in sorted(unique)]

    def _check_interpreter(self, path: str) -> list[Miss]:
        name = self._files[path].interpreter
        opened = self._objects.open(name) if name else None
        if name and (opened is None or opened.elf is None):
            return [MissingInterpreter(name, path)]
        return []

    def _start(self, path: str, *, is_root_program: bool) -> None:
        elf = self._files[path]
        interpreter = elf.interpreter or self._interpreter_for(elf)
        search = self._search(interpreter, elf)
        if is_root_program or self._program is None or self._program not in self._files:
            process = Process(self._objects, search, path, interpreter)
        else:
            process = Process(self._objects, search, self._program, interpreter)
            process.load(path)
        index = len(self._processes)
        self._processes.append(_Started(path, process, is_root_program))
        for loaded in process.objects:
            self._seen.setdefault(loaded.opened.real, []).append(index)

    def _interpreter_for(self, elf: ElfFile) -> str:
        """The loader that will load a shared object: that of the C library it is linked to."""
        musl = [name for name in self._interpreters if is_musl(name)]
        if any(name.startswith("libc.musl-") for name in elf.needed):
            return (musl or [f"/lib/ld-musl-{self._machine}.so.1"])[0]
        if "libc.so.6" in elf.needed or not musl or len(musl) < len(self._interpreters):
            return self._glibc_interpreter
        return musl[0]

    def _search(self, interpreter: str, elf: ElfFile) -> LibrarySearch:
        if interpreter not in self._searches:
            self._searches[interpreter] = (
                MuslSearch(self._objects, interpreter, self._around)
                if is_musl(interpreter)
                else GlibcSearch(self._objects, elf, self._around)
            )
        return self._searches[interpreter]

    def _is_library(self, path: str, elf: ElfFile) -> bool:
        """Whether the loader looks into the directory of `path`, so that names lead to it."""
        directories = system_directories(self._objects, elf)
        return path.rpartition("/")[0] in map(self._objects.directory, directories)

    # --- misses ----------------------------------------------------------------------------

    def _misses(self, plugins: Plugins) -> Iterable[Miss]:
        found = [self._misses_of(started.process) for started in self._processes]
        missed_in: dict[tuple[str, str], set[int]] = {}
        for index, misses in enumerate(found):
            for miss in misses:
                missed_in.setdefault((miss.needed_by, _subject(miss)), set()).add(index)
        elsewhere = self._by_name()
        for index, started in enumerate(self._processes):
            for miss in found[index]:
                met = set(self._seen[miss.needed_by]) - missed_in[miss.needed_by, _subject(miss)]
                if met and not started.is_program:
                    continue
                without = [self._processes[n] for n in missed_in[miss.needed_by, _subject(miss)]]
                plugin = all(not o.is_program and plugins.has(o.path, o.process) for o in without)
                if isinstance(miss, MissingLibrary):
                    files = tuple(elsewhere.get(miss.soname.rpartition("/")[2], ()))
                    yield msgspec.structs.replace(miss, elsewhere=files, plugin=plugin)
                else:
                    yield msgspec.structs.replace(miss, plugin=plugin)

    def _misses_of(self, process: Process) -> list[Miss]:
        versions = [] if isinstance(process.search, MuslSearch) else process.missing_versions()
        return [*process.missing, *versions]

    def _by_name(self) -> dict[str, list[str]]:
        """The files of the tree by file name and by soname."""
        result: dict[str, list[str]] = {}
        for path, elf in self._files.items():
            for name in {path.rpartition("/")[2], elf.soname} - {""}:
                result.setdefault(name, []).append(path)
        return result


def _subject(miss: Miss) -> str:
    """What is missing, as one word that is unique for one who needs it."""
    if isinstance(miss, MissingLibrary):
        return miss.soname
    if isinstance(miss, MissingInterpreter):
        return miss.interpreter
    return f"{miss.library}@{miss.version}"
