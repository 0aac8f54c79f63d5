"""Where a statement of a Python file stands: under which functions, tests and handlers."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Guard(IntEnum):
    """What stands around an import statement, within its function or the module."""

    NONE = 0
    """It runs whenever what is around it does, and nothing there catches its failure."""
    CONDITION = 1
    """At module level, under a condition or in a block of another kind."""
    CAUGHT = 2
    """In a block of ``try``, ``except`` or ``with suppress(…)``."""


class Place(NamedTuple):
    """The line (from 1), the functions around it, whether only a program runs it, and the guard."""

    line: int
    scope: str
    main: bool
    guard: Guard
