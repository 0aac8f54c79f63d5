"""Bringing blobs from afar, several at a time: one alone seldom fills the line."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from distil.model.blob import Blob
from distil.model.digest import Digest

THREADS: Final = 4


class _GivenUp(Exception):
    """Another blob failed, or the user has had enough."""


class _Stoppable(msgspec.Struct, frozen=True):
    """A blob whose reading ends when all are to end."""

    blob: Blob
    stopped: threading.Event

    @property
    def is_local(self) -> bool:
        return self.blob.is_local

    @property
    def digest(self) -> Digest:
        return self.blob.digest

    @property
    def size(self) -> int:
        return self.blob.size

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        for piece in self.blob.chunks():
            if self.stopped.is_set():
                raise _GivenUp
            yield piece


def for_each(blobs: Iterable[Blob], work: Callable[[Blob], None]) -> None:
    """Do `work` with each of `blobs`: those on this machine in turn, others side by side.

    The largest begin, so that none of them is left for the end. The first error is raised, when the
    others have stopped.
    """
    distant = []
    for blob in blobs:
        if blob.is_local:
            work(blob)
        else:
            distant.append(blob)
    together(distant, work)


def together(blobs: Sequence[Blob], work: Callable[[Blob], None]) -> None:
    """Do `work` with each of `blobs`, wherever they are, several at a time; else as `for_each`."""
    if not blobs:
        return
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    stopped = threading.Event()
    pool = ThreadPoolExecutor(min(THREADS, len(blobs)))
    try:
        tasks = [
            pool.submit(contextvars.copy_context().run, work, _Stoppable(blob, stopped))
            for blob in sorted(blobs, key=lambda blob: -blob.size)
        ]
        done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
