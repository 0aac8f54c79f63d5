"""check_elf: what is missing in a tree, who needs it, and what is no miss."""

from __future__ import annotations

import pytest

from distil.model.platform import AMD64, ARM64
from distil.reach.closure import check_elf
from distil.reach.linkmap import MissingInterpreter, MissingLibrary, MissingVersion
from tests.support.elf_builder import Elf
from tests.support.elf_tree import Content, elf_tree

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIB = "/usr/lib/x86_64-linux-gnu"
SITE = "/usr/local/lib/python3.13/dist-packages"
LIBC = Elf(soname="libc.so.6", versions_defined=("GLIBC_2.34", "GLIBC_2.38"))
BASE: dict[str, Content] = {
    "/lib": "usr/lib",
    "/lib64": "usr/lib64",
    f"/usr{LOADER}": Elf(soname="ld-linux-x86-64.so.2"),
    f"{LIB}/libc.so.6": LIBC,
}


def program(*needed: str, **more) -> Elf:
    return Elf(needed=("libc.so.6", *needed), interpreter=LOADER, flags_1=0x08000000, **more)


def misses(files, platform=AMD64, **more):
    tree, kinds = elf_tree({**BASE, **files})
    return check_elf(tree, kinds, platform, **more)


def test_a_whole_tree_has_no_misses():
    files = {
        "/usr/bin/app": program("liba.so.1"),
        f"{LIB}/liba.so.1": Elf(needed=("libc.so.6", "ld-linux-x86-64.so.2")),
        "/usr/bin/static": Elf(kind=2, dynamic=False),
    }
    assert misses(files) == []


def test_a_missing_library_says_who_and_where():
    (miss,) = misses({"/usr/bin/app": program("libstdc++.so.6", runpath="/opt/lib")})
    assert isinstance(miss, MissingLibrary)
    assert (miss.soname, miss.needed_by) == ("libstdc++.so.6", "/usr/bin/app")
    assert miss.searched == (
        "/opt/lib",
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib",
        "/usr/lib",
    )
    assert str(miss) == "/usr/bin/app needs libstdc++.so.6, which is not there"


def test_a_missing_library_of_a_library_is_said_once():
    files = {
        "/usr/bin/one": program("liba.so"),
        "/usr/bin/two": program("liba.so"),
        f"{LIB}/liba.so": Elf(needed=("libgone.so",)),
    }
    assert [(miss.soname, miss.needed_by) for miss in misses(files)] == [
        ("libgone.so", f"{LIB}/liba.so")
    ]


def test_a_library_in_the_wrong_place_is_pointed_out():
    files = {"/usr/bin/app": program("liba.so"), "/opt/own/liba.so.1.2": Elf(soname="liba.so")}
    (miss,) = misses(files)
    assert miss.elsewhere == ("/opt/own/liba.so.1.2",)


def test_a_file_that_is_no_library_is_named():
    files = {"/usr/bin/app": program("liba.so"), f"{LIB}/liba.so": b"GROUP (x)"}
    (miss,) = misses(files)
    assert miss.unfit == "/lib/x86_64-linux-gnu/liba.so"


def test_a_library_for_another_machine_does_not_count():
    files = {"/usr/bin/app": program("liba.so"), f"{LIB}/liba.so": Elf(machine=183)}
    assert [miss.soname for miss in misses(files)] == ["liba.so"]


def test_an_interpreter_that_is_not_there():
    files = {"/usr/bin/app": Elf(kind=2, interpreter="/lib/ld-musl-x86_64.so.1")}
    assert misses(files) == [MissingInterpreter("/lib/ld-musl-x86_64.so.1", "/usr/bin/app")]


def test_an_older_library_lacks_versions():
    files = {
        "/usr/bin/app": program(versions_needed={"libc.so.6": ("GLIBC_2.34", "GLIBC_2.99")}),
    }
    assert misses(files) == [MissingVersion("GLIBC_2.99", f"{LIB}/libc.so.6", "/usr/bin/app")]


def test_weak_versions_and_unversioned_libraries_are_no_misses():
    files = {
        "/usr/bin/app": program(
            "liba.so",
            versions_needed={"liba.so": ("A_1",)},
            versions_optional={"libc.so.6": ("GLIBC_2.99",)},
        ),
        f"{LIB}/liba.so": Elf(),
    }
    assert misses(files) == []


def test_files_for_other_machines_are_not_looked_at():
    files = {
        "/usr/bin/arm": Elf(machine=183, needed=("libgone.so",)),
        "/usr/bin/x32": Elf(32, machine=62, needed=("libgone.so",)),
    }
    assert misses(files) == []
    assert [miss.needed_by for miss in misses(files, ARM64)] == ["/usr/bin/arm"]


# --- plug-ins ------------------------------------------------------------------------------

PLUGIN = f"{LIB}/caca/libgl_plugin.so.0.0.0"
MODULE = f"{SITE}/pkg/_ext.cpython-313-x86_64-linux-gnu.so"


def extension(*needed: str) -> bytes:
    return Elf(needed=("libc.so.6", *needed)).build() + b"\0PyInit__ext\0"


PLUGINS = {
    "a plug-in": ({PLUGIN: Elf(needed=("libgone.so",))}, None, True),
    "a library that only a plug-in is linked with": (
        {PLUGIN: Elf(needed=("liba.so",)), f"{LIB}/liba.so": Elf(needed=("libgone.so",))},
        None,
        True,
    ),
    "a library that a program is linked with as well": (
        {
            PLUGIN: Elf(needed=("liba.so",)),
            f"{LIB}/liba.so": Elf(needed=("libgone.so",)),
            "/usr/bin/app": program("liba.so"),
        },
        None,
        False,
    ),
    "a library that an extension module is linked with as well": (
        {
            PLUGIN: Elf(needed=("liba.so",)),
            f"{LIB}/liba.so": Elf(needed=("libgone.so",)),
            MODULE: extension("liba.so"),
        },
        None,
        False,
    ),
    "a library that can be opened by its name": (
        {f"{LIB}/liba.so.1": Elf(needed=("libgone.so",))},
        None,
        False,
    ),
    "a program in a plug-in directory": ({f"{LIB}/x/helper": program("libgone.so")}, None, False),
    "an extension module": ({MODULE: extension("libgone.so")}, None, False),
    "an extension module that is imported": (
        {MODULE: extension("libgone.so")},
        {MODULE},
        False,
    ),
    "an extension module that nothing imports": ({MODULE: extension("libgone.so")}, set(), True),
    "a plug-in of a wheel": (
        {f"{SITE}/Qt/plugins/sqldrivers/libqsqlmimer.so": Elf(needed=("libgone.so",))},
        None,
        True,
    ),
    "the application's own": ({"/app/libown.so": Elf(needed=("libgone.so",))}, None, False),
    "an older library below a plug-in": (
        {PLUGIN: Elf(needed=("libc.so.6",), versions_needed={"libc.so.6": ("GLIBC_2.99",)})},
        None,
        True,
    ),
}


@pytest.mark.parametrize(("files", "imported", "plugin"), PLUGINS.values(), ids=PLUGINS)
def test_what_only_a_plugin_lacks(files, imported, plugin):
    interpreter = {"/usr/bin/python3.13": program()}
    found = misses({**interpreter, **files}, program="/usr/bin/python3.13", imported=imported)
    assert [miss.plugin for miss in found] == [plugin]


# --- wheels --------------------------------------------------------------------------------


def test_libraries_that_a_wheel_brings_along():
    files = {
        f"{SITE}/numpy/core/_mul.so": Elf(
            needed=("libopenblas-12ab.so", "libc.so.6"), runpath="$ORIGIN/../../numpy.libs"
        ),
        f"{SITE}/numpy.libs/libopenblas-12ab.so": Elf(
            needed=("libgfortran-9f.so",), runpath="$ORIGIN"
        ),
        f"{SITE}/numpy.libs/libgfortran-9f.so": Elf(needed=("libc.so.6",)),
    }
    assert misses(files) == []


def test_a_private_library_found_by_the_rpath_of_what_loads_it():
    # libb is reached through liba, whose own search would not find it alone.
    files = {
        f"{SITE}/pkg/_ext.so": Elf(needed=("liba.so",), rpath="$ORIGIN/../pkg.libs"),
        f"{SITE}/pkg.libs/liba.so": Elf(needed=("libb.so",)),
        f"{SITE}/pkg.libs/libb.so": Elf(),
    }
    assert misses(files) == []


def test_a_need_that_another_process_meets_is_no_miss():
    # _other relies on _ext having been imported; the file is there.
    files = {
        f"{SITE}/pkg/_ext.so": Elf(needed=("liba.so",), rpath="$ORIGIN"),
        f"{SITE}/pkg/liba.so": Elf(needed=("libb.so",)),
        f"{SITE}/pkg/libb.so": Elf(),
        "/opt/plugin.so": Elf(needed=("liba.so",), runpath=f"{SITE}/pkg"),
    }
    assert misses(files) == []


def test_what_a_program_does_not_find_no_other_process_finds_for_it():
    files = {
        "/usr/bin/works": program("liba.so", rpath="/opt/lib"),
        "/usr/bin/fails": program("liba.so", runpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(needed=("libb.so",)),
        "/opt/lib/libb.so": Elf(),
    }
    (miss,) = misses(files)
    assert (miss.soname, miss.needed_by) == ("libb.so", "/opt/lib/liba.so")
    assert miss.elsewhere == ("/opt/lib/libb.so",)


def test_extension_modules_load_into_the_interpreter():
    files = {
        "/opt/python/bin/python3": program("libpython3.so", rpath="/opt/python/lib"),
        "/opt/python/lib/libpython3.so": Elf(),
        "/opt/python/lib/libextra.so": Elf(),
        f"{SITE}/_ext.so": Elf(needed=("libpython3.so", "libextra.so")),
    }
    assert [miss.soname for miss in misses(files)] == ["libextra.so", "libpython3.so"]
    assert misses(files, program="/opt/python/bin/python3") == []


def test_a_glibc_wheel_on_musl():
    files: dict[str, Content] = {
        "/lib": "usr/lib",
        "/usr/lib/ld-musl-x86_64.so.1": Elf(soname="libc.musl-x86_64.so.1"),
        "/usr/bin/app": Elf(
            needed=("libc.musl-x86_64.so.1",), interpreter="/lib/ld-musl-x86_64.so.1", kind=2
        ),
        f"{SITE}/_musl.so": Elf(needed=("libc.musl-x86_64.so.1",)),
        f"{SITE}/_glibc.so": Elf(needed=("libc.so.6",)),
    }
    tree, kinds = elf_tree(files)
    found = check_elf(tree, kinds, AMD64)
    assert [(type(miss), miss.needed_by) for miss in found] == [
        (MissingLibrary, f"{SITE}/_glibc.so")
    ]
    assert "libc.so.6" in str(found[0])
