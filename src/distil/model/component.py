"""Third-party components, whatever ecosystem they are from: what all of them tell."""

from __future__ import annotations

from typing import Protocol

import msgspec

from distil.model.digest import Digest


class Component(Protocol):
    """A package or distribution: what it is called, and the archive that holds it.

    `purl` is the package URL (purl-spec), `digest` the archive's sha256.
    """

    @property
    def name(self) -> str:
        """As the ecosystem calls it."""

    @property
    def version(self) -> str:
        """As the ecosystem writes it."""

    @property
    def purl(self) -> str:
        """The package URL."""

    @property
    def url(self) -> str:
        """Where the archive can be had."""

    @property
    def digest(self) -> Digest:
        """The archive's."""


class BuiltIn(msgspec.Struct, frozen=True, order=True):
    """A component that is part of a finished program, as the program itself tells."""

    name: str
    version: str
    purl: str


class ToldProgram(msgspec.Struct, frozen=True):
    """What the finished program at `path` tells of itself: `what` it is, and what it is made from.

    `remarks` and `warnings` are sentences that begin with the path.
    """

    path: str
    what: str
    components: tuple[BuiltIn, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class SystemNeed(msgspec.Struct, frozen=True):
    """System packages that a component loads at run time without saying so.

    `library_search` says that it looks libraries up by name (``ctypes.util.find_library``),
    which needs ldconfig in the image. `distribution` names who needs it, `reason` why. Of the
    packages of one that is `by_policy`, policies say which files are needed.
    """

    distribution: str
    packages: tuple[str, ...]
    reason: str
    library_search: bool = False
    by_policy: bool = False
