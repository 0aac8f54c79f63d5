"""A Redis server of its own on the host, without persistence, that containers reach."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.network import HOST_ADDRESS, free_port
from tests.support.tools import tool


@contextmanager
def broker(directory: Path) -> Iterator[str]:
    """Start a server; the value is its URL for a container."""
    directory.mkdir(parents=True, exist_ok=True)
    password = secrets.token_hex(16)
    port = free_port()
    settings = directory / "redis.conf"  # not arguments: those everybody can see
    lines = ("bind 0.0.0.0", f"port {port}", f"requirepass {password}", 'save ""', "daemonize no")
    settings.write_text("\n".join([*lines, f"dir {directory}", ""]))
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen([tool("redis-server"), settings], stdout=log, stderr=log)
    try:
        _await(port, server)
        yield f"redis://:{password}@{HOST_ADDRESS}:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise AssertionError("redis-server does not start")
