"""Progress as values: stages report, only `cli` draws.

A stage calls `emit`; with nobody listening that costs one attribute look-up. The listener
is a context variable, so nested calls of the library do not disturb each other. Where the threads
of one call share it (each runs in a copy of the context), it hears of one event at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec


class Event(msgspec.Struct, frozen=True):
    """Something a stage wants the user to be able to see."""


class StageStarted(Event, frozen=True):
    """A stage of the pipeline begins; `name` is a short present participle phrase."""

    name: str


class StageFinished(Event, frozen=True):
    """A stage ended well; `detail` says in a few words with what result."""

    name: str
    detail: str = ""


class Transfer(Event, frozen=True):
    """Bytes arrived from the network: `done` of `total` for `what` (total 0: unknown)."""

    what: str
    done: int
    total: int


class Printed(Event, frozen=True):
    """A line that a command printed which runs in the stage called `stage` of the user's own."""

    stage: str
    text: str


class Warned(Event, frozen=True):
    """Something the user should know that does not stop the work.

    One that is `minor` asks for nothing; it is for those who want every detail.
    """

    message: str
    hint: str = ""
    minor: bool = False


Listener = Callable[[Event], None]
_listener: ContextVar[Listener | None] = ContextVar("distil_listener", default=None)


def emit(event: Event) -> None:
    """Hand `event` to the current listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(event)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the events of the enclosed block to `listener`, one at a time."""
    turn = threading.RLock()

    def hear(event: Event) -> None:
        with turn:
            listener(event)

    token = _listener.set(hear)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def labelled(label: str) -> Iterator[None]:
    """Say `label` before the names of the stages of the enclosed block."""
    listener = _listener.get()
    if listener is None:
        yield
        return

    def hear(event: Event) -> None:
        if isinstance(event, StageStarted | StageFinished):
            event = msgspec.structs.replace(event, name=f"{label}: {event.name}")
        listener(event)

    with listening(hear):
        yield


@contextmanager
def stage(name: str) -> Iterator[Callable[[str], None]]:
    """Report a stage around a block; the block says its result by calling what it is given."""
    detail = ""

    def result(text: str) -> None:
        nonlocal detail
        detail = text

    emit(StageStarted(name))
    yield result
    emit(StageFinished(name, detail))
