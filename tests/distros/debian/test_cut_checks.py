from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.cut_checks import check_cuts
from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.errors import CutReached
from distil.distros.debian.select import CutFile, select
from distil.fetch.cache import Cache
from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from tests.support.deb_builder import file, link
from tests.support.packages import unpacked


def _program(*needed: str) -> ElfFile:
    return ElfFile(64, little_endian=True, machine=62, type=3, needed=needed)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_links_to_cut_files_and_directories(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "x",
        [
            link("/usr/lib/x/help", "/usr/share/doc/x/html"),
            file("/usr/share/doc/x/html/index.html"),
            link("/usr/lib/x/manual", "../../share/man/man1/x.1.gz"),
            file("/usr/share/man/man1/x.1.gz"),
            link("/usr/lib/x/always-dangling", "/etc/nothing"),
            link("/usr/lib/x/fine", "real"),
            file("/usr/lib/x/real"),
        ],
    )
    selection = select([pack], default_cuts())
    with pytest.raises(CutReached) as raised:
        check_cuts(selection.tree, selection.removed, {})
    lines = raised.value.message.splitlines()[1:]
    assert lines == [
        "  /usr/lib/x/help is a link to /usr/share/doc/x/html, cut from x (documentation)",
        "  /usr/lib/x/manual is a link to /usr/share/man/man1/x.1.gz, cut from x (manual pages)",
    ]


def test_libraries_that_were_cut(cache: Cache) -> None:
    pack = unpacked(cache, "x", [file("/usr/bin/x", b"program", 0o755)])
    tree = select([pack], default_cuts()).tree
    elf = {Digest.of(b"program"): _program("libcut.so.1", "libother.so")}
    removed = CutFile("/usr/lib/debug/libcut.so.1", "y", 1, "debugging", "why")
    with pytest.raises(CutReached, match=r"/usr/bin/x needs the library libcut\.so\.1, cut from y"):
        check_cuts(tree, [removed], elf)
    other = CutFile("/usr/lib/debug/libunused.so.1", "y", 1, "debugging", "why")
    check_cuts(tree, [other], elf)


def test_a_library_cut_in_one_place_and_kept_in_another(cache: Cache) -> None:
    pack = unpacked(
        cache,
        "x",
        [file("/usr/bin/x", b"program", 0o755), file("/usr/lib/libcut.so.1", b"library")],
    )
    tree = select([pack], default_cuts()).tree
    elf = {Digest.of(b"program"): _program("libcut.so.1")}
    check_cuts(tree, [CutFile("/usr/lib/debug/libcut.so.1", "y", 1, "debugging", "")], elf)
