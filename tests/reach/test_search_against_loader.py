"""Random forests of libraries: the real loader and ours end at the same files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.formats.ldcache import CacheEntry, write_ld_cache
from distil.reach.linkmap import Process
from distil.reach.objects import Objects
from distil.reach.search import GlibcSearch, Surroundings
from tests.support.elf_builder import Elf
from tests.support.elf_tree import elf_tree, write_files
from tests.support.real_loader import HOST_LOADER, can_run_loader, diagnostics, trace, usable_hwcaps

pytestmark = pytest.mark.skipif(not can_run_loader(), reason="needs a loader and namespaces")

NAMES = [f"lib{letter}.so.{number}" for letter in "abcd" for number in (1, 2)]
LOADER = "/usr/lib64/ld-linux-x86-64.so.2"
DIRECTORIES = [
    "/opt/app",
    "/opt/app/lib",
    "/opt/app.libs",
    "/opt/other",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib",
    "/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2",
    "/opt/app/lib/glibc-hwcaps/x86-64-v3",
    "/srv/lib/x86_64-linux-gnu",
    "/srv/x86_64",
]
PATHS = [
    "/opt/other",
    "/opt/app.libs/",
    "$ORIGIN",
    "${ORIGIN}/lib",
    "$ORIGIN/../app.libs",
    "$ORIGIN/lib/../../other",
    "$ORIGINAL/lib",
    "${ORIGIN",
    "/srv/$LIB",
    "/srv/$PLATFORM",
    "/nowhere",
    "",
    "opt/other",
]

paths = st.lists(st.sampled_from(PATHS), max_size=2).map(":".join)
names = st.sampled_from(NAMES)
versions = st.lists(st.sampled_from(["V_1", "V_2"]), max_size=2, unique=True).map(tuple)


@st.composite
def libraries(draw, *, program=False):
    needed = tuple(draw(st.lists(names, max_size=4 if program else 2, unique=True)))
    return Elf(
        elf_class=64 if program else draw(st.sampled_from([64, 64, 64, 64, 32])),
        soname="" if program else draw(st.sampled_from(["", *NAMES])),
        needed=needed,
        rpath=draw(paths),
        runpath=draw(st.one_of(st.just(""), paths)),
        flags_1=draw(st.sampled_from([0, 0, 0, 0x800])),
        versions_needed={name: found for name in needed if (found := draw(versions))},
        versions_defined=draw(versions),
        base=0,
    )


@st.composite
def forests(draw):
    files = {"/opt/app/prog": draw(libraries(program=True))}
    for name in NAMES:
        for directory in draw(st.lists(st.sampled_from(DIRECTORIES), max_size=3, unique=True)):
            files[f"{directory}/{name}"] = draw(libraries())
    cached = draw(st.lists(st.tuples(names, st.sampled_from(DIRECTORIES)), max_size=3))
    files["/etc/ld.so.cache"] = write_ld_cache(
        CacheEntry(name, f"{directory}/{name}", 0x303, hwcaps_of(directory))
        for name, directory in cached
    )
    return files


def rooted(files):
    """With what every root has; apart, so that a failing example stays readable."""
    return {
        **files,
        "/lib": "usr/lib",
        "/lib64": "usr/lib64",
        "/usr/lib/x86_64-linux-gnu/.keep": b"",
        LOADER: HOST_LOADER.read_bytes(),
    }


def hwcaps_of(directory: str) -> str:
    return directory.rpartition("/")[2] if "glibc-hwcaps" in directory else ""


@pytest.fixture(scope="module")
def processor():
    return usable_hwcaps(), diagnostics()["dl_platform"]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=forests(), library_path=paths)
def test_same_link_map(processor, files, library_path):
    hwcaps, platform_name = processor
    files = rooted(files)
    root = Path(tempfile.mkdtemp())
    try:
        write_files(root, files)
        environment = {"LD_LIBRARY_PATH": library_path} if library_path else {}
        expected = trace(root, "/opt/app/prog", environment)
    finally:
        shutil.rmtree(root)
    tree, kinds = elf_tree(files)
    objects = Objects(tree, kinds)
    around = Surroundings(library_path, "/", hwcaps, platform_name)
    search = GlibcSearch(objects, kinds[tree["/opt/app/prog"].blob.digest], around)
    process = Process(objects, search, "/opt/app/prog", str(HOST_LOADER))
    if expected.error:
        # The loader gave up: a file that it cannot use, or a version of nothing.
        return
    loaded = {loaded.opened.real for loaded in process.objects[1:]}
    paths = set(expected.found.values()) | expected.by_path
    assert loaded | {LOADER} == {tree.real_path(path) for path in paths} | {LOADER}
    assert {miss.soname for miss in process.missing} == expected.missing
    found = {(miss.version, miss.library, miss.needed_by) for miss in process.missing_versions()}
    assert found == {
        (version, tree.real_path(library), tree.real_path(needed_by))
        for version, library, needed_by in expected.versions
    }
