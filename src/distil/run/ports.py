"""Ports of this machine that lead into a container with a network of its own.

Such a network has a loopback interface and nothing else. A listener of this machine stays one
wherever a process goes, so a helper enters the container's network, takes the connections that
arrive here, and connects each to the container's loopback: no interface and no right is needed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from distil.run.container import Port
from distil.run.errors import PortTaken

_SCRIPT: Final = Path(__file__).parent / "data" / "hand_on.py"
_BACKLOG: Final = 128


class Listener(msgspec.Struct, frozen=True):
    """A port of this machine that is listened at, and the container's that it leads to."""

    port: Port
    socket: socket.socket


def chosen(ports: Sequence[Port]) -> tuple[Port, ...]:
    """`ports`, each with a port of this machine that is free now. Raises `PortTaken`."""
    with listening(ports) as listeners:
        return tuple(listener.port for listener in listeners)


@contextlib.contextmanager
def listening(ports: Sequence[Port]) -> Iterator[tuple[Listener, ...]]:
    """Listen at every one of `ports` as long as the block lasts. Raises `PortTaken`."""
    with contextlib.ExitStack() as opened:
        yield tuple(_listener(port, opened) for port in ports)


def _listener(port: Port, opened: contextlib.ExitStack) -> Listener:
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    listener = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((port.address, port.host))
        listener.listen(_BACKLOG)
    except OSError as error:
        raise PortTaken(port.address, port.host, error.strerror or str(error)) from error
    number = listener.getsockname()[1]
    return Listener(msgspec.structs.replace(port, host=number), listener)


@contextlib.contextmanager
def handed_on(listeners: Sequence[Listener], pid_file: Path) -> Iterator[None]:
    """Connect what arrives at `listeners` into the network of a container during the block.

    `pid_file` will hold the number on this machine of a process that is in the container; what
    arrives before waits.
    """
    if not listeners:
        yield
        return
    handles = [listener.socket.fileno() for listener in listeners]
    pairs = [
        f"{handle}:{one.port.container}" for handle, one in zip(handles, listeners, strict=True)
    ]
    helper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SCRIPT), str(os.getpid()), str(pid_file), *pairs],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=handles,
        start_new_session=True,
    )
    try:
        yield
    finally:
        helper.kill()
        helper.wait()
