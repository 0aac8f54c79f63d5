"""The search order, rule by rule; the random comparison with a real loader is beside it."""

from __future__ import annotations

import pytest

from distil.formats.ldcache import CacheEntry, write_ld_cache
from distil.reach.linkmap import Process
from distil.reach.objects import Objects
from distil.reach.search import (
    GlibcSearch,
    MuslSearch,
    Surroundings,
    expand_tokens,
    system_directories,
)
from tests.support.elf_builder import Elf
from tests.support.elf_tree import Content, elf_tree

MULTIARCH = "/usr/lib/x86_64-linux-gnu"
PROGRAM = "/opt/bin/app"
BASE: dict[str, Content] = {
    "/lib": "usr/lib",
    "/lib64": "usr/lib64",
    f"{MULTIARCH}/libc.so.6": Elf(),
}


def loaded(files, *, musl=False, path=PROGRAM, **around):
    """Name to path of what the process of `path` loads; None for what is missing."""
    tree, kinds = elf_tree({**BASE, **files})
    objects = Objects(tree, kinds)
    surroundings = Surroundings(**around)
    search = (
        MuslSearch(objects, "/lib/ld-musl-x86_64.so.1", surroundings)
        if musl
        else GlibcSearch(objects, objects.open(path).elf, surroundings)
    )
    process = Process(objects, search, path, "")
    found = {name: each.path for each in process.objects[1:] for name in each.names}
    return found | {miss.soname: None for miss in process.missing}


def test_rpath_is_inherited_and_runpath_is_not():
    libraries = {"/opt/lib/liba.so": Elf(needed=("libb.so",)), "/opt/lib/libb.so": Elf()}
    both = {"liba.so": "/opt/lib/liba.so", "libb.so": "/opt/lib/libb.so"}
    by_rpath = {PROGRAM: Elf(needed=("liba.so",), rpath="/opt/lib"), **libraries}
    assert loaded(by_rpath) == both
    by_runpath = {PROGRAM: Elf(needed=("liba.so",), runpath="/opt/lib"), **libraries}
    assert loaded(by_runpath) == both | {"libb.so": None}


def test_rpath_does_not_count_beside_runpath():
    files = {
        PROGRAM: Elf(needed=("liba.so",), rpath="/opt/r", runpath="/opt/nothing"),
        "/opt/r/liba.so": Elf(),
    }
    assert loaded(files) == {"liba.so": None}


def test_an_rpath_beside_a_runpath_is_not_inherited_either():
    files = {
        PROGRAM: Elf(needed=("liba.so",), rpath="/opt/r", runpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(needed=("libb.so",)),
        "/opt/r/libb.so": Elf(),
    }
    assert loaded(files)["libb.so"] is None


def test_a_library_with_runpath_does_not_look_into_its_loaders_rpath():
    files = {
        PROGRAM: Elf(needed=("liba.so",), rpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(needed=("libb.so",), runpath="/opt/nothing"),
        "/opt/lib/libb.so": Elf(),
    }
    assert loaded(files)["libb.so"] is None


@pytest.mark.parametrize(
    ("program", "winner"),
    [
        (Elf(needed=("liba.so",), rpath="/opt/path"), "/opt/path"),
        (Elf(needed=("liba.so",), runpath="/opt/path"), "/opt/env"),
        (Elf(needed=("liba.so",), runpath="/opt/empty"), "/opt/env"),
    ],
)
def test_the_environment_comes_between_rpath_and_runpath(program, winner):
    files = {PROGRAM: program, "/opt/path/liba.so": Elf(), "/opt/env/liba.so": Elf()}
    assert loaded(files, library_path="/opt/env") == {"liba.so": f"{winner}/liba.so"}


def cache(*entries: CacheEntry) -> dict[str, bytes]:
    return {"/etc/ld.so.cache": write_ld_cache(entries)}


def test_the_cache_comes_before_the_default_directories():
    files = {
        PROGRAM: Elf(needed=("liba.so",)),
        "/opt/cached/liba.so": Elf(),
        f"{MULTIARCH}/liba.so": Elf(),
    }
    assert loaded(files) == {"liba.so": "/lib/x86_64-linux-gnu/liba.so"}
    with_cache = files | cache(CacheEntry("liba.so", "/opt/cached/liba.so", 0x303))
    assert loaded(with_cache) == {"liba.so": "/opt/cached/liba.so"}
    other_machine = files | cache(CacheEntry("liba.so", "/opt/cached/liba.so", 3))
    assert loaded(other_machine) == {"liba.so": "/lib/x86_64-linux-gnu/liba.so"}
    broken = files | {"/etc/ld.so.cache": b"no cache"}
    assert loaded(broken) == {"liba.so": "/lib/x86_64-linux-gnu/liba.so"}


def test_a_program_can_renounce_the_default_directories():
    files = {
        PROGRAM: Elf(needed=("liba.so", "libb.so"), flags_1=0x800),
        f"{MULTIARCH}/liba.so": Elf(),
        "/opt/cached/libb.so": Elf(),
        **cache(
            CacheEntry("liba.so", "/lib/x86_64-linux-gnu/liba.so", 0x303),
            CacheEntry("libb.so", "/opt/cached/libb.so", 0x303),
        ),
    }
    assert loaded(files) == {"liba.so": None, "libb.so": "/opt/cached/libb.so"}


def test_hardware_subdirectories_only_for_such_hardware():
    fast = "/opt/lib/glibc-hwcaps/x86-64-v3"
    files = {
        PROGRAM: Elf(needed=("liba.so",), runpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(),
        f"{fast}/liba.so": Elf(),
    }
    assert loaded(files) == {"liba.so": "/opt/lib/liba.so"}
    assert loaded(files, hwcaps=("x86-64-v3", "x86-64-v2")) == {"liba.so": f"{fast}/liba.so"}


@pytest.mark.parametrize(
    ("hwcaps", "winner"),
    [
        ((), "/plain"),
        (("x86-64-v2",), "/v2"),
        (("x86-64-v3", "x86-64-v2"), "/v3"),
        (("x86-64-v4", "x86-64-v3", "x86-64-v2"), "/v3"),
    ],
)
def test_hardware_in_the_cache(hwcaps, winner):
    entries = [
        CacheEntry("liba.so", "/plain/liba.so", 0x303),
        CacheEntry("liba.so", "/v2/liba.so", 0x303, "x86-64-v2", 1),
        CacheEntry("liba.so", "/v3/liba.so", 0x303, "x86-64-v3", 2),
    ]
    files = {PROGRAM: Elf(needed=("liba.so",)), **cache(*entries)}
    files |= {entry.path: Elf() for entry in entries}
    assert loaded(files, hwcaps=hwcaps) == {"liba.so": f"{winner}/liba.so"}


def test_a_cached_library_that_needs_more_than_the_processor_has():
    entries = [
        CacheEntry("liba.so", "/fast/liba.so", 0x303, "x86-64-v2", 2),
        CacheEntry("liba.so", "/plain/liba.so", 0x303),
    ]
    files = {PROGRAM: Elf(needed=("liba.so",)), **cache(*entries)}
    files |= {entry.path: Elf() for entry in entries}
    assert loaded(files, hwcaps=("x86-64-v2",)) == {"liba.so": "/plain/liba.so"}
    assert loaded(files, hwcaps=("x86-64-v3", "x86-64-v2")) == {"liba.so": "/fast/liba.so"}


def test_origin_is_where_the_file_was_opened_links_and_all():
    files = {
        PROGRAM: Elf(needed=("liba.so",), runpath="/opt/link"),
        "/opt/link": "/srv/real",
        "/srv/real/liba.so": Elf(needed=("libb.so",), runpath="$ORIGIN/../beside"),
        "/srv/beside/libb.so": Elf(),
    }
    # /opt/link/../beside: the kernel follows the link before it goes up.
    assert loaded(files)["libb.so"] == "/opt/link/../beside/libb.so"


def test_libraries_for_other_machines_are_passed_by():
    files = {
        PROGRAM: Elf(needed=("liba.so",), runpath="/opt/32:/opt/arm:/opt/right"),
        "/opt/32/liba.so": Elf(32, machine=3),
        "/opt/arm/liba.so": Elf(machine=183),
        "/opt/right/liba.so": Elf(),
    }
    assert loaded(files) == {"liba.so": "/opt/right/liba.so"}


def test_a_text_file_ends_the_search():
    files = {
        PROGRAM: Elf(needed=("liba.so",), runpath="/opt/dev:/opt/right"),
        "/opt/dev/liba.so": b"GROUP ( libreal.so )",
        "/opt/right/liba.so": Elf(),
    }
    assert loaded(files) == {"liba.so": None}


def test_a_soname_that_is_loaded_already_is_not_searched():
    files = {
        PROGRAM: Elf(needed=("liba-1234.so", "libuser.so"), rpath="$ORIGIN/../libs"),
        "/opt/libs/liba-1234.so": Elf(soname="liba.so.1"),
        "/opt/libs/libuser.so": Elf(needed=("liba.so.1",)),
    }
    assert loaded(files)["liba.so.1"] == "/opt/bin/../libs/liba-1234.so"


def test_one_file_under_two_names_is_loaded_once():
    files = {
        PROGRAM: Elf(needed=("liba.so", "libalias.so"), runpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(),
        "/opt/lib/libalias.so": "liba.so",
    }
    assert loaded(files) == {"liba.so": "/opt/lib/liba.so", "libalias.so": "/opt/lib/liba.so"}


def test_names_with_a_slash_are_paths():
    files = {
        PROGRAM: Elf(needed=("/opt/lib/liba.so", "lib/libb.so", "$ORIGIN/libc.so")),
        "/opt/lib/liba.so": Elf(),
        "/app/lib/libb.so": Elf(),
        "/opt/bin/libc.so": Elf(),
    }
    found = loaded(files, directory="/app")
    assert None not in found.values()


def test_filters_must_be_there_and_auxiliaries_need_not():
    files = {PROGRAM: Elf(filters=("libf.so",), auxiliary=("libx.so",))}
    assert loaded(files) == {"libf.so": None}


def test_a_library_that_needs_itself_or_a_ring_ends():
    files = {
        PROGRAM: Elf(needed=("liba.so",), rpath="/opt/lib"),
        "/opt/lib/liba.so": Elf(needed=("libb.so", "liba.so")),
        "/opt/lib/libb.so": Elf(needed=("liba.so",)),
    }
    assert set(loaded(files)) == {"liba.so", "libb.so"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$ORIGIN/x", "/o/x"),
        ("${ORIGIN}x", "/ox"),
        ("$ORIGINx", "$ORIGINx"),
        ("$ORIGIN_", "$ORIGIN_"),
        ("${ORIGIN", "${ORIGIN"),
        ("a$LIB:$ORIGIN", "alib/t:/o"),
        ("$", "$"),
        ("$OTHER/$PLATFORM", ""),
        ("${PLATFORM}", ""),
    ],
)
def test_tokens(text, expanded):
    assert expand_tokens(text, {"ORIGIN": "/o", "LIB": "lib/t", "PLATFORM": None}) == expanded


def test_default_directories_by_architecture():
    def directories(files, program):
        tree, kinds = elf_tree({**files, "/p": program})
        objects = Objects(tree, kinds)
        return system_directories(objects, objects.open("/p").elf)

    arm = {"/usr/lib/arm-linux-gnueabihf/libc.so.6": b""}
    assert directories(arm, Elf(32, machine=40, flags=0x5000400))[0] == "/lib/arm-linux-gnueabihf"
    assert directories({"/lib64/libc.so.6": b""}, Elf()) == ("/lib64", "/usr/lib64")
    assert directories({}, Elf(32, machine=8)) == ("/lib", "/usr/lib")


# --- musl ----------------------------------------------------------------------------------


def test_musl_takes_the_environment_first_and_inherits_both_paths():
    files = {
        PROGRAM: Elf(needed=("liba.so", "libe.so"), runpath="$ORIGIN/../lib"),
        "/opt/lib/liba.so": Elf(needed=("libb.so",)),
        "/opt/lib/libb.so": Elf(),
        "/opt/lib/libe.so": Elf(),
        "/opt/env/libe.so": Elf(),
    }
    assert loaded(files, musl=True, library_path="/opt/env") == {
        "liba.so": "/opt/bin/../lib/liba.so",
        "libb.so": "/opt/bin/../lib/libb.so",
        "libe.so": "/opt/env/libe.so",
    }


def test_musl_default_directories_and_their_configuration():
    files = {
        PROGRAM: Elf(needed=("liba.so",)),
        "/usr/local/lib/liba.so": Elf(),
        "/opt/lib/liba.so": Elf(),
    }
    assert loaded(files, musl=True) == {"liba.so": "/usr/local/lib/liba.so"}
    configured = files | {"/etc/ld-musl-x86_64.path": b"/opt/none\n/opt/lib\n"}
    assert loaded(configured, musl=True) == {"liba.so": "/opt/lib/liba.so"}
    assert loaded(files | {"/etc/ld-musl-x86_64.path": b"\n"}, musl=True)["liba.so"]


def test_musl_ignores_a_path_with_other_tokens():
    files = {PROGRAM: Elf(needed=("liba.so",), runpath="/opt/lib:$LIB"), "/opt/lib/liba.so": Elf()}
    assert loaded(files, musl=True) == {"liba.so": None}


def test_musl_is_its_own_c_library():
    files = {
        PROGRAM: Elf(needed=("libc.musl-x86_64.so.1", "libpthread.so.0", "libcurl.so.4")),
        "/lib/ld-musl-x86_64.so.1": Elf(),
    }
    assert loaded(files, musl=True) == {
        "libc.musl-x86_64.so.1": "/lib/ld-musl-x86_64.so.1",
        "libpthread.so.0": "/lib/ld-musl-x86_64.so.1",
        "libcurl.so.4": None,
    }
