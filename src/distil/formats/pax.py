"""The records of PAX headers: ``length key=value newline`` (pax in POSIX.1-2017).

Values are any bytes, NUL and newlines included. Extended attributes are read as star writes them
(``SCHILY.xattr.``, also GNU tar and container tools) and as libarchive does (``LIBARCHIVE.xattr.``,
beside the others). Numbers come back as None when they are none.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Mapping
from typing import Final

SPARSE: Final = "GNU.sparse."
SPARSE_MAP: Final = "GNU.sparse.map"
SPARSE_NAME: Final = "GNU.sparse.name"
OWN_RECORDS: Final = frozenset({"path", "linkpath", "size"})
"""What can be true of one member only, as all of `SPARSE`; no global header may say it."""

_PAIR: Final = ("GNU.sparse.offset", "GNU.sparse.numbytes")
"""Records that are meant to come several times, in turn: the pieces of a sparse file."""

_SCHILY: Final = "SCHILY.xattr."
_LIBARCHIVE: Final = "LIBARCHIVE.xattr."
_DECIMAL: Final = re.compile(rb"-?[0-9]{1,18}(\.[0-9]*)?")
_DIGITS: Final = 18
_LONGEST_LENGTH: Final = 12

Xattrs = tuple[tuple[str, bytes], ...]


class DamagedPax(Exception):
    """Why the records of a header cannot be read; the reader of the archive says where."""


def parse_records(data: bytes) -> dict[str, bytes]:
    """The records of a header by their keys.

    The pairs of version 0.0 of sparse files are joined to the one record of version 0.1. Raises
    `DamagedPax`, also for any other key that comes twice.
    """
    records: dict[str, bytes] = {}
    pieces: list[bytes] = []
    position = 0
    while position < len(data):
        length, space, _ = data[position : position + _LONGEST_LENGTH].partition(b" ")
        if not space or not length.isdigit():
            raise DamagedPax("a damaged PAX record")
        end = position + int(length)
        key, equals, value = data[position + len(length) + 1 : end].partition(b"=")
        if end > len(data) or not equals or not key or not value.endswith(b"\n"):
            raise DamagedPax("a damaged PAX record")
        name, text = key.decode("utf-8", "surrogateescape"), value[:-1]
        if name in _PAIR:
            if _PAIR[len(pieces) % 2] != name:
                raise DamagedPax("a damaged map of a sparse file")
            pieces.append(text)
        elif name in records:
            raise DamagedPax(f"PAX record {name!r} comes twice")
        else:
            records[name] = text
        position = end
    if pieces and records.setdefault(SPARSE_MAP, b",".join(pieces)) != b",".join(pieces):
        raise DamagedPax("two maps of one sparse file")
    return records


def pax_natural(text: bytes) -> int | None:
    """A number that is not negative: a size or an owner."""
    return int(text) if text.isdigit() and len(text) <= _DIGITS else None


def pax_time(text: bytes) -> int | None:
    """Whole seconds since 1970, rounded down."""
    if not _DECIMAL.fullmatch(text):
        return None
    whole, _, fraction = text.partition(b".")
    return int(whole) - (whole.startswith(b"-") and bool(fraction.strip(b"0")))


def in_force(common: Mapping[str, bytes], own: Mapping[str, bytes]) -> dict[str, bytes]:
    """The records that hold for a member: its `own`, and the `common` ones of global headers.

    An empty value takes a record back; where there is nothing to take back, an attribute is empty.
    """
    return {
        key: value
        for key, value in {**common, **own}.items()
        if value or (key.startswith(_SCHILY) and key not in common)
    }


def pax_xattrs(records: Mapping[str, bytes]) -> Xattrs:
    """The extended attributes that `records` hold, by name.

    Engines know the first way alone: the second counts where nothing is written in the first.
    Raises `DamagedPax`, also where the two ways to write one do not agree.
    """
    found: dict[str, bytes] = {}
    beside: dict[str, bytes] = {}
    for key, value in records.items():
        if key.startswith(_SCHILY):
            found[key[len(_SCHILY) :]] = value
        elif key.startswith(_LIBARCHIVE):
            name, content = _from_libarchive(key[len(_LIBARCHIVE) :], value)
            beside[name] = content
    for name in (*found, *beside):
        if not name or "\0" in name:
            raise DamagedPax("an extended attribute without a name")
        if name in found and found[name] != beside.get(name, found[name]):
            raise DamagedPax(f"two different values of the extended attribute {name!r}")
    return tuple(sorted((found or beside).items()))


def _from_libarchive(name: str, value: bytes) -> tuple[str, bytes]:
    try:
        content = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        raise DamagedPax(f"a damaged extended attribute {name!r}") from None
    return urllib.parse.unquote(name, "utf-8", "surrogateescape"), content
