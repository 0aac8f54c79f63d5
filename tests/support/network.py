"""A network for one container: a cable from the host into its network namespace.

No bridge, no firewall rule, no forwarding: the container reaches the host at `HOST_ADDRESS` and
nothing else, the host reaches the container at an address of its own. The cable disappears with
the namespace. Needs root and iproute2.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
from pathlib import Path

from tests.support.tools import tool

HOST_ADDRESS = "10.213.0.1"
"""Where a container finds what listens on the host."""


def free_port() -> int:
    """A port that nothing on this machine listens on now."""
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def add_namespace() -> str:
    """Make a network namespace; its name, for `delete_namespace`."""
    name = f"distil-{secrets.token_hex(4)}"
    _ip("netns", "add", name)
    return name


def delete_namespace(name: str) -> None:
    """Remove a namespace of `add_namespace` once nothing runs in it."""
    _ip("netns", "delete", name)


def namespace_path(name: str) -> str:
    """The file that stands for a namespace of `add_namespace`."""
    return f"/run/netns/{name}"


def connect(namespace: str) -> str:
    """Connect the network namespace at the path `namespace` to the host; its new address."""
    number = secrets.choice([n for n in range(256, 65535) if not _device(n).exists()])
    address = f"10.213.{number >> 8}.{number & 255}"
    cable = _device(number).name
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    # One local address serves all cables: each is a link between two points.
    _ip("address", "add", HOST_ADDRESS, "peer", f"{address}/32", "dev", cable)
    _ip("link", "set", cable, "up")
    inside = (tool("nsenter"), f"--net={namespace}")
    _ip("link", "set", "lo", "up", inside=inside)
    _ip("address", "add", address, "peer", f"{HOST_ADDRESS}/32", "dev", "eth0", inside=inside)
    _ip("link", "set", "eth0", "up", inside=inside)
    return address


def _device(number: int) -> Path:
    """The host's end of the cable with this number, and so with this address."""
    return Path(f"/sys/class/net/distil-{number:x}")


def _ip(*args: str, inside: tuple[str, ...] = ()) -> None:
    command = [*inside, tool("ip"), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
