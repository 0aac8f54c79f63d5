"""What two images do not have in common."""

from __future__ import annotations

import msgspec

from distil.model.digest import Digest
from distil.model.node import Node


class PackageChange(msgspec.Struct, frozen=True):
    """A package, and its versions before and after; without any it is not there.

    There can be several: of a Python distribution one for each environment that has it.
    """

    ecosystem: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class FileChange(msgspec.Struct, frozen=True):
    """A path that is there once only, or is not the same.

    `what` differs of one that both have: ``kind``, ``content``, ``target``, ``mode``, ``owner``,
    ``attributes``, ``device``.
    """

    path: str
    before: Node | None
    after: Node | None
    what: tuple[str, ...] = ()


class SettingChange(msgspec.Struct, frozen=True):
    """What a configuration says, such as ``user`` or ``env PATH``; "" where it does not."""

    name: str
    before: str
    after: str


class LayerEntry(msgspec.Struct, frozen=True):
    """A layer by its contents (diff id), the bytes of its blob, and how it came about."""

    diff_id: Digest
    size: int
    created_by: str


class ImageDifference(msgspec.Struct, frozen=True):
    """All that differs. `before` and `after` name the images; sizes are in bytes.

    `sizes` are those of all files, `shared` counts the layers that both have.
    """

    before: str
    after: str
    packages: tuple[PackageChange, ...]
    files: tuple[FileChange, ...]
    settings: tuple[SettingChange, ...]
    removed_layers: tuple[LayerEntry, ...]
    added_layers: tuple[LayerEntry, ...]
    shared: int
    sizes: tuple[int, int]

    @property
    def is_empty(self) -> bool:
        """Whether containers of both are the same: layers alone make no difference."""
        return not (self.packages or self.files or self.settings)
