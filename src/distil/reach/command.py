"""How a container starts: the words of its commands, and the places where they are looked up."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.reach.soundness import search_path

_SHELL_WORD: Final = re.compile(r"[^\s;&|()<>`'\"{}$]+")


class Command(msgspec.Struct, frozen=True):
    """What is started in a container: `words` are its entrypoint and command together.

    `also` are other commands that are run in it: its health check, what shell scripts say.
    """

    words: tuple[str, ...]
    workdir: str = "/app"
    environment: dict[str, str] = {}
    also: tuple[tuple[str, ...], ...] = ()

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Every command, and the text of those that are handed to a shell as one word."""
        plain = (self.words, *self.also)
        texts = (word for words in plain for word in words if any(map(str.isspace, word)))
        return (*plain, *(tuple(shell_words(text)) for text in texts))

    def candidates(self, word: str) -> list[str]:
        """The paths that `word` may stand for, the likeliest first."""
        if word.startswith("/"):
            return [word]
        workdir = self.workdir.rstrip("/")
        if "/" in word:
            return [f"{workdir}/{word}"]
        return [f"{directory}/{word}" for directory in (*search_path(self.environment), workdir)]


def shell_words(text: str) -> list[str]:
    """The words of shell text, each of which may be a program; quotes and operators are not."""
    return _SHELL_WORD.findall(text)
