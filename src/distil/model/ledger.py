"""The record about a Tree: why each path is there, and why each other path is not."""

from __future__ import annotations

import msgspec

from distil.model.node import Kind
from distil.model.origin import Origin


class Reason(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Why a path is kept: by which rule, because of which other path, and in what detail.

    `because` is empty when the path is kept for the image's own sake (its entrypoint, what
    every image has, what the user asked for).
    """

    rule: str
    because: str = ""
    detail: str = ""


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A path of the image. `size` is in bytes, 0 for anything but a file."""

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
