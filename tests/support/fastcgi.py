"""One request to a FastCGI server, as web servers send it (the FastCGI specification, 1.0)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Final

_HEADER: Final = struct.Struct("!BBHHBx")
_BEGIN, _END, _PARAMS, _STDIN, _STDOUT, _STDERR = 1, 3, 4, 5, 6, 7
_RESPONDER: Final = 1
_LARGEST: Final = 65535


def request(
    address: tuple[str, int], variables: Mapping[str, str], body: bytes = b""
) -> tuple[bytes, bytes]:
    """What the application printed, headers first, and what it said on standard error."""
    named = b"".join(map(_pair, variables.keys(), variables.values()))
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(
            _record(_BEGIN, struct.pack("!HB5x", _RESPONDER, 0))
            + _record(_PARAMS, named)
            + _record(_PARAMS, b"")
            + (_record(_STDIN, body) if body else b"")
            + _record(_STDIN, b"")
        )
        printed = {_STDOUT: b"", _STDERR: b""}
        with connection.makefile("rb") as stream:
            while header := stream.read(_HEADER.size):
                _, kind, _, length, padding = _HEADER.unpack(header)
                content = stream.read(length + padding)[:length]
                if kind == _END:
                    break
                printed[kind] += content
    return printed[_STDOUT], printed[_STDERR]


def _record(kind: int, content: bytes) -> bytes:
    assert len(content) <= _LARGEST
    return _HEADER.pack(1, kind, 1, len(content), 0) + content


def _pair(name: str, value: str) -> bytes:
    words = (name.encode(), value.encode())
    return b"".join(_length(len(word)) for word in words) + b"".join(words)


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else struct.pack("!I", size | 1 << 31)
