"""Logins for registries in words: where they are kept, and where no longer."""

from __future__ import annotations

from distil.pipeline import LoggedIn, LoggedOut
from distil.report.printable import printable


def logged_in_text(result: LoggedIn) -> str:
    """One line: what the login is for, and what has it."""
    return printable(f"{result.key}: kept in {result.place}") + "\n"


def logged_out_text(result: LoggedOut) -> str:
    """A line for each login that was removed, with what had it."""
    lines = [f"{erased.key}: removed from {', '.join(erased.places)}" for erased in result.erased]
    return "".join(f"{printable(line)}\n" for line in lines)
