"""Run by distil's Python: join a container's network and connect what arrives outside to it.

The arguments are the process that started this one, a file that will hold the number of one that
is in the container, and for each port HANDLE:PORT, an inherited listener and the port of the
container's loopback.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
import time

DEATH_SIGNAL = 1  # prctl(2)
PIECE = 1 << 16
ADDRESSES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def main() -> None:
    """Wait for the container, enter its network, and serve each port until killed."""
    parent, pid_file, *pairs = sys.argv[1:]
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != int(parent):
        return
    join(awaited(pid_file))
    for pair in pairs:
        handle, _, port = pair.partition(":")
        listener = socket.socket(fileno=int(handle))
        threading.Thread(target=serve, args=(listener, int(port))).start()


def awaited(path: str) -> int:
    """The number that the file will hold when the container has begun."""
    while True:
        try:
            with open(path, encoding="ascii") as stream:
                return int(stream.read())
        except (OSError, ValueError):
            time.sleep(0.005)


def join(process: int) -> None:
    """Enter the network of `process`, by way of its users where the right is had only there."""
    library = ctypes.CDLL(None, use_errno=True)
    for kind in ["net"] if os.geteuid() == 0 else ["user", "net"]:
        place = f"/proc/{process}/ns/{kind}"
        handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        if library.setns(handle, 0):
            sys.exit(f"{place}: {os.strerror(ctypes.get_errno())}")


def serve(listener: socket.socket, port: int) -> None:
    """Connect everyone who comes to `listener` to `port` inside."""
    while True:
        outside, _ = listener.accept()
        threading.Thread(target=hand_on, args=(outside, port), daemon=True).start()


def hand_on(outside: socket.socket, port: int) -> None:
    """Carry one connection both ways, until both ends have said all."""
    with outside, contextlib.ExitStack() as opened:
        inside = connected(port)
        if inside is None:
            return
        opened.enter_context(inside)
        back = threading.Thread(target=carry, args=(inside, outside), daemon=True)
        back.start()
        carry(outside, inside)
        back.join()


def connected(port: int) -> socket.socket | None:
    """A connection to the port inside; None when nobody listens there."""
    for family, address in ADDRESSES:
        with contextlib.ExitStack() as closing, contextlib.suppress(OSError):
            end = closing.enter_context(socket.socket(family, socket.SOCK_STREAM))
            end.connect((address, port))
            closing.pop_all()
            return end
    return None


def carry(source: socket.socket, target: socket.socket) -> None:
    """Carry what comes from `source` to `target`, and its end."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


main()
