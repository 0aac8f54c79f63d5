"""Tar archives block by block, as wrong as a test wants them."""

from __future__ import annotations

from distil.formats.tar_fields import BLOCK

END = bytes(2 * BLOCK)


def header(name: bytes = b"x", kind: bytes = b"0", size: int | bytes = 0, **fields: bytes) -> bytes:
    """A raw header block; `fields` overwrite by name, so they can be as wrong as they like."""
    block = bytearray(BLOCK)
    places = {
        "name": (0, 100), "mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12),
        "mtime": (136, 12), "type": (156, 1), "link": (157, 100), "magic": (257, 8),
        "major": (329, 8), "minor": (337, 8), "prefix": (345, 155),
    }  # fmt: skip
    values = {
        "name": name, "mode": b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0",
        "size": size if isinstance(size, bytes) else b"%011o\0" % size,
        "mtime": b"00000000000\0", "type": kind, "magic": b"ustar\x0000", **fields,
    }  # fmt: skip
    for field, value in values.items():
        if field != "checksum":
            start, length = places[field]
            assert len(value) <= length
            block[start : start + len(value)] = value
    total = sum(block) + 8 * 0x20
    block[148:156] = fields.get("checksum", b"%06o\0 " % total)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def record(key: str, value: bytes) -> bytes:
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body) + 1
    while len(b"%d" % length) + len(body) != length:
        length += 1
    return b"%d" % length + body


def pax(*records: tuple[str, bytes], kind: bytes = b"x") -> bytes:
    data = b"".join(record(*item) for item in records)
    return header(b"pax", kind, len(data)) + padded(data)


def gnu(kind: bytes, name: bytes) -> bytes:
    return header(b"././@LongLink", kind, len(name) + 1) + padded(name + b"\0")
