"""What an image may cost before it is taken for hostile; the user's ``[limits]``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

Natural: TypeAlias = Annotated[int, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How large an image that somebody else wrote may be, part by part.

    Each is far beyond what honest images are, and passing one is an error of its own.
    """

    manifest_size: Natural = 8 << 20
    """Bytes of an index or a manifest. Registries accept four MiB."""
    config_size: Natural = 8 << 20
    """Bytes of an image's configuration."""
    json_depth: Natural = 100
    """How deep objects and lists lie in each other in one of these documents."""
    layers: Natural = 1000
    """Layers of an image."""
    entries: Natural = 400_000
    """Entries of all layers of an image together."""
    header_size: Natural = 320 << 20
    """Bytes of memory, about, for the names, link targets and attributes of all entries."""
    path_length: Natural = 4096
    """Bytes of one path, or of one link's target. Linux opens 4,095."""
    path_depth: Natural = 512
    """Directories that one path leads through."""
    symlink_hops: Natural = 40
    """Symbolic links that are followed to find where one entry belongs. Linux follows 40."""
    xattr_size: Natural = 256 << 10
    """Bytes of the extended attributes of one entry, names and values. Linux keeps 64 KiB."""
    expansion_ratio: Natural = 64
    """How many times its compressed bytes a layer may unpack to. Most unpack to three times."""
    expansion_free: Natural = 1 << 30
    """Bytes by which all layers together may go beyond that: files of zeros do."""
    expanded_size: Natural = 64 << 30
    """Bytes that all layers together may unpack to."""
