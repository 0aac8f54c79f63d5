"""From the name of a library to the package that has it."""

from __future__ import annotations

import pytest

from distil.distros.debian.library_packages import library_table, package_for_library, policy_names
from distil.distros.debian.repository import SuiteIndex
from distil.events import Event, Warned, listening
from distil.fetch.errors import NetworkError
from distil.model.digest import Digest
from distil.model.platform import AMD64, ARM64
from tests.support.debian_archive import open_index

ARCHIVE = """
    libc6 2.41
    zlib1g 1.3
    libstdc++6 14
    libgcc-s1 14
    libpq5 17
    libreadline8t64 8.2; Provides: libreadline8 (= 8.2)
    libglib2.0-0t64 2.84
    libdb5.3t64 5.3
    libx11-6 1.8
    libfoo2-3 1
    libssl3t64 3.5; Provides: libssl3 (= 3.5)
    libicu76 76
    libicu-dev 76
    icu-fork 76
"""

CONTENTS = b"""\
usr/lib/x86_64-linux-gnu/libicuuc.so.76                 libdevel/libicu-dev,libs/libicu76,x/icu-fork
bin                                                     admin/base-files
usr/lib/x86_64-linux-gnu/libicuuc.so                    libdevel/libicu-dev
usr/lib/x86_64-linux-gnu/odd/libodd.so.1\tlibs/libicu76
usr/lib/x86_64-linux-gnu/a/b/libdeep.so.1               libs/libicu76
usr/lib/aarch64-linux-gnu/libarm.so.1                   libs/libicu76
usr/lib/x86_64-linux-gnu/libwith blank.so.1             libs/libicu76
usr/lib/libplain.so.1                                   libs/nowhere-to-be-found,libs/libicu76
lib/libold.so.1                                         libs/libicu76"""


def suite(contents: bytes | Exception | None, asked: list[str] | None = None) -> SuiteIndex:
    """A suite with this Contents file; the names of the files it is asked for go to `asked`."""

    def extra(name: str) -> bytes | None:
        if asked is not None:
            asked.append(name)
        if isinstance(contents, Exception):
            raise contents
        return contents

    return SuiteIndex(
        "trixie", "main", "trixie", "13.1", 0, "file:///", Digest.of(b"suite"), bytes, extra
    )


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libstdc++.so.6", "libstdc++6"),
        ("libgcc_s.so.1", "libgcc-s1"),
        ("libpq.so.5", "libpq5"),
        ("libX11.so.6", "libx11-6"),
        ("libfoo2.so.3", "libfoo2-3"),
        ("libreadline.so.8", "libreadline8t64"),
        ("libglib-2.0.so.0", "libglib2.0-0t64"),
        ("libgobject-2.0.so.0", "libglib2.0-0t64"),
        ("libdb-5.3.so", "libdb5.3t64"),
        ("libcrypto.so.3", "libssl3t64"),
        ("libz.so.1", "zlib1g"),
        ("libc.so.6", "libc6"),
        ("libm.so.6", "libc6"),
        ("libpthread.so.0", "libc6"),
        ("ld-linux-x86-64.so.2", "libc6"),
        ("/usr/lib/x86_64-linux-gnu/libpq.so.5", "libpq5"),
    ],
)
def test_by_name_without_a_list_of_files(tmp_path, soname, package):
    asked: list[str] = []
    index, files = open_index(ARCHIVE, tmp_path), suite(CONTENTS, asked)
    assert package_for_library(soname, AMD64, index, [files]) == [package]
    assert asked == []


def test_a_virtual_name_leads_to_its_owner(tmp_path):
    index = open_index("libssl-new 3; Provides: libssl3", tmp_path)
    assert package_for_library("libssl.so.3", AMD64, index, []) == ["libssl-new"]


def test_by_the_list_of_files_best_first(tmp_path):
    index = open_index(ARCHIVE, tmp_path)
    found = package_for_library("libicuuc.so.76", AMD64, index, [suite(CONTENTS)])
    assert found == ["libicu76", "icu-fork", "libicu-dev"]


@pytest.mark.parametrize(
    ("soname", "packages"),
    [
        ("libodd.so.1", ["libicu76"]),
        ("libplain.so.1", ["libicu76"]),
        ("libold.so.1", ["libicu76"]),
        ("libdeep.so.1", []),
        ("libarm.so.1", []),
        ("blank.so.1", []),
        ("libnothing.so.9", []),
        ("no-library", []),
    ],
)
def test_where_the_loader_would_look(tmp_path, soname, packages):
    index = open_index(ARCHIVE, tmp_path)
    assert package_for_library(soname, AMD64, index, [suite(CONTENTS)]) == packages


def test_the_table_is_made_once_for_a_suite(tmp_path):
    asked: list[str] = []
    files = suite(CONTENTS, asked)
    for _ in range(2):
        index = open_index(ARCHIVE, tmp_path)
        for _ in range(2):
            assert package_for_library("libold.so.1", AMD64, index, [files]) == ["libicu76"]
    assert asked == ["Contents-amd64"]
    assert package_for_library("libold.so.1", ARM64, open_index(ARCHIVE, tmp_path), [files])
    assert asked == ["Contents-amd64", "Contents-arm64"]


def test_a_suite_without_a_list_has_no_answer(tmp_path):
    index = open_index(ARCHIVE, tmp_path)
    assert package_for_library("libold.so.1", AMD64, index, [suite(None)]) == []


def test_a_list_that_cannot_be_had_is_warned_of_once(tmp_path):
    index = open_index(ARCHIVE, tmp_path)
    events: list[Event] = []
    files = suite(NetworkError("Contents", "http://mirror.example", "no network"))
    with listening(events.append):
        for soname in ("libold.so.1", "libother.so.1"):
            assert package_for_library(soname, AMD64, index, [files]) == []
    (event,) = events
    assert isinstance(event, Warned)
    for part in ("libold.so.1", "no network", suite(None).suite):
        assert part in event.message
    assert "by its package's name" in event.hint
    # Another time it may be there.
    again = open_index(ARCHIVE, tmp_path)
    assert package_for_library("libold.so.1", AMD64, again, [suite(CONTENTS)]) == ["libicu76"]


def test_names_in_order_of_likelihood():
    assert policy_names("libglib-2.0.so.0")[:2] == ["libglib2.0-0t64", "libglib2.0-0"]
    assert policy_names("libFoo_bar.so.1.2") == ["libfoo-bar1.2t64", "libfoo-bar1.2"]
    assert policy_names("libbar-4.so.2") == [
        "libbar-4-2t64",
        "libbar-4-2",
        "libbar4-2t64",
        "libbar4-2",
    ]
    assert policy_names("_ssl.cpython-313.so") == []


def test_a_table_of_hostile_text():
    assert library_table(b"", AMD64) == {}
    assert library_table(b"\n\n\xff\xfe.so\n" * 10, AMD64) == {}
    assert library_table(b"lib/x.so", AMD64) == {}
