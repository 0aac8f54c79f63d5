"""The effect of ldconfig: ``/etc/ld.so.cache``, written from what the tree holds.

Follows ldconfig(8) of glibc: the directories of ``/etc/ld.so.conf`` in order, then ``/lib`` and
``/usr/lib``; each directory once, under the name it was first given; in each the file that a
SONAME leads to, and the ``glibc-hwcaps`` subdirectories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from distil.formats.elf import ElfFile
from distil.formats.ldcache import CacheEntry, library_flags, write_ld_cache
from distil.model.digest import Digest
from distil.model.node import Kind, Node, generated_file
from distil.model.tree import Tree

RULE: Final = "library cache"
PATH: Final = "/etc/ld.so.cache"
_CONFIGURATION: Final = "/etc/ld.so.conf"
_BUILT_IN: Final = ("/lib", "/usr/lib")
_MAX_INCLUDES: Final = 20
_LIBRARY: Final = re.compile(r"(?:lib.*\.so(?:\..*)?|ld-.*\.so(?:\..*)?|ld\.so(?:\..*)?|.*\.so)")
_HWCAPS: Final = "glibc-hwcaps"


def library_cache_nodes(tree: Tree, elf: Mapping[Digest, ElfFile | None]) -> list[Node]:
    """The cache for `tree`, or nothing when it has no C library.

    `elf` holds what is known of the files by digest; a file it does not know is left out. To be
    called when everything else is in the tree.
    """
    entries: list[CacheEntry] = []
    seen: set[str] = set()
    for path in library_directories(tree):
        real = tree.real_path(path)
        if real not in seen:
            seen.add(real)
            entries += _entries(tree, elf, path, "")
            for hwcaps in tree.children(f"{real}/{_HWCAPS}"):
                entries += _entries(tree, elf, f"{path}/{_HWCAPS}/{hwcaps.name}", hwcaps.name)
    if not any(entry.soname.startswith(("libc.so.", "ld-")) for entry in entries):
        return []
    return [generated_file(PATH, write_ld_cache(entries), RULE)]


def library_directories(tree: Tree) -> list[str]:
    """The directories that ldconfig would search, in order; some may not exist."""
    return [*_configured(tree, _CONFIGURATION, 0), *_BUILT_IN]


def _configured(tree: Tree, path: str, depth: int) -> Iterator[str]:
    node = tree.resolve(path)
    if node is None or node.blob is None or depth > _MAX_INCLUDES:
        return
    for line in node.blob.read().decode("utf-8", "surrogateescape").splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) >= 2 and words[0] == "include":
            for pattern in words[1:]:
                for included in _matching(tree, pattern):
                    yield from _configured(tree, included, depth + 1)
        elif words and words[0].startswith("/"):
            yield words[0].split("=", 1)[0].rstrip("/") or "/"


def _matching(tree: Tree, pattern: str) -> list[str]:
    """The files that a pattern in the last component stands for, sorted."""
    directory, _, name = pattern.rpartition("/")
    directory = tree.real_path(directory if directory.startswith("/") else f"/etc/{directory}")
    return [node.path for node in tree.children(directory) if fnmatchcase(node.name, name)]


def _entries(
    tree: Tree, elf: Mapping[Digest, ElfFile | None], path: str, hwcaps: str
) -> list[CacheEntry]:
    found: dict[str, CacheEntry] = {}
    real = tree.real_path(path)
    for node in tree.children(real):
        if node.kind is Kind.DIRECTORY or not _LIBRARY.fullmatch(node.name):
            continue
        target = tree.resolve(node.path) if node.kind is Kind.SYMLINK else node
        known = elf.get(target.blob.digest) if target and target.blob else None
        flags = None if known is None else library_flags(known)
        if known is None or flags is None:
            continue
        soname = known.soname or node.name
        if node.kind is Kind.SYMLINK and node.name.endswith(".so") and node.name != soname:
            # The link that compilers use is an entry of its own (ldconfig.c, search_dir).
            soname = node.name
        file = soname if f"{real}/{soname}" in tree else node.name
        level = max(0, known.isa_needed.bit_length() - 1) if hwcaps else 0
        found.setdefault(soname, CacheEntry(soname, f"{path}/{file}", flags, hwcaps, level))
    return list(found.values())
