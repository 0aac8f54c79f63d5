"""Where a path of an image came from."""

from __future__ import annotations

import msgspec

from distil.model.digest import Digest


class PackageOrigin(msgspec.Struct, frozen=True, gc=False, tag="package"):
    """A file of a package archive: its package URL and the archive's verified digest."""

    purl: str
    archive: Digest


class ApplicationOrigin(msgspec.Struct, frozen=True, gc=False, tag="application"):
    """A file of the application's own source, by its path relative to the source directory."""

    source: str


class LayerOrigin(msgspec.Struct, frozen=True, gc=False, tag="layer"):
    """A file of an existing image, by the diff id of the layer that brought it."""

    diff_id: Digest


class GeneratedOrigin(msgspec.Struct, frozen=True, gc=False, tag="generated"):
    """A file that distil wrote, by the name of the rule that wrote it."""

    rule: str


Origin = PackageOrigin | ApplicationOrigin | LayerOrigin | GeneratedOrigin
