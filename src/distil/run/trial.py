"""Starting an image to see how it begins: when it listens, when it says something, how it ends.

Nothing is asked of the application: whether it listens is read from the kernel's list of sockets.
"""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.run.contained import SANDBOX, task_of
from distil.run.container import Container, Launch, container_of
from distil.run.layers import layer
from distil.run.roots import unpacked
from distil.run.sandbox import run
from distil.run.subject import Opened, Subject
from distil.run.task import Ended, Limits, Root, Task

STARTS: Final = 3
"""How often an image is started; the quickest counts, which nothing else held up."""
_PAUSE: Final = 0.002
_LISTENING: Final = "0A"
"""The state of a socket that listens, in ``/proc/net/tcp`` (include/net/tcp_states.h)."""
_LARGEST: Final = 1 << 16
"""Bytes of output that are kept, the last ones."""


class Kind(enum.StrEnum):
    """How far an image came when it was started, the most telling first."""

    LISTENS = "listens"
    """At a TCP port."""
    ENDS = "ends"
    """By itself, with a status."""
    PRINTS = "prints"
    """Something, and goes on; when it is ready cannot be told."""
    WAITS = "waits"
    """For something; when it is ready cannot be told."""


class Begun(msgspec.Struct, frozen=True):
    """How an image began; `seconds` from its first instruction until that.

    `said` is the last line that it wrote.
    """

    kind: Kind
    seconds: float
    port: int = 0
    status: int = 0
    said: str = ""


def check_trial() -> None:
    """Raise `WayUnable` where nothing can be started so: the sandbox does not work here."""
    SANDBOX.check(Launch())


def begun(subject: Subject, seconds: float, arguments: tuple[str, ...] = ()) -> Begun:
    """How the image of `subject` begins, looked at for `seconds` at most.

    `arguments` are those of its entrypoint, in the place of its command.

    Raises what reading it and starting it raise.
    """
    cache = Cache.default()
    with cache.guarding():
        opened = subject.opened(cache)
        launch = Launch(arguments=arguments, limits=Limits(seconds=seconds))
        container = container_of(opened.config, opened.tree, launch)
        with unpacked(opened.tree, cache) as lower:
            found = [_once(lower, opened, container, launch)]
            while len(found) < STARTS and found[0].kind in (Kind.LISTENS, Kind.ENDS):
                found.append(_once(lower, opened, container, launch))
    return min(found, key=lambda one: (list(Kind).index(one.kind), one.seconds))


def _once(lower: Path, opened: Opened, container: Container, launch: Launch) -> Begun:
    with layer(Cache.default()) as upper:
        return _Trial(task_of(Root(lower, upper), opened.tree, container, launch)).result()


class _Trial:
    """One start: what is seen of it from the thread that watches and from the one that reads."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._began = 0.0
        self._first = 0.0
        self._said = b""
        self._port = 0
        self._listened = 0.0
        self._over = threading.Event()

    def result(self) -> Begun:
        """Run the task until it listens, ends, or its time is up."""
        self._began = time.monotonic()
        try:
            ended = run(self._task, self._hear, self._watch)
        finally:
            self._over.set()
        return self._begun(ended)

    def _begun(self, ended: Ended) -> Begun:
        said = self._said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if self._port:
            return Begun(Kind.LISTENS, self._listened - self._began, self._port, said=said)
        if not ended.exceeded:
            return Begun(Kind.ENDS, ended.seconds, status=ended.status, said=ended.why or said)
        if self._first:
            return Begun(Kind.PRINTS, self._first - self._began, said=said)
        return Begun(Kind.WAITS, ended.seconds)

    def _hear(self, piece: bytes) -> None:
        self._first = self._first or time.monotonic()
        self._said = (self._said + piece)[-_LARGEST:]

    def _watch(self, process: int) -> None:
        self._began = time.monotonic()
        threading.Thread(target=self._await_port, args=(process,), daemon=True).start()

    def _await_port(self, process: int) -> None:
        """End the task as soon as it listens."""
        while not self._over.wait(_PAUSE):
            port = next(_listening(process), 0)
            if port:
                self._listened, self._port = time.monotonic(), port
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                return


def _listening(process: int) -> Iterator[int]:
    """The TCP ports that something listens at in the network of `process` (proc(5))."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/net/{name}").read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING:
                    yield int(fields[1].rpartition(":")[2], 16)
