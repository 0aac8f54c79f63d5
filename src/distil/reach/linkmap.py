"""Which objects a process ends up with: the loader's link map, built on a tree.

For glibc that is ``_dl_map_object_deps`` (breadth first, an object is loaded once, a name
that a loaded object goes by is not searched again) and ``_dl_check_all_versions``.
"""

from __future__ import annotations

from collections import deque

import msgspec

from distil.formats.errors import MalformedElf
from distil.reach.objects import Objects
from distil.reach.search import FoundLibrary, LibrarySearch, LoadedObject


class MissingLibrary(msgspec.Struct, frozen=True):
    """A library that an object needs and its process does not find.

    `searched` are the directories that were looked into, in order. `elsewhere` are the files
    of the tree that go by the name and fit, but are not where the loader looks; `unfit` is a
    file at which the search ended although it cannot be loaded. `plugin`, of any kind of miss:
    only plug-ins are without it.
    """

    soname: str
    needed_by: str
    searched: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    unfit: str = ""
    plugin: bool = False

    def __str__(self) -> str:
        return f"{self.needed_by} needs {self.soname}, which is not there"


class MissingVersion(msgspec.Struct, frozen=True):
    """A symbol version that an object needs and the library it gets does not define."""

    version: str
    library: str
    needed_by: str
    plugin: bool = False

    def __str__(self) -> str:
        return f"{self.needed_by} needs version {self.version} of {self.library}, which is older"


class MissingInterpreter(msgspec.Struct, frozen=True):
    """A program whose dynamic loader is not there, or is for another machine."""

    interpreter: str
    needed_by: str
    plugin: bool = False

    def __str__(self) -> str:
        return f"{self.needed_by} needs the loader {self.interpreter}, which is not there"


Miss = MissingLibrary | MissingVersion | MissingInterpreter


class Process:
    """The link map of one process, as it grows.

    `objects` are in load order, the program first. What was needed and not found is in
    `missing`; a look-up that failed does not keep the others from going on, as in ``ld.so
    --list``. Raises `MalformedElf` for a program that is no ELF file of the tree.
    """

    def __init__(
        self, objects: Objects, search: LibrarySearch, path: str, interpreter: str
    ) -> None:
        self._files = objects
        self.search = search
        self.objects: list[LoadedObject] = []
        self.missing: list[MissingLibrary] = []
        self._by_name: dict[str, LoadedObject] = {}
        self._by_file: dict[str, LoadedObject] = {}
        self.main = self._open(path)
        self._enter(self.main, path)
        # The loader itself is in every link map, by its path and by its own name.
        opened = objects.open(interpreter) if interpreter else None
        if opened and opened.elf and opened.real not in self._by_file:
            self._enter(LoadedObject(interpreter, opened, opened.elf, None), interpreter)
        self._load_needed(self.main)

    def load(self, path: str) -> None:
        """Load the object at `path` as ``dlopen`` does, with what it needs."""
        loaded = self._open(path)
        if loaded.opened.real not in self._by_file:
            self._enter(loaded, path)
            self._load_needed(loaded)

    def _open(self, path: str) -> LoadedObject:
        opened = self._files.open(path)
        if opened is None or opened.elf is None:
            raise MalformedElf("it cannot be loaded", path)
        return LoadedObject(path, opened, opened.elf, None)

    def _enter(self, loaded: LoadedObject, name: str) -> None:
        self.objects.append(loaded)
        self._by_file[loaded.opened.real] = loaded
        self._name(loaded, name)
        if loaded.elf.soname:
            self._by_name.setdefault(loaded.elf.soname, loaded)

    def _name(self, loaded: LoadedObject, name: str) -> None:
        loaded.names.add(name)
        self._by_name.setdefault(name, loaded)

    def _load_needed(self, first: LoadedObject) -> None:
        queue = deque([first])
        while queue:
            requester = queue.popleft()
            elf = requester.elf
            for name in (*elf.filters, *elf.auxiliary, *elf.needed):
                new = self._need(name, requester)
                if new is not None:
                    queue.append(new)

    def _need(self, name: str, requester: LoadedObject) -> LoadedObject | None:
        """The object that `name` brings in, None when it is there already or nowhere."""
        optional = name in requester.elf.auxiliary
        if "$" in name:
            name = self.search.expand(requester, name) or name
        known = self._by_name.get(name)
        if known is not None:
            known.names.add(name)
            return None
        found = self.search.find(name, requester, self.main)
        if found is None or found.opened.elf is None:
            if not optional:
                self._miss(name, requester, found)
            return None
        known = self._by_file.get(found.opened.real)
        if known is not None:
            self._name(known, name)
            return None
        new = LoadedObject(found.path, found.opened, found.opened.elf, requester)
        self._enter(new, name)
        return new

    def _miss(self, name: str, requester: LoadedObject, found: FoundLibrary | None) -> None:
        searched = () if "/" in name else tuple(self.search.directories(requester, self.main))
        unfit = found.path if found else ""
        self.missing.append(MissingLibrary(name, requester.opened.real, searched, unfit=unfit))

    def missing_versions(self) -> list[MissingVersion]:
        """The symbol versions that objects need of each other and that are not defined.

        As the loader has it, a library without any version table is not asked, and a name
        that could not be found stands for nothing, whatever goes by it later.
        """
        named: dict[str, LoadedObject | None] = {miss.soname: None for miss in self.missing}
        for loaded in self.objects:
            for name in loaded.names:
                named.setdefault(name, loaded)
        return [
            MissingVersion(version, library.opened.real, loaded.opened.real)
            for loaded in self.objects
            for name, versions in loaded.elf.versions_needed
            if (library := named.get(name)) and library.elf.versions_defined
            for version in versions
            if version not in library.elf.versions_defined
        ]
