"""Which libraries ldconfig(8) would put into the cache, found on a tree.

Follows ``elf/ldconfig.c`` of glibc 2.41 with Debian's patch for multi-arch directories: the
configuration and its includes, each directory once under the name it was first given, in each
directory the best file for every soname, and the ``glibc-hwcaps`` subdirectories.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from distil.formats.elf import EM_386, EM_AARCH64, EM_ARM, EM_X86_64, ElfFile
from distil.formats.ldcache import CacheEntry, library_flags, library_order
from distil.model.digest import Digest
from distil.model.errors import LinkLoop
from distil.model.node import Kind, Node
from distil.model.platform import Platform
from distil.model.tree import Tree

CONFIGURATION: Final = "/etc/ld.so.conf"
_HWCAPS: Final = "glibc-hwcaps"
_MAX_CONFIGURATION: Final = 1 << 20
_MAX_INCLUDES: Final = 256
_LIBRARY_NAME: Final = re.compile(r"(?:lib|ld-).*\.so|ld\.so\.|ld64\.so\.", re.DOTALL)
_TEMPORARY_NAME: Final = re.compile(r";|\.#prelink#(?:\..{6})?$|\.dpkg-(?:new|tmp)$", re.DOTALL)
_MACHINES: Final = {EM_X86_64: (EM_X86_64, EM_386), EM_AARCH64: (EM_AARCH64, EM_ARM)}
"""What the ldconfig of a machine takes in."""


class LibraryScan(NamedTuple):
    """What ldconfig would do: entries in the order it finds them, and links it would make.

    A link is its path and its text; the entry of the same name is right only once it is there.
    """

    entries: list[CacheEntry]
    links: list[tuple[str, str]]


class _Directory(NamedTuple):
    path: str
    real: str
    hwcaps: str = ""


class _Candidate(NamedTuple):
    name: str
    elf: ElfFile
    is_link: bool


def scan_libraries(
    tree: Tree, elf: Mapping[Digest, ElfFile | None], platform: Platform
) -> LibraryScan:
    """The libraries of `tree` that programs for `platform` find by the cache.

    `elf` says for the digest of a file's content what it is; files it does not know are left
    out. Stale links are left alone, which ldconfig would remove.
    """
    machines = _MACHINES.get(platform.elf_machine, (platform.elf_machine,))
    scan = LibraryScan([], [])
    for directory in _directories(tree, platform):
        best = _best_by_soname(tree, elf, directory, machines)
        for soname, candidate in best.items():
            name = soname
            if directory.hwcaps:
                name = candidate.name
            elif not candidate.is_link:
                scan.links.extend(_missing_link(tree, directory.real, soname, candidate.name))
            scan.entries.append(_entry(directory, soname, name, candidate.elf))
    return scan


def _entry(directory: _Directory, soname: str, name: str, elf: ElfFile) -> CacheEntry:
    level = max(elf.isa_needed.bit_length() - 1, 0) if directory.hwcaps else 0
    flags = library_flags(elf) or 0
    return CacheEntry(soname, f"{directory.path}/{name}", flags, directory.hwcaps, level)


# --- directories ---------------------------------------------------------------------------


def library_directories(tree: Tree, platform: Platform) -> list[str]:
    """The configured directories and then the built-in ones, whether they exist or not."""
    tuple_ = platform.multiarch
    built_in = (f"/lib/{tuple_}", f"/usr/lib/{tuple_}", "/lib", "/usr/lib")
    return [*_configured(tree, CONFIGURATION, [_MAX_INCLUDES]), *built_in]


def _directories(tree: Tree, platform: Platform) -> list[_Directory]:
    found: dict[str, _Directory] = {}
    for path in library_directories(tree, platform):
        real = _directory_at(tree, path)
        if real is None or real in found:
            continue
        found[real] = _Directory(path, real)
        for child in tree.children(_directory_at(tree, f"{real}/{_HWCAPS}") or ""):
            real_child = _directory_at(tree, child.path)
            # The loader could not look up a name with a colon.
            if real_child and not child.name.startswith(".") and ":" not in child.name:
                sub = _Directory(f"{path}/{_HWCAPS}/{child.name}", real_child, child.name)
                found.setdefault(real_child, sub)
    return list(found.values())


def _resolve(tree: Tree, path: str) -> Node | None:
    try:
        return tree.resolve(path)
    except LinkLoop:
        return None


def _directory_at(tree: Tree, path: str) -> str | None:
    node = _resolve(tree, path)
    return node.path if node is not None and node.kind is Kind.DIRECTORY else None


def _configured(tree: Tree, path: str, left: list[int]) -> Iterator[str]:
    """The directories that a configuration file and its includes name."""
    node = _resolve(tree, path)
    left[0] -= 1
    if node is None or node.blob is None or node.size > _MAX_CONFIGURATION or left[0] < 0:
        return
    for line in node.blob.read().decode("utf-8", "surrogateescape").split("\n"):
        text = line.partition("#")[0].lstrip(" \t\r\v\f")
        if re.match(r"include[ \t]", text):
            for pattern in text[8:].split():
                start = "" if pattern.startswith("/") else f"{path.rpartition('/')[0]}/"
                for included in _glob(tree, start + pattern):
                    yield from _configured(tree, included, left)
        elif text.startswith("/"):
            # Anything else is a directive of old, or relative to who knows what.
            yield text.rstrip(" \t\r\v\f").rstrip("/")


def _glob(tree: Tree, pattern: str) -> list[str]:
    """The paths that glob(3) finds for an absolute `pattern`, in its order."""
    found = [""]
    for part in pattern.split("/")[1:]:
        if not re.search(r"[*?\[]", part):
            found = [f"{path}/{part}" for path in found]
            continue
        matches = re.compile(fnmatch.translate(part)).match
        found = [
            f"{path}/{child.name}"
            for path in found
            for child in tree.children(_directory_at(tree, path or "/") or "")
            if matches(child.name) and (part.startswith(".") or not child.name.startswith("."))
        ]
    return sorted(path for path in found if _resolve(tree, path) is not None)


# --- files ---------------------------------------------------------------------------------


def _best_by_soname(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    directory: _Directory,
    machines: tuple[int, ...],
) -> dict[str, _Candidate]:
    best: dict[str, _Candidate] = {}
    for node in tree.children(directory.real):
        is_link = node.kind is Kind.SYMLINK
        if not (_LIBRARY_NAME.match(node.name) or (is_link and directory.hwcaps)):
            continue
        target = _resolve(tree, node.path) if is_link else node
        known = elf.get(target.blob.digest) if target and target.blob else None
        if known is None or known.machine not in machines or library_flags(known) is None:
            continue
        if _TEMPORARY_NAME.search(node.name):
            continue
        soname = known.soname or node.name
        if is_link:
            is_link = _counts_as_link(node.name, soname)
            soname = node.name if is_link else soname
        candidate = _Candidate(node.name, known, is_link)
        if soname not in best or _is_better(candidate, best[soname]):
            best[soname] = candidate
    return best


def _counts_as_link(name: str, soname: str) -> bool:
    """Whether a symbolic link is the library's soname, or the link that compilers use.

    Any other link to a library is taken for another version of it.
    """
    return name == soname or (name.endswith(".so") and soname.startswith(name))


def _is_better(candidate: _Candidate, other: _Candidate) -> bool:
    """A file is better than a link, a higher version better than a lower one."""
    if candidate.is_link != other.is_link:
        return other.is_link
    return library_order(other.name) < library_order(candidate.name)


def _missing_link(tree: Tree, directory: str, soname: str, name: str) -> Iterator[tuple[str, str]]:
    path = f"{directory}/{soname}"
    existing = tree.get(path)
    if existing is not None:
        mine, theirs = _resolve(tree, f"{directory}/{name}"), _resolve(tree, path)
        if existing.kind is not Kind.SYMLINK or _same_file(mine, theirs):
            return
        if theirs is not None and soname.startswith(("ld-linux", "ld.so.", "ld64.so.")):
            return
    yield path, name


def _same_file(first: Node | None, second: Node | None) -> bool:
    if first is None or second is None:
        return False
    return (first.target or first.path) == (second.target or second.path)
