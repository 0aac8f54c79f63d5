"""How a command of a script ends."""

from __future__ import annotations

from typing import Final, NamedTuple

from distil.distros.debian.effects.expansion import Text


class Result(NamedTuple):
    """How a command ends and what it prints; None is unknown."""

    status: bool | None
    output: Text = ""


DONE: Final = Result(status=True)
FAILED: Final = Result(status=False)
UNKNOWN: Final = Result(None, None)


class Leave(Exception):
    """``exit``, ``return``, ``break`` or ``continue``, with its status and what was printed."""

    def __init__(self, word: str, status: bool | None) -> None:
        super().__init__(word)
        self.word = word
        self.status = status
        self.output: Text = ""
