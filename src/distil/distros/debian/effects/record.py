"""What following the maintainer scripts of an image's packages came to, as a value to keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from distil.distros.debian.effects.accounts import Account, Group
from distil.distros.debian.effects.machine import Alternative, Machine, Ownership
from distil.model.node import Kind, Node


class UnhandledScript(msgspec.Struct, frozen=True, order=True):
    """Something a maintainer script of `package` does that the image lacks."""

    package: str
    script: str
    what: str

    def __str__(self) -> str:
        return f"{self.package}: {self.script} {self.what}"


class Made(msgspec.Struct, frozen=True):
    """A path that a script of `package` makes; `data` are a file's contents."""

    package: str
    path: str
    kind: Kind
    mode: int
    target: str = ""
    data: bytes = b""


class ScriptEffects(msgspec.Struct, frozen=True):
    """Everything the scripts change, and what could not be worked out."""

    made: tuple[Made, ...] = ()
    removed: tuple[str, ...] = ()
    ownership: dict[str, Ownership] = {}
    alternatives: tuple[Alternative, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    unhandled: tuple[UnhandledScript, ...] = ()


_PASSING: Final = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/sys/")  # noqa: S108
"""What is there while a system runs and not in an image."""


def recorded(machine: Machine, unhandled: Iterable[UnhandledScript]) -> ScriptEffects:
    """The changes made to `machine`, in an order that does not depend on the scripts'."""
    created = sorted(machine.created.items())
    return ScriptEffects(
        tuple(
            _made(node, machine.makers[path])
            for path, node in created
            if not path.startswith(_PASSING) and path != "/tmp"  # noqa: S108
        ),
        tuple(sorted(machine.removed)),
        dict(sorted(machine.ownership.items())),
        tuple(machine.alternatives),
        tuple(machine.accounts.values()),
        tuple(machine.groups.values()),
        tuple(machine.members),
        tuple(sorted(unhandled)),
    )


def _made(node: Node, package: str) -> Made:
    data = b"" if node.blob is None else node.blob.read()
    return Made(package, node.path, node.kind, node.mode, node.target, data)
