"""What a registry says went wrong (distribution-spec 1.1, Error Codes), fit for a terminal."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.fetch.answers import MayPass
from distil.fetch.request import Body

LONGEST: Final = 16 << 10
"""Bytes of an error that are looked at."""
SHOWN: Final = 200
"""Characters of it that are shown."""


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Problems(msgspec.Struct, frozen=True):
    errors: list[_Problem] = []


def said_by(body: Body) -> str:
    """The status, and in a few printable characters what is said about it."""
    status = f"the registry answered {body.status}"
    try:
        problems = msgspec.json.decode(beginning_of(body), type=_Problems).errors
    except (ValueError, RecursionError):
        return status
    words = "; ".join(f"{one.code}: {one.message}".strip(": ") for one in problems[:3])
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in words[:SHOWN])
    return f"{status}, {shown}" if shown else status


def beginning_of(body: Body) -> bytes:
    """As much of an error as is worth looking at, and nothing of one that breaks off."""
    data = bytearray()
    try:
        for piece in body.pieces:
            data += piece
            if len(data) > LONGEST:
                break
    except MayPass:
        return b""
    return bytes(data)
