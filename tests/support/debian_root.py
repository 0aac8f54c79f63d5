"""Real Debian packages with all they depend on, as a tree and as a directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distil.distros.debian.archive import unpack_all
from distil.distros.debian.errors import NoMirror
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.releases import SuitePolicy
from distil.distros.debian.repository import open_suites
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.sources import find_mirrors
from distil.distros.debian.suites import suite_of_base
from distil.fetch.cache import Cache
from distil.fetch.http import Client, Download
from distil.formats.elf import ElfFile
from distil.formats.ldcache import write_ld_cache
from distil.formats.ldconfig import scan_libraries
from distil.image.unpack import unpack
from distil.model.digest import Digest
from distil.model.node import generated_file, symlink
from distil.model.origin import GeneratedOrigin
from distil.model.platform import AMD64
from distil.model.tree import Tree
from tests.support.tools import missing

_MERGED = GeneratedOrigin("merged directory")


@dataclass
class DebianRoot:
    """`packages` were put together; those that `without` left out are not in it."""

    packages: list[str]
    tree: Tree
    elf: dict[Digest, ElfFile | None]

    def write(self, directory: Path) -> None:
        """Put the files below `directory`."""
        unpack(self.tree, directory, owners=False)


def debian_root(
    seeds: Sequence[str], cache: Cache, *, base: str = "debian:trixie", without: int = 0
) -> DebianRoot:
    """The closure of `seeds` in `base`, but for every `without`-th package that is not libc's.

    An index that is no longer fresh will do.
    """
    try:
        mirrors = find_mirrors()
    except NoMirror as error:
        missing(str(error))
    policy = SuitePolicy(accept_expired=frozenset({suite_of_base(base)}))
    with Client(cache) as client:
        suites = open_suites(base, AMD64, client, cache, mirrors, policy)
        solution = SOLVER.solve([*seeds, "libc-bin"], PackageIndex(suites, cache, AMD64.debian))
        packages = list(solution.packages)
        if without:
            gone = packages[::without]
            packages = [p for p in packages if p not in gone or p.name in ("libc6", "libc-bin")]
        downloads = [Download(p.url, p.digest, p.size, str(p)) for p in packages]
        packs = unpack_all(list(zip(packages, client.archives(downloads), strict=True)), cache)
    links = [
        symlink(f"/{name}", f"usr/{name}", _MERGED) for name in ("bin", "lib", "lib64", "sbin")
    ]
    tree = Tree(links).merge(*(Tree(pack.pack.nodes(pack.origin)) for pack in packs))
    elf = {digest: found for pack in packs for digest, found in pack.pack.elf_files().items()}
    scan = scan_libraries(tree, elf, AMD64)
    cached = generated_file("/etc/ld.so.cache", write_ld_cache(scan.entries), "cache")
    return DebianRoot([package.name for package in packages], tree.with_nodes([cached]), elf)
