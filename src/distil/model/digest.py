"""Content digests as the OCI image specification writes them."""

from __future__ import annotations

import hashlib
import re
from typing import Final, Self

from distil.model.errors import InvalidDigest

_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class Digest(str):
    """A validated ``sha256:<64 lower-case hex digits>`` string.

    Follows the descriptor section of the OCI image specification 1.1; only sha256 is
    accepted, because it is the one algorithm every registry and client must support.
    Raises `InvalidDigest` for anything else, path separators and upper case included.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        if not _SHA256.fullmatch(value):
            raise InvalidDigest(value)
        return super().__new__(cls, value)

    @property
    def hex(self) -> str:
        """The 64 hexadecimal digits, safe as a file name."""
        return self[7:]

    @classmethod
    def of(cls, data: bytes | memoryview) -> Self:
        """The digest of `data`."""
        return cls("sha256:" + hashlib.sha256(data).hexdigest())

    @classmethod
    def from_hex(cls, hexadecimal: str) -> Self:
        """The digest whose hexadecimal form is `hexadecimal` (as Debian indexes write it)."""
        return cls("sha256:" + hexadecimal)
