"""The effect of ldconfig: ``/etc/ld.so.cache``, written from what the tree holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from distil.distros.foundation import NOTHING_THERE, Foundation
from distil.formats.elf import ElfFile
from distil.formats.ldcache import write_ld_cache
from distil.formats.ldconfig import scan_libraries
from distil.model.digest import Digest
from distil.model.node import Node, generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

RULE: Final = "library cache"
PATH: Final = "/etc/ld.so.cache"


def library_cache_nodes(
    tree: Tree,
    elf: Mapping[Digest, ElfFile | None],
    platform: Platform,
    foundation: Foundation = NOTHING_THERE,
) -> list[Node]:
    """The cache for `tree` and the links ldconfig would make; nothing without a C library.

    `elf` holds what is known of the files by digest; a file it does not know is left out. To be
    called when every library is in the tree. That of an image that is built on stays as long as
    there is no library more than it has.
    """
    if foundation.layers:
        before = scan_libraries(foundation.tree, foundation.elf, platform)
        if before == scan_libraries(tree, elf, platform):
            return []
    scan = scan_libraries(tree, elf, platform)
    if not any(entry.soname == "libc.so.6" for entry in scan.entries):
        return []
    links = [symlink(path, target, GeneratedOrigin(RULE)) for path, target in scan.links]
    return [*links, generated_file(PATH, write_ld_cache(scan.entries), RULE)]
