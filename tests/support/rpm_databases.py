"""Headers of packages, and the databases that rpm keeps them in, written byte by byte."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Mapping, Sequence

Value = str | int | Sequence[str] | Sequence[int] | bytes


def header(values: Mapping[int, Value]) -> bytes:
    """A header: text as STRING, lists of text as STRING_ARRAY, numbers as INT32, bytes as INT8."""
    index = data = b""
    for tag, value in values.items():
        if isinstance(value, str):
            kind, count, packed = 6, 1, value.encode("utf-8", "surrogateescape") + b"\0"
        elif isinstance(value, bytes):
            kind, count, packed = 2, len(value), value
        elif isinstance(value, int):
            kind, count, packed = 4, 1, struct.pack(">I", value)
        elif value and isinstance(value[0], str):
            texts = [str(one).encode("utf-8", "surrogateescape") for one in value]
            kind, count, packed = 8, len(texts), b"".join(text + b"\0" for text in texts)
        else:
            numbers = [int(one) for one in value]
            kind, count, packed = 4, len(numbers), struct.pack(f">{len(numbers)}I", *numbers)
        data += bytes(-len(data) % 4 if kind == 4 else 0)
        index += struct.pack(">IIiI", tag, kind, len(data), count)
        data += packed
    return struct.pack(">II", len(values), len(data)) + index + data


def sqlite_database(headers: Sequence[bytes], *, table: str = "TABLE") -> bytes:
    """As rpm 4.16 and later write it; `table` is what ``Packages`` is."""
    connection = sqlite3.connect(":memory:")
    name = "Packages" if table == "TABLE" else "Other"
    connection.execute(f"CREATE TABLE {name} (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    connection.executemany(f"INSERT INTO {name} (blob) VALUES (?)", [(one,) for one in headers])
    if table != "TABLE":
        connection.execute(f"CREATE {table}")
    connection.commit()
    written = bytes(connection.serialize())
    connection.close()
    return written


def ndb_database(headers: Sequence[bytes]) -> bytes:
    """As rpm's ``rpmpkg.c`` writes it, for SUSE."""
    pages = 1 + (2 + len(headers)) * 16 // 4096
    slots, blobs = b"", b""
    for number, one in enumerate(headers, start=1):
        blob = struct.pack("<4sIII", b"BlbS", number, 1, len(one)) + one
        blob += bytes(-(len(blob) + 12) % 16)
        blob += struct.pack("<II4s", zlib.adler32(blob), len(one), b"BlbE")
        first = (pages * 4096 + len(blobs)) // 16
        slots += struct.pack("<4sIII", b"Slot", number, first, len(blob) // 16)
        blobs += blob
    slots = struct.pack("<4sIIII12x", b"RpmP", 0, 1, pages, len(headers) + 1) + slots
    slots += struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((pages * 4096 - len(slots)) // 16)
    return slots + blobs


def berkeley_database(headers: Sequence[bytes], *, order: str = "<", page: int = 512) -> bytes:
    """A hash of one bucket: small values on its page, others on pages of their own."""
    items = [(bytes(4), b"\1" + struct.pack(f"{order}I", len(headers)))]
    pages: list[bytes] = []
    room = page - 26
    for number, one in enumerate(headers, start=1):
        key = struct.pack(f"{order}I", number)
        if len(one) <= 64:
            items.append((key, b"\1" + one))
            continue
        pieces = [one[at : at + room] for at in range(0, len(one), room)]
        first = 2 + len(pages)
        items.append((key, b"\3\0\0\0" + struct.pack(f"{order}II", first, len(one))))
        for position, piece in enumerate(pieces):
            following = first + position + 1 if position + 1 < len(pieces) else 0
            head = struct.pack(
                f"{order}8xIIIHHBB", first + position, 0, following, 1, len(piece), 0, 7
            )
            pages.append((head + piece).ljust(page, b"\0"))
    return b"".join([_meta(order, page, 1 + len(pages)), _hash_page(items, order, page), *pages])


def _meta(order: str, page: int, last: int) -> bytes:
    meta = struct.pack(f"{order}8xIIIIBBBBII", 0, 0x061561, 9, page, 0, 8, 0, 0, 0, last)
    return meta.ljust(page, b"\0")


def _hash_page(items: Sequence[tuple[bytes, bytes]], order: str, page: int) -> bytes:
    offsets: list[int] = []
    end, body = page, b""
    for key, value in items:
        for item in (b"\1" + key, value):
            end -= len(item)
            body = item + body
            offsets.append(end)
    head = struct.pack(f"{order}8xIIIHHBB", 1, 0, 0, len(offsets), end, 0, 13)
    head += struct.pack(f"{order}{len(offsets)}H", *offsets)
    return head.ljust(end, b"\0") + body
