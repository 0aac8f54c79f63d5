"""What all runtimes of compiled programs do alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.lock import LockPart, Pinned
from distil.runtimes.protocol import Checked, CheckedImage, FetchedFile
from distil.source.specification import Overrides

_ELSE: Final = re.compile(r"[^a-z0-9._-]+")


def image_name(name: str) -> str:
    """A name of an image made of that of a project: lower case, and of few other characters."""
    return _ELSE.sub("-", name.lower()).strip("-._") or "app"


class Native(msgspec.Struct, frozen=True):
    """See `distil.runtimes.protocol.Runtime`; all but its names and how it is detected."""

    @property
    def variants(self) -> tuple[Overrides, ...]:
        """None: a program is compiled as its project says."""
        return ()

    def is_script(self, path: Path) -> bool:
        """None is: what scripts need, their own runtimes know."""
        return False

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        """Nothing but what is checked of every image."""
        return Checked((), None, ())

    def pinned(self, part: LockPart) -> Pinned:
        """The version of the compiler, if there is one: all else is the base's."""
        return Pinned(str(part.get("version", "")), {})

    def locked_name(self, name: str) -> str:
        """As it is."""
        return name

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        """None."""
        return ()
