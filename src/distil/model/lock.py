"""``distil.lock`` as values: every archive of an image, by version, size and digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from distil.model.digest import Digest

LOCK_VERSION: Final = 2
"""Of the format."""

LockPart = Mapping[str, Any]
"""What a distribution or a runtime writes into a lock, as it writes it: what TOML can hold."""


BUILD: Final = "build"
"""The kind of what builds the application's own projects, and is no part of an image."""


class Pinned(msgspec.Struct, frozen=True):
    """What a part of a lock holds, told by the room that wrote it.

    `version` is that of the release or of the runtime, `date` that of the newest index (ISO
    8601), empty where there is none. `versions` are by kind and name of each component;
    `projects` is the number of the application's own.
    """

    version: str
    versions: dict[tuple[str, str], str]
    date: str = ""
    projects: int = 0

    def names(self) -> frozenset[str]:
        """Of all components."""
        return frozenset(name for _, name in self.versions)


class LockedPlatform(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an image of one platform is made of.

    `name` is OCI's: ``linux/amd64``. `base` has one entry, that of the distribution, and
    `runtime` that of the language, each by its name. `stages` has for each stage, by its name, what
    it stands on where a machine of this platform builds: one entry as `base` has.
    """

    name: str
    base: dict[str, LockPart]
    runtime: dict[str, LockPart] = {}
    stages: dict[str, dict[str, LockPart]] = {}


class Lock(msgspec.Struct, frozen=True, omit_defaults=True, rename={"platforms": "platform"}):
    """The whole file.

    `spec` is the digest of what ``distil.toml`` says about packages, `inputs` that of each file
    of the project that says what it depends on. `vendor` is the directory that keeps the
    archives, relative to the lock; empty when there is none.
    """

    version: int
    spec: Digest
    inputs: dict[str, Digest]
    platforms: tuple[LockedPlatform, ...]
    vendor: str = ""

    def platform(self, name: str) -> LockedPlatform | None:
        """What is locked for the platform called `name`; None when nothing is."""
        return next((found for found in self.platforms if found.name == name), None)
