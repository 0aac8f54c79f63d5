"""Paths that packages write: none leaves the root of the image."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.catalog.formats.image_path import directory_of, image_path


@pytest.mark.parametrize(
    ("directory", "written", "expected"),
    [
        ("/usr/lib", "a/b", "/usr/lib/a/b"),
        ("/usr/lib", "../bin/x", "/usr/bin/x"),
        ("/usr/lib", "../../../../etc/passwd", "/etc/passwd"),
        ("/usr/lib", "/opt//x/./y", "/opt/x/y"),
        ("/usr/lib", "//opt", "/opt"),
        ("/", "x", "/x"),
        ("/usr", "a/..", "/usr"),
        ("/usr", "a/", "/usr/a"),
        ("/usr", "..", ""),
        ("/usr", "", ""),
        ("/usr", "a\0b", ""),
    ],
)
def test_where_a_path_is(directory: str, written: str, expected: str) -> None:
    assert image_path(directory, written) == expected


PARTS = st.lists(st.sampled_from(["..", ".", "", "a", "b.c", "..."]), max_size=8)


@given(above=st.lists(st.sampled_from(["a", "b"]), max_size=4), parts=PARTS)
def test_it_is_absolute_and_plain_or_nothing(above: list[str], parts: list[str]) -> None:
    directory, written = "/" + "/".join(above), "/".join(parts)
    found = image_path(directory, written)
    expected = posixpath.normpath(posixpath.join(directory, written)).replace("//", "/")
    assert found == ("" if expected == "/" or not written else expected)


@pytest.mark.parametrize(
    ("path", "levels", "expected"),
    [("/a/b/c", 1, "/a/b"), ("/a/b/c", 2, "/a"), ("/a", 1, "/"), ("/a", 3, "/")],
)
def test_the_directory_of_a_path(path: str, levels: int, expected: str) -> None:
    assert directory_of(path, levels) == expected
