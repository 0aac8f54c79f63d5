"""What the cache of a tree holds: case by case, and against the real ldconfig."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distil.formats.ldcache import read_ld_cache, write_ld_cache
from distil.formats.ldconfig import library_directories, scan_libraries
from distil.model.platform import AMD64, ARM64
from tests.support.elf_builder import Elf
from tests.support.elf_tree import elf_tree, write_files

LDCONFIG = shutil.which("ldconfig", path="/usr/sbin:/sbin")
LIB = "/usr/lib/x86_64-linux-gnu"


def scan(files, platform=AMD64):
    tree, kinds = elf_tree({"/lib": "usr/lib", f"{LIB}/.keep": b"", **files})
    return scan_libraries(tree, kinds, platform)


def paths(files, platform=AMD64):
    return {entry.soname: entry.path for entry in scan(files, platform).entries}


def test_a_library_and_its_links():
    files = {
        f"{LIB}/liba.so.1.2": Elf(soname="liba.so.1"),
        f"{LIB}/liba.so.1": "liba.so.1.2",
        f"{LIB}/liba.so": "liba.so.1",
    }
    # The first of the built-in directories leads to the same place, so its name counts.
    directory = "/lib/x86_64-linux-gnu"
    assert paths(files) == {
        "liba.so.1": f"{directory}/liba.so.1",
        "liba.so": f"{directory}/liba.so",
    }
    assert scan(files).links == []


def test_the_highest_version_gets_the_link_that_is_missing():
    files = {f"/usr/lib/liba.so.1.{n}": Elf(soname="liba.so.1") for n in (2, 9, 10)}
    assert paths(files) == {"liba.so.1": "/lib/liba.so.1"}
    assert scan(files).links == [("/usr/lib/liba.so.1", "liba.so.1.10")]


def test_configuration_with_includes():
    files = {
        "/etc/ld.so.conf": b"# first\ninclude ld.so.conf.d/*.conf\n /opt/last/ # why\nhwcap 1 x\n",
        "/etc/ld.so.conf.d/b.conf": b"/opt/b\ninclude /etc/ld.so.conf\n",
        "/etc/ld.so.conf.d/a.conf": b"/opt/a",
        "/etc/ld.so.conf.d/.hidden.conf": b"/opt/hidden",
        "/etc/ld.so.conf.d/other": b"/opt/other",
    }
    tree, _ = elf_tree(files)
    found = dict.fromkeys(library_directories(tree, AMD64))
    assert list(found)[:3] == ["/opt/a", "/opt/b", "/opt/last"]
    assert list(found)[-4:] == [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib",
        "/usr/lib",
    ]


def test_hardware_subdirectories():
    files = {
        f"{LIB}/glibc-hwcaps/x86-64-v3/liba.so.1.2": Elf(soname="liba.so.1"),
        f"{LIB}/glibc-hwcaps/.hidden/libb.so": Elf(),
    }
    (entry,) = scan(files).entries
    assert entry.hwcaps == "x86-64-v3"
    assert entry.path == "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/liba.so.1.2"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("liba.a", Elf()),
        ("a.so", Elf()),
        ("liba.so.dpkg-new", Elf()),
        ("liba;1.so", Elf()),
        ("liba.so", b"GROUP ( /lib/libc.so.6 )"),
        ("liba.so", Elf(kind=2)),
        ("liba.so", Elf(machine=183)),
        ("liba.so", "nowhere.so"),
        ("liba.so", "liba.so"),
    ],
)
def test_what_is_left_out(name, content):
    assert paths({f"/usr/lib/{name}": content}) == {}


def test_the_machine_of_the_platform_counts():
    files = {"/usr/lib/liba.so": Elf(machine=183), "/usr/lib/libb.so": Elf(machine=62)}
    assert list(paths(files, ARM64)) == ["liba.so"]


# --- the real one --------------------------------------------------------------------------

names = st.sampled_from(["liba", "libb-2", "ld-x", "c", "lib10", "lib9"])
suffixes = st.sampled_from(["", ".1", ".1.2", ".1.10", ".2"])
files_named = st.builds(lambda name, suffix: f"{name}.so{suffix}", names, suffixes)
directories = st.sampled_from(
    [
        "/usr/lib",
        LIB,
        "/opt/one",
        "/opt/two",
        f"{LIB}/glibc-hwcaps/x86-64-v2",
        "/opt/one/glibc-hwcaps/own",
    ]
)
# Before 2.37 ldconfig told libc6 from older ones by what a 32-bit library needs.
I386 = Elf(32, machine=3, soname="libi386.so.1", needed=("libc.so.6",), base=0)
contents = st.one_of(
    st.builds(Elf, soname=st.one_of(st.just(""), files_named), base=st.just(0)),
    files_named,
    st.sampled_from([b"text", b"", Elf(machine=183), I386]),
)
roots = st.dictionaries(st.tuples(directories, files_named), contents, max_size=12)


@pytest.mark.skipif(LDCONFIG is None, reason="needs ldconfig")
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(roots, st.permutations(["/opt/one", "/opt/two", "/usr/lib", "/opt/link"]))
def test_the_same_bytes_as_ldconfig(found, order):
    files = {f"{directory}/{name}": content for (directory, name), content in found.items()}
    files |= {
        "/lib": "usr/lib",
        "/opt/link": "two",
        f"{LIB}/.keep": b"",
        "/etc/ld.so.conf": b"include ld.so.conf.d/*.conf\n",
        "/etc/ld.so.conf.d/x.conf": "\n".join(order).encode(),
        # ldconfig notes every subdirectory it meets; a used one is noted once.
        f"{LIB}/glibc-hwcaps/x86-64-v2/libused.so": Elf(base=0),
    }
    if any(path.startswith("/opt/one/glibc-hwcaps/own") for path in files):
        files["/opt/one/glibc-hwcaps/own/libused.so"] = Elf(base=0)
    result = scan(files)
    root = Path(tempfile.mkdtemp())
    try:
        write_files(root, files)
        subprocess.run([LDCONFIG, "-r", root], check=True, capture_output=True)
        expected = (root / "etc/ld.so.cache").read_bytes()
        made = [(root / path[1:]).is_symlink() for path, _ in result.links]
        text = [str((root / path[1:]).readlink()) for path, _ in result.links if made]
    finally:
        shutil.rmtree(root)
    generator = expected[expected.rindex(b"ldconfig") :].decode()
    ours = write_ld_cache(result.entries, generator=generator)
    assert read_ld_cache(ours) == read_ld_cache(expected)
    assert ours == expected
    assert all(made)
    assert text == [target for _, target in result.links]
