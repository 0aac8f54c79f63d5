"""A client of Redis: requests and answers of RESP2 over a socket, and nothing else."""

from __future__ import annotations

import socket
import ssl
from typing import BinaryIO

Answer = str | bytes | int | None | list["Answer"]
"""Status, text, number, nothing or several of these."""


class Refusal(Exception):
    """The server answered with an error."""


class Redis:
    """A connection, over TLS with a `context`."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((host, port), timeout=30)
        self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        self._answers: BinaryIO = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def __call__(self, *words: str | bytes) -> Answer:
        """Send one command; its answer. Raises `Refusal`."""
        self.send(*words)
        return self.receive()

    def send(self, *words: str | bytes) -> None:
        """Send a command without waiting for its answer."""
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        bulk = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(b"*%d\r\n%s" % (len(parts), bulk))

    def receive(self) -> Answer:
        """The next answer."""
        line = self._answers.readline()
        if not line:
            raise ConnectionError("the server has hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise Refusal(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._answers.read(int(rest) + 2)[:-2]
        assert kind == b"*", line
        return None if rest == b"-1" else [self.receive() for _ in range(int(rest))]
