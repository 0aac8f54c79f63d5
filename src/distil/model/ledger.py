"""The record about a Tree: why each path is there, and why each other path is not."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.node import Kind
from distil.model.origin import Origin

MOST_REASONS: Final = 8
"""Reasons that are recorded for one path, at most."""


class Reason(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why a path is kept: by which rule, because of which other path, and in what detail.

    `because` is empty when the path is kept for the image's own sake (its entrypoint, what
    every image has, what the user asked for).
    """

    rule: str
    because: str = ""
    detail: str = ""


class Reasons(msgspec.Struct):
    """The reasons of paths: for each the one that was found first, and some others.

    One other path gives one reason by each rule; `MOST_REASONS` are remembered.
    """

    first: dict[str, Reason] = {}
    further: dict[str, list[Reason]] = {}

    def copy(self) -> Reasons:
        """The same, to go on with by itself."""
        further = {path: list(reasons) for path, reasons in self.further.items()}
        return Reasons(self.first.copy(), further)

    def add(self, path: str, reason: Reason) -> bool:
        """Remember `reason`; whether it is the first for `path`."""
        first = self.first.setdefault(path, reason)
        if first is reason:
            return True
        further = self.further.get(path)
        if further is None:
            further = self.further[path] = []
        if len(further) < MOST_REASONS - 1 and reason.because != path:
            cause = (reason.rule, reason.because)
            if all((one.rule, one.because) != cause for one in (first, *further)):
                further.append(reason)
        return False


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A path of the image. `size` is in bytes, 0 for anything but a file.

    The first of `reasons` is the one that was found first, on a shortest way from what the
    image is for; there are at most `MOST_REASONS`.
    """

    path: str
    kind: Kind
    size: int
    origin: Origin
    reasons: tuple[Reason, ...]


class Removed(msgspec.Struct, frozen=True, gc=False):
    """A path that was left out: `package` is the purl of what would have brought it.

    `size` is in bytes. `rule` names what left it out, `reason` says why in a sentence.
    """

    path: str
    package: str
    size: int
    rule: str
    reason: str


class Ledger(msgspec.Struct, frozen=True):
    """All that was kept and all that was removed, each sorted by path."""

    kept: tuple[Kept, ...]
    removed: tuple[Removed, ...]
