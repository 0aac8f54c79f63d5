"""Files every Debian system has that no package ships: installed by scripts or the installer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from distil.distros.debian.archive import DebPack
from distil.model.node import Kind, Node, directory, generated_file, symlink
from distil.model.origin import GeneratedOrigin, Origin
from distil.model.tree import Tree

DEFAULT_ZONE: Final = "/usr/share/zoneinfo/Etc/UTC"

_HOSTS: Final = b"""\
127.0.0.1\tlocalhost
::1\t\tlocalhost ip6-localhost ip6-loopback
ff02::1\t\tip6-allnodes
ff02::2\t\tip6-allrouters
"""
"""As netbase's postinst writes it; engines put their own in its place."""

DIRECTORIES: Final = (
    ("/dev", 0o755),
    ("/etc", 0o755),
    ("/home", 0o755),
    ("/proc", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/run/lock", 0o1777),
    ("/sys", 0o755),
    ("/tmp", 0o1777),  # noqa: S108 - a directory of the image
    ("/usr", 0o755),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/log", 0o755),
    ("/var/tmp", 0o1777),  # noqa: S108 - the same
)
"""What base-files ships and its postinst makes."""

_ANYWHERE: Final = (("/tmp", 0o1777),)  # noqa: S108 - the same
"""What programs expect of any root directory."""
LINKS: Final = (("/var/run", "/run"), ("/var/lock", "/run/lock"))
"""What its postinst links."""

_PYTHON: Final = re.compile(r"/usr/bin/(python3)\.\d+")


def system_nodes(tree: Tree, packs: Sequence[DebPack], *, whole: bool = True) -> list[Node]:
    """The directories, configuration and links that are not in `tree` yet.

    The directories of base-files with their modes, ``/var/run`` and ``/var/lock``, hosts,
    nsswitch.conf as libc-bin has it, the time zone UTC, the vendor of the system, and
    ``/usr/bin/python3`` for the one interpreter that is there. What is not a `whole` system has
    of these ``/tmp``, and what belongs to packages that it has: nsswitch.conf and python3.
    """
    wanted = DIRECTORIES if whole else _ANYWHERE
    nodes = [directory(path, _origin("system directories"), mode) for path, mode in wanted]
    nodes = [node for node in nodes if node.path not in tree]
    nodes += _interpreter(tree)
    nodes += _nsswitch(packs)
    if whole:
        nodes += _links(tree)
        nodes.append(generated_file("/etc/hosts", _HOSTS, "hosts"))
    return [node for node in nodes if node.kind is Kind.DIRECTORY or node.path not in tree]


def _links(tree: Tree) -> list[Node]:
    links = [symlink(path, target, _origin("system directories")) for path, target in LINKS]
    if DEFAULT_ZONE in tree:
        links.append(symlink("/etc/localtime", DEFAULT_ZONE, _origin("time zone")))
    if "/etc/dpkg/origins/debian" in tree:
        links.append(symlink("/etc/dpkg/origins/default", "debian", _origin("vendor")))
    return links


def _interpreter(tree: Tree) -> list[Node]:
    found = [node for node in tree.children("/usr/bin") if _PYTHON.fullmatch(node.path)]
    if len(found) != 1:
        return []
    return [symlink("/usr/bin/python3", found[0].name, _origin("default Python"))]


def _nsswitch(packs: Sequence[DebPack]) -> list[Node]:
    data = packaged(packs, "libc-bin", "/usr/share/libc-bin/nsswitch.conf")
    return [] if data is None else [generated_file("/etc/nsswitch.conf", data, "name service")]


def packaged(packs: Sequence[DebPack], package: str, path: str) -> bytes | None:
    """The contents of a file that `package` ships, whether or not the image takes it."""
    for pack in packs:
        if pack.name == package:
            for member in pack.members:
                if member.path == path and member.sha256:
                    return pack.pack.blob(member).read()
    return None


def _origin(rule: str) -> Origin:
    return GeneratedOrigin(rule)
