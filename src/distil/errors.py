"""Every error distil raises on purpose: what, where, why, and the next step.

Each class knows its exit code. 1: the answer is "no". 2: the work could not be done (usage,
input, network). 3: the answer could not be told. Nothing below `cli` exits the process.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class DistilError(Exception):
    """Base of all errors meant for a user: one message, one optional hint."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def nearest(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The entries of `known` that `word` may be a slip of, best first."""
    return difflib.get_close_matches(word, list(known), n=limit, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what `word` may be a slip of, or an empty string."""
    found = nearest(word, known)
    return f"did you mean {' or '.join(found)}?" if found else ""


# --- model ---------------------------------------------------------------------------------


class InvalidDigest(DistilError):
    """A digest that is not ``sha256:`` and 64 hexadecimal digits."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value!r} is not a sha256 digest")


class InvalidPath(DistilError):
    """A path in an archive or image that cannot be honoured."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"unsafe path {path!r}: {why}")


class CorruptContent(DistilError):
    """Bytes on this machine's disk that no longer match their digest."""

    def __init__(self, path: str, digest: str) -> None:
        super().__init__(
            f"{path}: content does not match its digest {digest}",
            hint="run `distil cache gc --verify`, then build again",
        )


class UnknownPlatform(DistilError):
    """A platform distil cannot build for."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown platform {name!r}", hint=f"use one of {', '.join(known)}")


class FileConflict(DistilError):
    """Two origins want the same path with different contents."""

    def __init__(self, path: str, first: str, second: str) -> None:
        super().__init__(f"{path} comes from both {first} and {second}, with different contents")


class LinkLoop(DistilError):
    """Symbolic links inside an image that never end."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: too many levels of symbolic links")


class NotADirectory(DistilError):
    """A path whose parent is a file."""

    def __init__(self, path: str, origin: str) -> None:
        super().__init__(f"{path} ({origin}) is not a directory, but other paths lie below it")


class DanglingHardLink(DistilError):
    """A hard link to a path that is not there."""

    def __init__(self, path: str, target: str) -> None:
        super().__init__(f"{path} is a hard link to {target!r}, which is not a file of the image")


# --- specification -------------------------------------------------------------------------


class InvalidSpec(DistilError):
    """A ``distil.toml`` (or an option that overrides it) that cannot be honoured."""

    def __init__(
        self, filename: str, line: int | None, key: str, why: str, *, hint: str = ""
    ) -> None:
        place = f"{filename}:{line}" if line else filename
        super().__init__(f"{place}: {key}: {why}" if key else f"{place}: {why}", hint=hint)
        self.filename, self.line, self.key = filename, line, key


# --- fetch and trust -----------------------------------------------------------------------


# --- packages ------------------------------------------------------------------------------


# --- applications --------------------------------------------------------------------------


# --- reach ---------------------------------------------------------------------------------


# --- images --------------------------------------------------------------------------------


# --- build ---------------------------------------------------------------------------------
