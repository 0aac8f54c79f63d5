"""Pieces that a thread makes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from distil.formats.ahead import ahead
from distil.formats.errors import MalformedArchive


def numbered(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"%d" % number


@pytest.mark.parametrize("count", [0, 1, 100])
def test_all_pieces_in_their_order(count: int) -> None:
    assert list(ahead(numbered(count))) == list(numbered(count))
    assert threads() == []


def test_what_is_raised_there_is_raised_here() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"1"
        raise MalformedArchive("it", "damaged")

    found = ahead(pieces())
    assert next(found) == b"1"
    with pytest.raises(MalformedArchive, match="damaged"):
        next(found)
    assert threads() == []


def test_pieces_that_nobody_wants_are_not_made() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        while True:
            made.append(b"")
            yield b""

    found = ahead(pieces())
    next(found)
    found.close()
    assert threads() == []
    assert len(made) < 30


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]
