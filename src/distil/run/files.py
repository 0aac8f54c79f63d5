"""The files that a container is given of its network: its name, who is where, whom to ask."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distil.run.container import Launch, Network
from distil.run.task import HOSTNAME, Bind

_HOSTS: Final = (
    f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t{HOSTNAME}\n"
)
_OF_THE_HOST: Final = ("/etc/hosts", "/etc/resolv.conf")


def network_files(directory: Path, launch: Launch) -> tuple[Bind, ...]:
    """The files of that kind, as far as nothing else is mounted there; made in `directory`.

    With this machine's network they are this machine's.
    """
    files = {"/etc/hosts": directory / "hosts"}
    (directory / "hosts").write_text(_HOSTS, "ascii")
    if launch.network is Network.HOST:
        files |= {name: Path(name).resolve() for name in _OF_THE_HOST if Path(name).is_file()}
    taken = {bind.target for bind in launch.binds}
    return tuple(Bind(source, target) for target, source in files.items() if target not in taken)
