"""A cable between a client and a server that counts what goes through it, and can be cut.

with cable(registry.place) as wire:
    wire.cut(upwards=100_000)       # the next connection that sends so much ends in the middle
    ...a client that talks to wire.place...
assert wire.cuts == 1
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK = 1 << 14


@dataclass
class Cable:
    """Bytes by direction: `upwards` to the server, `downwards` to the client."""

    place: str
    """``HOST:PORT`` of this end."""
    server: str
    upwards: int = 0
    downwards: int = 0
    cuts: int = 0
    _limits: dict[str, list[int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self, *, upwards: int = 0, downwards: int = 0, times: int = 1) -> None:
        """Reset the connections that carry so many bytes one way, one after the other."""
        self._limits["upwards"] = [upwards] * times if upwards else []
        self._limits["downwards"] = [downwards] * times if downwards else []

    def carry(self, client: socket.socket) -> None:
        """Connect `client` with the server until either hangs up, or the cable is cut."""
        host, _, port = self.server.rpartition(":")
        with client, socket.create_connection((host, int(port))) as server:
            ways = [("downwards", server, client), ("upwards", client, server)]
            back = threading.Thread(target=self._pump, args=ways[0], daemon=True)
            back.start()
            self._pump(*ways[1])
            back.join()

    def _pump(self, way: str, source: socket.socket, target: socket.socket) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(_BLOCK):
                carried += len(data)
                beyond = self._beyond(way, len(data), carried)
                if beyond is None:
                    target.sendall(data)
                    continue
                target.sendall(data[: len(data) - beyond])
                for end in (source, target):
                    linger = struct.pack("ii", 1, 0)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    end.shutdown(socket.SHUT_RDWR)
                return
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _beyond(self, way: str, size: int, carried: int) -> int | None:
        """Count; by how much a connection carried too much, None when it is not cut here."""
        with self._lock:
            setattr(self, way, getattr(self, way) + size)
            limits = self._limits.get(way, [])
            if not limits or carried < limits[0]:
                return None
            self.cuts += 1
            return carried - limits.pop(0)


@contextlib.contextmanager
def cable(server: str) -> Iterator[Cable]:
    """Lay one to ``HOST:PORT``."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        laid = Cable(f"127.0.0.1:{listener.getsockname()[1]}", server)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=laid.carry, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield laid
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
