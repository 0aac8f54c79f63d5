"""From the name of a program, time zone, locale or library to the package that has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.distros.debian.errors import MalformedControl
from distil.distros.debian.file_lists import (
    LOCALE,
    PROGRAM,
    ZONE,
    commands_table,
    listed_packages,
    names_in_contents,
)
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.named_packages import NamedPackages, known_names
from distil.distros.debian.repository import SuiteIndex, open_suites
from distil.distros.debian.sources import find_mirrors
from distil.fetch.cache import Cache
from distil.fetch.errors import NetworkError
from distil.fetch.http import Client
from distil.model.digest import Digest
from distil.model.platform import AMD64
from tests.support.debian_archive import open_index

ARCHIVE = """
    dash 0.5
    ffmpeg 7
    git 2
    graphicsmagick 1.4
    graphicsmagick-compat 1.4
    libgraphicsmagick-dev 1
    sox 14
    tzdata-legacy 2025
    locales-all 2.41
    libmagic1t64 5
    libmagic-dev 5
    libx11-6 1.8
    libx11-xcb1 1.8
    libsdl2-2.0-0 2
    libnss-sss 2
"""
CONTENTS = b"""\
bin/old                                                 misc/sox
usr/bin/gm                      x/graphicsmagick-compat,graphics/graphicsmagick
usr/bin/gone                                            x/not-there
usr/lib/locale/de_DE.utf8/LC_CTYPE                      localization/locales-all
usr/lib/locale/de_DE.utf8/LC_TIME                       localization/git
usr/lib/x86_64-linux-gnu/qt6/bin/deep                   misc/git
usr/share/zoneinfo/US/Eastern\tlocalization/tzdata-legacy
usr/share/zoneinfo/right/US/Eastern                     localization/git
usr/share/zoneinfo/tzdata.zi                            localization/git
usr/sbin/last                                           misc/sox"""
NAMES = [
    ("program old", ["sox"]),
    ("program gm", ["graphicsmagick-compat", "graphicsmagick"]),
    ("program gone", ["not-there"]),
    ("locale de_DE.utf8", ["locales-all"]),
    ("zone US/Eastern", ["tzdata-legacy"]),
    ("program last", ["sox"]),
]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_contents_in_pieces_of_any_size(size: int) -> None:
    pieces = [CONTENTS[at : at + size] for at in range(0, len(CONTENTS), size)]
    assert list(names_in_contents(pieces)) == NAMES


def test_command_not_found() -> None:
    data = (
        b"suite: noble\ncomponent: main\narch: amd64\n\n"
        b"name: ffmpeg\nversion: 7\ncommands: ffmpeg,ffprobe\n\n"
        b"name: git\ncommands: git, git-shell\nignore-commands: git-shell\n"
    )
    assert commands_table(data, "Commands-amd64") == {
        "program ffmpeg": ["ffmpeg"],
        "program ffprobe": ["ffmpeg"],
        "program git": ["git"],
    }
    with pytest.raises(MalformedControl):
        commands_table(b"no field\n", "Commands-amd64")


def suite(asked: list[str] | None = None, **lists: bytes) -> SuiteIndex:
    """A suite with `lists`; the names of those that are read are added to `asked`."""

    def pieces(name: str) -> Iterator[bytes]:
        if asked is not None:
            asked.append(name)
        key = name.partition("/")[2] or name
        contents = lists.get(key.replace("-", "_"), b"")
        if contents == b"broken":
            raise NetworkError(name, "the mirror", "no answer")
        yield contents

    return SuiteIndex(
        "trixie", "main", "trixie", "13.1", 0, "file:///", Digest.of(b"suite"), bytes,
        lambda name: None, pieces,
    )  # fmt: skip


def named(directory: Path, **lists: bytes) -> NamedPackages:
    return NamedPackages(AMD64, open_index(ARCHIVE, directory), (suite(None, **lists),))


@pytest.mark.parametrize(
    ("kind", "name", "packages"),
    [
        (PROGRAM, "sh", ("dash",)),
        (PROGRAM, "ffprobe", ("ffmpeg",)),
        (PROGRAM, "gm", ("graphicsmagick", "graphicsmagick-compat")),
        (PROGRAM, "last", ("sox",)),
        (PROGRAM, "gone", ()),
        (PROGRAM, "sox", ()),
        (ZONE, "US/Eastern", ("tzdata-legacy",)),
        (ZONE, "Mars/Phobos", ()),
        (LOCALE, "de_DE.utf8", ("locales-all",)),
        (LOCALE, "xx_XX.utf8", ()),
    ],
)
def test_with_lists(tmp_path: Path, kind: str, name: str, packages: tuple[str, ...]) -> None:
    found = named(tmp_path, Contents_amd64=CONTENTS).with_name(kind, name)
    assert (found.packages, found.complete) == (packages, True)


@pytest.mark.parametrize("lists", [{}, {"Contents_all": b"broken", "Contents_amd64": CONTENTS}])
@pytest.mark.parametrize(
    ("kind", "name", "packages", "complete"),
    [
        (PROGRAM, "ffprobe", ("ffmpeg",), True),
        (PROGRAM, "sox", ("sox",), False),
        (PROGRAM, "gm", (), False),
        (ZONE, "US/Eastern", ("tzdata-legacy",), True),
        (ZONE, "Mars/Phobos", (), False),
        (LOCALE, "xx_XX.utf8", ("locales-all",), False),
    ],
)
def test_without_lists(
    tmp_path: Path,
    lists: dict[str, bytes],
    kind: str,
    name: str,
    packages: tuple[str, ...],
    complete: bool,
) -> None:
    """What is known by itself, and what packages are called by custom."""
    found = named(tmp_path, **lists).with_name(kind, name)
    assert (found.packages, found.complete) == (packages, complete)


def test_the_lists_are_read_once(tmp_path: Path) -> None:
    asked: list[str] = []
    lists = {"Contents_amd64": CONTENTS, "Commands_amd64": b"name: sox\ncommands: play\n"}
    index = open_index(ARCHIVE, tmp_path)
    for name, package in (("play", "sox"), ("old", "sox"), ("gm", "graphicsmagick")):
        suites = (suite(asked, **lists),)
        assert package in listed_packages(PROGRAM, name, AMD64, index, suites).packages
    assert asked == ["cnf/Commands-amd64", "Contents-amd64", "Contents-all"]
    again = open_index(ARCHIVE, tmp_path)
    assert listed_packages(PROGRAM, "old", AMD64, again, (suite(asked),)).packages == ("sox",)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("magic", ("libmagic1t64",)),
        ("X11", ("libx11-6",)),
        ("SDL2", ("libsdl2-2.0-0",)),
        ("nosuch", ()),
        ("magic.*", ()),
    ],
)
def test_a_library_that_is_searched_for(
    tmp_path: Path, name: str, packages: tuple[str, ...]
) -> None:
    assert named(tmp_path).searched(name) == packages


def test_a_module_of_the_name_service(tmp_path: Path) -> None:
    assert named(tmp_path).with_library("libnss_sss.so.2") == ("libnss-sss",)


LINKED = {
    *("awk", "cc", "c++", "convert", "compare", "composite", "identify", "magick", "mogrify"),
    *("montage", "java", "javac", "which", "vi", "vim", "nc", "netcat", "nodejs", "php", "route"),
    *("createdb", "dropdb", "pg_dump", "pg_dumpall", "pg_isready", "pg_restore", "psql"),
    *("mysql", "mysqladmin", "mysqldump", "traceroute", "go", "libreoffice", "soffice", "gpg"),
}
"""Programs that maintainer scripts link, or that what the package depends on has."""


@pytest.mark.network
def test_what_is_known_is_what_the_lists_of_debian_say() -> None:
    cache = Cache.default()
    wrong = []
    with Client(cache) as client:
        suites = open_suites("debian:bookworm", AMD64, client, cache, find_mirrors())
        index = PackageIndex(suites, cache, AMD64.debian)
        for entry in known_names():
            if index.candidate(entry.name) is None:
                continue
            for name in (one for one in entry.programs if "*" not in one):
                found = listed_packages(PROGRAM, name, AMD64, index, suites)
                assert found.complete
                if entry.name not in found.packages and name not in LINKED:
                    wrong.append((entry.name, name, found.packages))
    assert wrong == []
