"""Who the process of an image runs as."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.errors import InvalidUser

_LARGEST: Final = 2**31 - 2
"""Engines refuse larger numbers, or take them for root (CVE-2024-40635)."""


class ImageUser(msgspec.Struct, frozen=True):
    """The numeric user and group that the image's process runs as."""

    uid: int
    gid: int

    @classmethod
    def parse(cls, text: str) -> ImageUser:
        """From ``uid`` or ``uid:gid``; the group is the user's number by default.

        Raises `InvalidUser`: Kubernetes cannot tell that a name is not root, so only numbers do.
        """
        uid, _, gid = text.partition(":")
        numbers = [part for part in (uid, gid or uid) if part.isascii() and part.isdigit()]
        if len(numbers) != 2 or max(map(int, numbers)) > _LARGEST:
            raise InvalidUser(text)
        return cls(int(uid), int(gid or uid))
