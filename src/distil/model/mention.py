"""Names that code asks the system for: programs, libraries, locales, time zones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

PROGRAM: Final = "program"
PROBE: Final = "program looked for"
LIBRARY: Final = "library"
SEARCHED: Final = "library looked for"
LOCALE: Final = "locale"
ZONE: Final = "time zone"
SHELL: Final = "/bin/sh"

ENVIRONMENT: Final = {"TZ": ZONE, "LC_ALL": LOCALE, "LANG": LOCALE}
"""Variables whose value is a name of a kind."""


class Mention(msgspec.Struct, frozen=True, order=True):
    """One name of a kind, and the line (from 1) that has it."""

    kind: str
    name: str
    line: int


class Listed(msgspec.Struct, frozen=True):
    """The packages that lists name; `complete` says that there were lists, and all were read."""

    packages: tuple[str, ...]
    complete: bool


def environment_mentions(environment: Iterable[tuple[str, str]]) -> tuple[Mention, ...]:
    """What the variables of a container's environment name; their line is 0."""
    return tuple(
        Mention(ENVIRONMENT[name], value.removeprefix(":"), 0)
        for name, value in environment
        if name in ENVIRONMENT and value
    )
