"""Whether everything that the ELF files of a tree need is in the tree.

Each program is followed as the loader would start it. A shared object that no program links
to is one that something opens at run time (a Python extension module, a plug-in): it is
followed as ``dlopen`` would load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from distil.formats.elf import ET_EXEC, ElfFile
from distil.model.digest import Digest
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.linkmap import Miss, MissingInterpreter, MissingLibrary, Process
from distil.reach.objects import Objects, Target
from distil.reach.search import GlibcSearch, MuslSearch, Search, Surroundings

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
) -> list[Miss]:
    """What the ELF files of `tree` need and will not find, sorted by who needs it.

    `elf` says for the digest of every file's content what it is; files for other machines
    than `platform` are not looked at. Shared objects that are opened at run time are loaded
    into the process of `program` (the language's interpreter), or else into one of their own.

    A need that one such object has alone and another process meets is not a miss: its file
    is there, and what loads the object may have loaded that file before.
    """
    return _Check(tree, elf, platform, surroundings or Surroundings(), program).run()


def is_program(elf: ElfFile) -> bool:
    """Whether `elf` is started as a program, rather than loaded (libc can be both)."""
    if elf.type == ET_EXEC or elf.pie:
        return True
    return bool(elf.interpreter) and not elf.soname


def is_musl(interpreter: str) -> bool:
    """Whether a program's interpreter is musl's."""
    return interpreter.rpartition("/")[2].startswith("ld-musl-")


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
            path: elf for path, elf in self._objects.elf_files() if Target.of(elf) == target
        }
        self._machine = platform.machine
        self._glibc_interpreter = GLIBC_INTERPRETERS.get(platform.debian, "")
        self._searches: dict[str, Search] = {}
        self._interpreters = sorted({e.interpreter for e in self._files.values() if e.interpreter})
        self._processes: list[tuple[bool, Process]] = []
        self._seen: dict[str, list[int]] = {}

    def run(self) -> list[Miss]:
        misses: list[Miss] = []
        programs = [path for path, elf in self._files.items() if elf.dynamic and is_program(elf)]
        for path in programs:
            misses += self._check_interpreter(path)
            self._start(path, is_root_program=True)
        for path, elf in self._files.items():
            if elf.dynamic and path not in self._seen:
                self._start(path, is_root_program=False)
        misses += self._misses()
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
        self._processes.append((is_root_program, process))
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

    def _search(self, interpreter: str, elf: ElfFile) -> Search:
        if interpreter not in self._searches:
            self._searches[interpreter] = (
                MuslSearch(self._objects, interpreter, self._around)
                if is_musl(interpreter)
                else GlibcSearch(self._objects, elf, self._around)
            )
        return self._searches[interpreter]

    # --- misses ----------------------------------------------------------------------------

    def _misses(self) -> Iterable[Miss]:
        found = [self._misses_of(process) for _, process in self._processes]
        missed_in: dict[tuple[str, str], set[int]] = {}
        for index, misses in enumerate(found):
            for miss in misses:
                missed_in.setdefault((miss.needed_by, _subject(miss)), set()).add(index)
        elsewhere = self._by_name()
        for index, (from_program, _) in enumerate(self._processes):
            for miss in found[index]:
                met = set(self._seen[miss.needed_by]) - missed_in[miss.needed_by, _subject(miss)]
                if met and not from_program:
                    continue
                if isinstance(miss, MissingLibrary):
                    files = tuple(elsewhere.get(miss.soname.rpartition("/")[2], ()))
                    yield msgspec.structs.replace(miss, elsewhere=files)
                else:
                    yield miss

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
