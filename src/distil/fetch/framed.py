"""Documents in a frame that holds their key and their digest, so that damage is found."""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO, Final

_MAGIC: Final = b"distil\x00\x01"
_LONGEST_KEY: Final = 1 << 20


def write_framed(stream: BinaryIO, key: str, data: bytes) -> None:
    """Write `data` with its frame. Raises OSError."""
    name = key.encode("utf-8", "surrogateescape")
    header = struct.pack(">I", len(name)) + name
    hasher = hashlib.sha256(header)
    hasher.update(data)
    stream.write(_MAGIC + hasher.digest() + header)
    stream.write(data)


def read_framed(stream: BinaryIO, key: str | None) -> bytes | None:
    """The data of a document, or None when the frame, its key or its digest is not right.

    With None for `key` any will do. Raises OSError.
    """
    prefix = stream.read(len(_MAGIC) + 36)
    if len(prefix) != len(_MAGIC) + 36 or not prefix.startswith(_MAGIC):
        return None
    digest, length = prefix[len(_MAGIC) : -4], prefix[-4:]
    size = struct.unpack(">I", length)[0]
    if size > _LONGEST_KEY:
        return None
    name = stream.read(size)
    data = stream.read()
    hasher = hashlib.sha256(length)
    hasher.update(name)
    hasher.update(data)
    if hasher.digest() != digest:
        return None
    if key is not None and name != key.encode("utf-8", "surrogateescape"):
        return None
    return data
