"""The applets of a busybox binary, from its table."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.errors import MalformedBusybox
from distil.distros.debian.formats.busybox import applets

TABLE = b"[\0[[\0acpid\0ls\0sh\0\0"


def test_the_table_is_found_among_other_bytes() -> None:
    assert applets(b"\x7fELF junk\0" + TABLE + b"more\0\0") == ("[", "[[", "acpid", "ls", "sh")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no table here",
        b"[\0[[\0never ends",
        b"[\0[[\0zcat\0ash\0\0",
        b"[\0[[\0a b\0\0",
        b"[\0[[\0../../etc/passwd\0\0",
        b"[\0[[\0a/b\0\0",
    ],
)
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedBusybox):
        applets(data)


@given(st.lists(st.binary(max_size=6), max_size=6))
def test_names_are_safe_to_make_links_of(parts: list[bytes]) -> None:
    with contextlib.suppress(MalformedBusybox):
        for name in applets(b"[\0[[\0" + b"\0".join(parts) + b"\0\0"):
            assert name not in ("", ".", "..")
            assert "/" not in name
