"""Where a dynamic loader looks for a library, on a tree instead of a running system.

glibc's order is that of ``_dl_map_object`` in ``elf/dl-load.c`` (2.37 and later, with
Debian's multi-arch directories); musl's that of ``load_library`` in ``ldso/dynlink.c``.
Nothing of the host is looked at, and the machine of the files may be any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from distil.formats.elf import (
    EM_AARCH64,
    EM_LOONGARCH,
    EM_PPC64,
    EM_RISCV,
    EM_S390,
    EM_X86_64,
    ElfFile,
)
from distil.formats.errors import MalformedLdCache
from distil.formats.ldcache import (
    CacheEntry,
    OrderKey,
    accepted_flags,
    library_order,
    read_ld_cache,
)
from distil.reach.objects import ElfTarget, Objects, Opened, multiarch_tuple

LD_SO_CACHE: Final = "/etc/ld.so.cache"
_MAX_CACHE: Final = 64 << 20
_HWCAPS_DIRECTORY: Final = "glibc-hwcaps"

HWCAPS: Final = {
    EM_X86_64: ("x86-64-v4", "x86-64-v3", "x86-64-v2"),
    EM_PPC64: ("power10", "power9"),
    EM_S390: ("z17", "z16", "z15", "z14", "z13"),
}
"""Every hardware subdirectory that glibc knows, best first, by machine."""

_PLATFORM_NAMES: Final = {
    EM_X86_64: "x86_64",
    EM_AARCH64: "aarch64",
}
"""``$PLATFORM``; for other machines (and for x86 beyond the base) the processor decides."""

_LIB64: Final = (EM_X86_64, EM_AARCH64, EM_PPC64, EM_S390, EM_RISCV, EM_LOONGARCH)


@dataclass(frozen=True)
class Surroundings:
    """What a process gets from outside: the environment and the machine.

    `library_path` is LD_LIBRARY_PATH, `directory` the working directory that relative
    entries count from, `hwcaps` the hardware subdirectories the processor is good for, best
    first. None of them is what any machine of the platform can do.
    """

    library_path: str = ""
    directory: str = "/"
    hwcaps: tuple[str, ...] = ()
    platform_name: str | None = None


@dataclass(eq=False)
class LoadedObject:
    """One entry of a link map: the path it was opened by, and the object that asked for it."""

    path: str
    opened: Opened
    elf: ElfFile
    loader: LoadedObject | None
    names: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """What ``$ORIGIN`` stands for."""
        return self.path.rsplit("/", 1)[0] or "/"


class FoundLibrary(NamedTuple):
    """The file that the search ended at; one that is no ELF file at all ends it in an error."""

    path: str
    opened: Opened


class LibrarySearch(Protocol):
    """How one kind of loader finds libraries."""

    def find(self, name: str, requester: LoadedObject, main: LoadedObject) -> FoundLibrary | None:
        """The file that `name`, needed by `requester` in the process of `main`, leads to."""

    def directories(self, requester: LoadedObject, main: LoadedObject) -> list[str]:
        """Where `find` looks, in its order; for messages."""

    def expand(self, owner: LoadedObject, text: str) -> str:
        """`text`, which `owner` holds, with its ``$`` tokens replaced; empty when it cannot be."""


class GlibcSearch:
    """The search of glibc's ``ld.so`` for programs of one kind."""

    def __init__(self, objects: Objects, program: ElfFile, around: Surroundings) -> None:
        self._objects = objects
        self._around = around
        self._target = ElfTarget.of(program)
        self._caps = tuple(f"{_HWCAPS_DIRECTORY}/{name}" for name in around.hwcaps)
        self._tuple = multiarch_tuple(program)
        self.system_directories = system_directories(objects, program)
        self._signed = program.machine == EM_X86_64
        self._cache = self._read_cache(program)
        self._expanded: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        platform = around.platform_name or _PLATFORM_NAMES.get(program.machine)
        self._tokens = {"LIB": self._lib_token(), "PLATFORM": platform}

    def _lib_token(self) -> str:
        if self._tuple and f"/lib/{self._tuple}" in self.system_directories:
            return f"lib/{self._tuple}"
        return "lib64" if "/lib64" in self.system_directories else "lib"

    # --- the order -------------------------------------------------------------------------

    def find(self, name: str, requester: LoadedObject, main: LoadedObject) -> FoundLibrary | None:
        if "/" in name:
            return self._try(self._absolute(name))
        for directory in self._before_cache(requester, main):
            found = self._find_in(directory, name)
            if found:
                return found
        found = self._from_cache(name, no_default=requester.elf.no_default_directories)
        if found is None and not requester.elf.no_default_directories:
            for directory in self.system_directories:
                found = found or self._find_in(directory, name)
        return found

    def directories(self, requester: LoadedObject, main: LoadedObject) -> list[str]:
        result = [*self._before_cache(requester, main)]
        if self._cache:
            result.append(LD_SO_CACHE)
        if not requester.elf.no_default_directories:
            result += self.system_directories
        return list(dict.fromkeys(result))

    def _before_cache(self, requester: LoadedObject, main: LoadedObject) -> Iterator[str]:
        if not requester.elf.runpath:
            did_main = False
            link: LoadedObject | None = requester
            while link is not None:
                yield from self._path_list(link, _effective_rpath(link.elf))
                did_main |= link is main
                link = link.loader
            if not did_main:
                yield from self._path_list(main, _effective_rpath(main.elf))
        if self._around.library_path:
            parts = tuple(re.split("[:;]", self._around.library_path))
            yield from self._path_list(main, parts)
        yield from self._path_list(requester, requester.elf.runpath)

    # --- directories and tokens ------------------------------------------------------------

    def _path_list(self, owner: LoadedObject, parts: tuple[str, ...]) -> tuple[str, ...]:
        if not parts:
            return ()
        key = (owner.origin, parts)
        if key not in self._expanded:
            # An empty part is the working directory, one whose token has no value is nothing.
            paths = [(part, self.expand(owner, part)) for part in parts]
            self._expanded[key] = tuple(
                self._absolute(path) for part, path in paths if path or not part
            )
        return self._expanded[key]

    def expand(self, owner: LoadedObject, text: str) -> str:
        return expand_tokens(text, {**self._tokens, "ORIGIN": owner.origin})

    def _absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"{self._around.directory.rstrip('/')}/{path}"

    # --- files -----------------------------------------------------------------------------

    def _find_in(self, directory: str, name: str) -> FoundLibrary | None:
        if self._objects.directory(directory) is None:
            return None
        base = directory.rstrip("/")
        for cap in self._caps:
            found = self._try(f"{base}/{cap}/{name}")
            if found:
                return found
        return self._try(f"{base}/{name}")

    def _try(self, path: str) -> FoundLibrary | None:
        """The file at `path`, unless it is for another kind of processor: that is passed by."""
        opened = self._objects.open(path)
        if opened is None or (opened.elf and ElfTarget.of(opened.elf) != self._target):
            return None
        return FoundLibrary(path, opened)

    # --- ld.so.cache -----------------------------------------------------------------------

    def _read_cache(self, program: ElfFile) -> dict[OrderKey, list[CacheEntry]]:
        node = self._objects.tree.resolve(LD_SO_CACHE)
        if node is None or node.blob is None or node.size > _MAX_CACHE:
            return {}
        try:
            entries = read_ld_cache(node.blob.read())
        except MalformedLdCache:
            return {}  # as the loader does
        accepted = accepted_flags(program)
        cache: dict[OrderKey, list[CacheEntry]] = {}
        for entry in entries:
            if entry.flags in accepted:
                key = library_order(entry.soname, signed=self._signed)
                cache.setdefault(key, []).append(entry)
        return cache

    def _from_cache(self, name: str, *, no_default: bool) -> FoundLibrary | None:
        if not self._cache:
            return None
        best: CacheEntry | None = None
        rank = len(self._around.hwcaps)
        for entry in self._cache.get(library_order(name, signed=self._signed), ()):
            if not entry.hwcaps:
                best = best or entry
                break
            usable = entry.hwcaps in self._around.hwcaps[:rank] and self._can_run(entry)
            if usable:
                best, rank = entry, self._around.hwcaps.index(entry.hwcaps)
        if best is None:
            return None
        if no_default and best.path.startswith(tuple(f"{d}/" for d in self.system_directories)):
            return None
        return self._try(best.path)

    def _can_run(self, entry: CacheEntry) -> bool:
        """Whether the processor reaches the x86 level (v1 is 0) that the entry asks for."""
        levels = [int(name[-1]) - 1 for name in self._around.hwcaps if name.startswith("x86-64-v")]
        return entry.isa_level <= max(levels, default=0)


def _effective_rpath(elf: ElfFile) -> tuple[str, ...]:
    """RPATH counts only in an object without RUNPATH."""
    return () if elf.runpath else elf.rpath


_TOKEN: Final = re.compile(r"\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})")


def expand_tokens(text: str, values: dict[str, str | None]) -> str:
    """Put `values` in place of ``$NAME`` and ``${NAME}``; empty when one has no value.

    Follows the gABI's "Substitution Sequences" as ``_dl_dst_substitute`` reads it.
    """
    names = [first or second for first, second in _TOKEN.findall(text)]
    if any(values[name] is None for name in names):
        return ""
    return _TOKEN.sub(lambda match: values[match[1] or match[2]] or "", text)


def system_directories(objects: Objects, program: ElfFile) -> tuple[str, ...]:
    """The directories built into glibc's loader for programs like `program`.

    Debian's are the multi-arch ones and then the plain ones; a tree without a multi-arch
    directory is taken for a distribution with ``lib64``, as upstream has it.
    """
    name = multiarch_tuple(program)
    if name and any(objects.directory(f"{top}/{name}") for top in ("/lib", "/usr/lib")):
        return (f"/lib/{name}", f"/usr/lib/{name}", "/lib", "/usr/lib")
    if program.elf_class == 64 and program.machine in _LIB64 and objects.directory("/lib64"):
        return ("/lib64", "/usr/lib64")
    return ("/lib", "/usr/lib")


class MuslSearch:
    """The search of musl's ``ld-musl-*.so.1``.

    It knows neither a cache nor hardware subdirectories, RPATH and RUNPATH are one and are
    inherited, and the first file of the name ends the search, whatever it is.
    """

    _DEFAULT: Final = ("/lib", "/usr/local/lib", "/usr/lib")
    _ITSELF: Final = re.compile(r"lib(?:c|pthread|rt|m|dl|util|xnet)\.")
    """Names that stand for the loader, which is the C library."""

    def __init__(self, objects: Objects, interpreter: str, around: Surroundings) -> None:
        self._objects = objects
        self._around = around
        self._interpreter = interpreter
        self._environment = tuple(re.split("[:\n]", around.library_path))
        self.system_directories = self._configured(interpreter)

    def _configured(self, interpreter: str) -> tuple[str, ...]:
        """``/etc/ld-musl-ARCH.path`` beside the loader's own directory, or the defaults."""
        directory, _, name = interpreter.rpartition("/")
        prefix = directory.rpartition("/")[0]
        path = f"{prefix}/etc/{name.split('.so', maxsplit=1)[0]}.path"
        node = self._objects.tree.resolve(path)
        if node is None or node.blob is None or node.size > 1 << 16:
            return self._DEFAULT
        text = node.blob.read().decode("utf-8", "surrogateescape")
        return _present(re.split("[:\n]", text)) or self._DEFAULT

    def find(self, name: str, requester: LoadedObject, main: LoadedObject) -> FoundLibrary | None:  # noqa: ARG002
        if self._ITSELF.match(name):
            itself = self._objects.open(self._interpreter)
            return FoundLibrary(self._interpreter, itself) if itself else None
        if "/" in name:
            directory, _, name = name.rpartition("/")
            places: Iterable[str] = (directory or "/",)
        else:
            places = self._places(requester)
        for place in places:
            directory = (
                place if place.startswith("/") else f"{self._around.directory.rstrip('/')}/{place}"
            )
            path = f"{directory.rstrip('/')}/{name}"
            opened = self._objects.open(path)
            if opened is not None:
                return FoundLibrary(path, opened)
        return None

    def directories(self, requester: LoadedObject, main: LoadedObject) -> list[str]:  # noqa: ARG002
        return list(dict.fromkeys(self._places(requester)))

    def expand(self, owner: LoadedObject, text: str) -> str:  # noqa: ARG002
        return text  # musl expands search paths only

    def _places(self, requester: LoadedObject) -> Iterator[str]:
        yield from _present(self._environment)
        link: LoadedObject | None = requester
        while link is not None:
            yield from _present(_musl_rpath(link))
            link = link.loader
        yield from self.system_directories


def _musl_rpath(owner: LoadedObject) -> list[str]:
    """RUNPATH or else RPATH; one that holds any other token is ignored as a whole."""
    path = ":".join(owner.elf.runpath or owner.elf.rpath)
    if re.search(r"\$(?!ORIGIN|\{ORIGIN\})", path):
        return []
    return re.split(
        "[:\n]", path.replace("${ORIGIN}", owner.origin).replace("$ORIGIN", owner.origin)
    )


def _present(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for part in parts if part)
