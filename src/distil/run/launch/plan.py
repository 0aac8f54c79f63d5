"""What the launcher is told, and how it answers: plain values through pipes."""

from __future__ import annotations

import marshal
import os

_LENGTH = 8


class Plan:
    """A task in the words of the system calls to come; every path is absolute."""

    lower: str
    upper: str
    """A layer's directory with ``upper`` and ``work``, or with ``copy``; empty for none."""
    copied: bool
    """Whether the layer is a copy of `lower`, for want of an overlay."""
    read_only: bool
    words: tuple[str, ...]
    environment: dict[str, str]
    workdir: str
    uid: int
    gid: int
    binds: tuple[tuple[str, str, bool, bool], ...]
    """Source, target, whether it can be written to, and whether it is a directory."""
    optional: tuple[tuple[str, str, bool, bool], ...]
    """The same, for what is left out where the root has no place for it."""
    texts: tuple[tuple[str, str], ...]
    """Small files, by path, that are laid over the root's own."""
    secrets: tuple[tuple[str, bytes], ...]
    """Files that are mounted, by path, and on no disk."""
    groups: tuple[int, ...]
    tmpfs: tuple[str, ...]
    volumes: tuple[str, ...]
    network: bool
    hostname: str
    uid_map: str
    gid_map: str
    """Empty where there is more than one id: then newuidmap(1) or root writes `ids`."""
    ids: tuple[tuple[int, int, int], ...]
    owners: tuple[tuple[str, int, int], ...]
    owners_kept: bool
    attached: bool
    """Whether the caller's terminal is the task's, so that they share a session."""
    seconds: float
    memory: int
    processes: int
    disk: int
    """The limits; 0: none."""

    @classmethod
    def of(cls, fields: dict[str, object]) -> Plan:
        """The plan with these fields."""
        plan = cls()
        plan.__dict__.update(fields)
        return plan


def send(handle: int, message: object) -> None:
    """Write one message, of plain values only."""
    data = marshal.dumps(message)  # type: ignore[arg-type]
    data = len(data).to_bytes(_LENGTH, "little") + data
    while data:
        data = data[os.write(handle, data) :]


def receive(handle: int) -> object:
    """The next message, None when the other side is gone."""
    head = _exactly(handle, _LENGTH)
    if head is None:
        return None
    data = _exactly(handle, int.from_bytes(head, "little"))
    # Both ends of the pipe are this very program, run by the same interpreter.
    return None if data is None else marshal.loads(data)  # noqa: S302


def _exactly(handle: int, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        piece = os.read(handle, min(size - len(data), 1 << 16))
        if not piece:
            return None
        data += piece
    return data
