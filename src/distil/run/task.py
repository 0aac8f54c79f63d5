"""What to run, in what, with how much; and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for when the environment does not say, as engines do."""

HOSTNAME: Final = "distil"
"""What the sandbox calls its machine, so that nothing depends on the host's name."""

CANNOT_START: Final = 126
NOT_FOUND: Final = 127
"""Exit statuses of a program that could not be started, as shells and engines have them."""


class Limits(msgspec.Struct, frozen=True):
    """What a task may use; None: as much as there is. Passing one ends the whole task.

    `memory` and `disk` are in bytes: memory of all its processes together, and what it adds to
    its writable layer.
    """

    seconds: float | None = None
    memory: int | None = None
    processes: int | None = None
    disk: int | None = None


class Bind(msgspec.Struct, frozen=True):
    """A file or directory of the host at `target`, an absolute path of the sandbox.

    What is mounted below `source` comes along. Nothing in it can be a device or gain privileges.
    """

    source: Path
    target: str
    writable: bool = False


class Root(msgspec.Struct, frozen=True):
    """A root file system: `lower`, a directory that is never written to, and what goes over it.

    `upper` is a directory that `distil.run.layers.layer` made: it takes what the task writes, and
    keeps it. Without one, what a task writes is in memory and is gone with it; so it is where a
    caller other than root keeps owners apart (`Task.owners_kept`).
    """

    lower: Path
    upper: Path | None = None


class Task(msgspec.Struct, frozen=True):
    """A process to run and the world it sees.

    `words` are the program and its arguments; a program without a slash is looked for in the
    ``PATH`` of `environment`, which is all of the environment that it gets. `tmpfs` are
    directories in memory. Without `network` there is a loopback interface and nothing else; with
    it, the host's network. `secrets` are files by path that its user may read; they are in memory,
    and gone with the task. `read_only` refuses writes to the root itself, not to writable `binds`,
    `tmpfs` and `volumes`: directories of the root that stay as they are and can be written to.

    `user` is (uid, gid) inside. Without `owners_kept` there is one user, whoever calls: every file
    belongs to it, and changing an owner succeeds without doing anything, so that what comes of
    a task does not depend on who runs it. With it, further ids are there where the host allows it
    (`distil.run.sandbox.able` tells): then `groups` are the user's further groups, and `owners` are
    given to paths of the root before the start.
    """

    root: Root
    words: tuple[str, ...]
    environment: dict[str, str] = {}
    workdir: str = "/"
    user: tuple[int, int] = (0, 0)
    groups: tuple[int, ...] = ()
    binds: tuple[Bind, ...] = ()
    secrets: tuple[tuple[str, bytes], ...] = ()
    tmpfs: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    network: bool = False
    read_only: bool = False
    limits: Limits = Limits()
    hostname: str = HOSTNAME
    owners_kept: bool = False
    owners: tuple[tuple[str, int, int], ...] = ()


class Ended(msgspec.Struct, frozen=True):
    """How a task ended.

    `status` is the exit status, 128 and the number of the `signal` (else 0) that ended it, or
    `CANNOT_START` and `NOT_FOUND`, when `why` says in words what kept it from starting. `exceeded`
    names the limit that was passed: ``time``, ``memory``, ``processes``, ``disk``, or is empty.
    `memory` is the most that was seen in use, in bytes, `seconds` the time from start to end.
    `outlived` are the names of processes that were left when the task's own had ended; they were
    killed.
    """

    status: int
    signal: int = 0
    exceeded: str = ""
    why: str = ""
    memory: int = 0
    seconds: float = 0.0
    outlived: tuple[str, ...] = ()


class Able(msgspec.Struct, frozen=True):
    """Tasks can be run here; `ids` is whether more than one user can be."""

    ids: bool


class Unable(msgspec.Struct, frozen=True):
    """Tasks cannot be run here: why, and what would change that."""

    reason: str
    hint: str
