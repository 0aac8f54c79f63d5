"""What comes from images and archives is shown, and does nothing to a terminal."""

from __future__ import annotations

import json
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.report.document import json_text
from distil.report.printable import printable, printable_lines
from distil.report.units import columns, number, size


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/usr/lib/libz.so.1", "/usr/lib/libz.so.1"),
        ("/usr/share/doc/größe", "/usr/share/doc/größe"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nerror: b\r", r"a\nerror: b\r".replace(r"\n", r"\x0a").replace(r"\r", r"\x0d")),
        ("\x9b31m", r"\x9b31m"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
    ],
)
def test_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_one_line_that_can_be_written(text: str) -> None:
    shown = printable(text)
    assert not set(shown) & {"\x1b", "\n", "\r", "\t", "\b", "\x7f", "\x9b"}
    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert printable(shown) == shown


def test_lines_of_our_own_stay() -> None:
    assert printable_lines("one:\n  two\x1b") == "one:\n  two\\x1b"


def test_columns_are_aligned_by_what_is_shown() -> None:
    assert columns([("\x1b", "a"), ("bb", "c")]) == "  \\x1b  a\n  bb    c"
    assert columns([]) == ""
    assert columns([("a", "")]) == "  a"


class _Named(msgspec.Struct):
    path: str


@pytest.mark.parametrize("name", [b"plain", "größe".encode(), b"caf\xe9", b"\x1b[2J"])
def test_json_holds_any_path(name: bytes) -> None:
    text = json_text(_Named(os.fsdecode(name)))
    assert os.fsencode(json.loads(text)["path"]) == name
    assert "\x1b" not in text
    text.encode()


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_949_999, "999.9 MB"),
        (999_950_000, "1.0 GB"),
        (2_500_000_000_000, "2500.0 GB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


def test_numbers() -> None:
    assert number(1, "file") == "1 file"
    assert number(12_345, "file") == "12,345 files"
    assert number(2, "entry", "entries") == "2 entries"
