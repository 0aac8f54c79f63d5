"""What commands print, without secrets."""

from __future__ import annotations

import pytest

from distil.events import Event, Printed, listening
from distil.stages.output import Output
from distil.stages.secrets import Traces

SECRET = b"swordfish-" * 30


def printed(*pieces: bytes) -> list[str]:
    """The lines that come of `pieces`."""
    lines: list[str] = []

    def heard(event: Event) -> None:
        if isinstance(event, Printed):
            lines.append(event.text)

    with listening(heard):
        output = Output("s", Traces({"token": SECRET}))
        for piece in pieces:
            output.take(piece)
        output.end()
    return lines


@pytest.mark.parametrize("before", [0, 3800, 3999, 7999, 12_000])
@pytest.mark.parametrize("end", [b"\n", b"."])
def test_no_part_of_a_secret_is_shown(before: int, end: bytes) -> None:
    line = b"x" * before + SECRET + b"y" * 9000 + end
    for size in (len(line), 4096, 100):
        pieces = [line[at : at + size] for at in range(0, len(line), size)]
        assert "sword" not in "".join(printed(*pieces))
