"""Where a path of an image came from."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.digest import Digest


class PackageOrigin(msgspec.Struct, frozen=True, gc=False, tag="package"):
    """A file of a package archive: its package URL and the archive's verified digest."""

    purl: str
    archive: Digest

    @property
    def ecosystem(self) -> str:
        """The type of the purl (purl-spec): ``deb``, ``pypi``."""
        return self.purl.removeprefix("pkg:").partition("/")[0]


class ApplicationOrigin(msgspec.Struct, frozen=True, gc=False, tag="application"):
    """A file of the application's own source, by its path relative to the source directory."""

    source: str


class StageOrigin(msgspec.Struct, frozen=True, gc=False, tag="stage"):
    """A file that a stage made: the stage's name, and the file's path in it."""

    stage: str
    source: str


class LayerOrigin(msgspec.Struct, frozen=True, gc=False, tag="layer"):
    """A file of an existing image, by the diff id of the layer that brought it."""

    diff_id: Digest


MADE_BY_SCRIPTS: Final = "maintainer scripts of "
"""Begins the rule of what a package's scripts would have made, before the package's name."""


class GeneratedOrigin(msgspec.Struct, frozen=True, gc=False, tag="generated", omit_defaults=True):
    """A file that distil wrote, by the name of the rule that wrote it.

    `made_from` is the path of the one file that it was made from, which it belongs beside; empty
    for what tells of many.
    """

    rule: str
    made_from: str = ""


OwnOrigin = ApplicationOrigin | StageOrigin
"""What is the application itself: its files, and what its stages make of them."""

Origin = PackageOrigin | ApplicationOrigin | StageOrigin | LayerOrigin | GeneratedOrigin
