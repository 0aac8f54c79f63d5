"""Following compiled code: what an ELF file is linked with, and what it may open by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec
from msgspec.msgpack import Decoder

from distil.formats.elf import ElfFile
from distil.formats.elf_strings import ElfStrings, Sought, read_elf_strings
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.node import Node
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.reach.closure import GLIBC_INTERPRETERS, is_musl, is_program
from distil.reach.documents import Documents
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.linkmap import Process
from distil.reach.memory import Memory
from distil.reach.objects import ElfTarget, Objects
from distil.reach.search import GlibcSearch, LibrarySearch, MuslSearch, Surroundings

LINKED = "DT_NEEDED"
LOADER = "PT_INTERP"
NAMED = "named library"
DECLARED = "declared dlopen"

_FORMAT = "native-3"
_DECODER = Decoder(dict[str, ElfStrings])


class Native(EvidenceProvider):
    """Follows the ELF files of a tree; `program` is the process that plug-ins are loaded into."""

    def __init__(
        self,
        tree: Tree,
        elf: Mapping[Digest, ElfFile | None],
        platform: Platform,
        program: str,
        strings: Strings,
    ) -> None:
        self._objects = Objects(tree, elf)
        self._elf = elf
        self._target = ElfTarget(64, platform.elf_machine, little_endian=True)
        self._interpreter = GLIBC_INTERPRETERS.get(platform.debian, "")
        self._program = program
        self._strings = strings
        self._searches: dict[str, LibrarySearch] = {}
        self._linked: set[str] = set()
        self._told: set[str] = set()
        self.texts: dict[str, str] = {}
        """Texts of interest in kept files, with the path of the first file that has each."""
        self.go_functions: dict[str, str] = {}
        """Functions of interest in kept Go programs, with the path of the first that has each."""
        self.functions: dict[str, dict[str, str]] = {}
        """Functions of interest that kept files call: soname and path of the callers."""

    def follow(self, node: Node, keeping: Keeping) -> None:
        """Keep what the file `node` is linked with and names, if it is an ELF file."""
        elf = self._elf.get(node.blob.digest) if node.blob is not None else None
        if elf is None or ElfTarget.of(elf) != self._target:
            return
        if elf.interpreter:
            keeping.keep(elf.interpreter, Reason(LOADER, node.path))
        if elf.dynamic and node.path not in self._linked:
            self._follow_links(node.path, elf, keeping)
        self._follow_names(node, elf, keeping)

    def find_library(self, name: str) -> str | None:
        """The path at which the program finds library `name`, a file name or a path."""
        if "/" in name:
            return name if self._objects.open(name) else None
        process = self._main
        if process is None:
            return None
        found = process.search.find(name, process.main, process.main)
        return None if found is None or found.opened.elf is None else found.path

    @cached_property
    def _main(self) -> Process | None:
        """The program with what it is linked with; None when it is no ELF file."""
        opened = self._objects.open(self._program)
        if opened is None or opened.elf is None:
            return None
        search = self._search(opened.elf)
        return Process(self._objects, search, self._program, opened.elf.interpreter)

    def _follow_links(self, path: str, elf: ElfFile, keeping: Keeping) -> None:
        search = self._search(elf)
        interpreter = elf.interpreter or self._interpreter
        if is_program(elf) or self._main is None:
            process = Process(self._objects, search, path, interpreter)
        else:
            process = Process(self._objects, search, self._program, interpreter)
            process.load(path)
        for loaded in process.objects:
            self._linked.add(loaded.opened.real)
            if loaded.loader is not None:
                detail = ", ".join(sorted(loaded.names))
                keeping.keep(loaded.path, Reason(LINKED, loaded.loader.opened.real, detail))
        self._tell_others(process, keeping)

    def _tell_others(self, process: Process, keeping: Keeping) -> None:
        """Give each library the reasons besides the one that the loader met first."""
        by_name = {name: loaded for loaded in process.objects for name in loaded.names}
        for loaded in process.objects:
            if loaded.opened.real in self._told:
                continue
            self._told.add(loaded.opened.real)
            for name in loaded.elf.needed:
                if name in by_name:
                    keeping.keep(by_name[name].path, Reason(LINKED, loaded.opened.real, name))

    def _follow_names(self, node: Node, elf: ElfFile, keeping: Keeping) -> None:
        for note in elf.dlopen:
            for soname in note.soname:
                self._keep_library(soname, Reason(DECLARED, node.path, soname), keeping)
        found = self._strings.of(node)
        for function in found.functions:
            self.functions.setdefault(function, {}).setdefault(elf.soname, node.path)
        for text in found.texts:
            self.texts.setdefault(text, node.path)
        for function in found.go_functions:
            self.go_functions.setdefault(function, node.path)
        for name in found.libraries:
            if name not in elf.needed and name != elf.soname:
                self._keep_library(name, Reason(NAMED, node.path, name), keeping)

    def _keep_library(self, name: str, reason: Reason, keeping: Keeping) -> None:
        # The directory may only be known at run time: "%s/libx.so", "${ORIGIN}/libx.so".
        path = self.find_library(name) or self.find_library(name.rpartition("/")[2])
        if path is not None:
            keeping.keep(path, reason)

    def _search(self, elf: ElfFile) -> LibrarySearch:
        interpreter = elf.interpreter or self._interpreter
        if interpreter not in self._searches:
            self._searches[interpreter] = (
                MuslSearch(self._objects, interpreter, Surroundings())
                if is_musl(interpreter)
                else GlibcSearch(self._objects, elf, Surroundings())
            )
        return self._searches[interpreter]


class Strings:
    """Reads the strings of ELF files, and remembers them for each package archive.

    `sought` is what they are asked for.
    """

    def __init__(self, sought: Sought, documents: Documents | None = None) -> None:
        self._sought = sought
        asked = Digest.of(msgspec.msgpack.encode(sought)).hex[:16]
        self._memory = Memory(documents, f"{_FORMAT}-{asked}", _DECODER)

    def of(self, node: Node) -> ElfStrings:
        """The strings of the ELF file at `node`."""
        if node.blob is None:
            return ElfStrings()
        origin = node.origin
        archive = origin.archive.hex if isinstance(origin, PackageOrigin) else ""
        key = node.blob.digest.hex
        found = self._memory.get(archive, key)
        if found is None:
            found = read_elf_strings(node.blob.read(), self._sought)
            self._memory.put(archive, key, found)
        return found

    def save(self) -> None:
        """Keep what was read since the last time, for later runs."""
        self._memory.save()
