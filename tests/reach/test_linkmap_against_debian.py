"""Every ELF file of real packages: the real loader and ours load the same."""

from __future__ import annotations

import os
import shutil

import pytest

from distil.fetch.cache import Cache
from distil.formats.elf import ET_DYN, ET_EXEC
from distil.formats.ldcache import write_ld_cache
from distil.formats.ldconfig import scan_libraries
from distil.model.platform import AMD64
from distil.reach.closure import check_elf
from distil.reach.linkmap import MissingLibrary, Process
from distil.reach.objects import ElfTarget, Objects
from distil.reach.search import GlibcSearch, Surroundings
from tests.support.debian_root import DebianRoot, debian_root
from tests.support.real_loader import (
    HOST_LOADER,
    can_run_loader,
    diagnostics,
    run_below,
    trace,
    usable_hwcaps,
)

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not can_run_loader(), reason="needs a loader and namespaces"),
]

SMALL = ("python3.13", "libpq5", "curl", "libxslt1.1", "libopenblas0-pthread")
LARGE = (
    *SMALL,
    "ffmpeg",
    "gdb",
    "git",
    "gnuplot-nox",
    "graphviz",
    "imagemagick",
    "nodejs",
    "php-cli",
    "postgresql-17",
    "python3-scipy",
    "samba-libs",
    "vlc-bin",
)
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


def differences(root: DebianRoot, directory) -> tuple[int, list[object]]:
    """How many files were compared, and what differs."""
    root.write(directory)
    objects = Objects(root.tree, root.elf)
    program = objects.open(LIBC).elf
    platform_name = diagnostics(directory)["dl_platform"]
    around = Surroundings(hwcaps=usable_hwcaps(directory), platform_name=platform_name)
    search = GlibcSearch(objects, program, around)
    count = 0
    found: list[object] = []
    for path, elf in objects.elf_files():
        loadable = elf.dynamic and elf.type in (ET_DYN, ET_EXEC)
        if not loadable or ElfTarget.of(elf) != ElfTarget.of(program):
            continue
        count += 1
        expected = trace(directory, path)
        process = Process(objects, search, path, str(HOST_LOADER))
        if expected.error:
            # Static programs, and files that only look like libraries.
            if process.missing or elf.needed:
                found.append((path, expected.error))
            continue
        ours = {loaded.opened.real for loaded in process.objects[1:]}
        theirs = {root.tree.real_path(p) for p in {*expected.found.values(), *expected.by_path}}
        loader = {root.tree.real_path(str(HOST_LOADER)), path}
        versions = {(m.version, m.library, m.needed_by) for m in process.missing_versions()}
        real = {(v, *map(root.tree.real_path, where)) for v, *where in expected.versions}
        missing = {miss.soname for miss in process.missing}
        if (ours - loader, missing, versions) != (theirs - loader, expected.missing, real):
            found.append((path, ours ^ theirs, missing ^ expected.missing, versions ^ real))
    return count, found


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The user's own cache when DISTIL_CACHE_DIR names one: nothing is fetched twice."""
    if "DISTIL_CACHE_DIR" in os.environ:
        return Cache.default()
    return Cache(tmp_path_factory.mktemp("cache"))


def test_forty_packages(cache, tmp_path):
    root = debian_root(SMALL, cache)
    assert len(root.packages) >= 40
    count, found = differences(root, tmp_path / "root")
    assert found == []
    assert count >= 150
    assert check_elf(root.tree, root.elf, AMD64) == []


def test_packages_with_gaps(cache, tmp_path):
    root = debian_root(SMALL, cache, without=4)
    _, found = differences(root, tmp_path / "root")
    assert found == []
    misses = check_elf(root.tree, root.elf, AMD64)
    assert len([miss for miss in misses if isinstance(miss, MissingLibrary)]) > 5


def test_the_cache_of_debian_packages_is_ldconfigs(cache, tmp_path):
    root = debian_root(SMALL, cache)
    root.write(tmp_path / "root")
    run = run_below(tmp_path / "root", ["/usr/sbin/ldconfig"])
    assert run.returncode == 0, run.stderr
    expected = (tmp_path / "root/etc/ld.so.cache").read_bytes()
    generator = expected[expected.rindex(b"ldconfig") :].decode()
    entries = scan_libraries(root.tree, root.elf, AMD64).entries
    assert write_ld_cache(entries, generator=generator) == expected


@pytest.mark.thorough
@pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")
@pytest.mark.parametrize("without", [0, 9])
def test_three_hundred_packages(cache, tmp_path, without):
    root = debian_root(LARGE, cache, without=without)
    assert len(root.packages) >= 300
    directory = tmp_path / "root"
    try:
        count, found = differences(root, directory)
    finally:
        shutil.rmtree(directory)
    print(f"{len(root.packages)} packages, {count} files, {len(found)} different")
    assert found == []
