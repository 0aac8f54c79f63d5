"""Making pieces of a stream in a thread of their own while earlier ones are used."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from collections.abc import Generator, Iterable
from typing import Final

_AHEAD: Final = 8
"""Pieces that are made before they are asked for, at most."""

_PATIENCE: Final = 0.05
"""Seconds between two looks at a thread that is to end."""


def ahead(pieces: Iterable[bytes]) -> Generator[bytes, None, None]:
    """`pieces` in their order, made in a thread; what they raise is raised here.

    Worth it where both making and using them let go of the interpreter's lock, as inflating,
    hashing, reading and writing do. When this is closed, the thread ends after the piece it is at.
    """
    made: queue.Queue[bytes | _End] = queue.Queue(_AHEAD)
    stopped = threading.Event()
    arguments = (_make, pieces, made, stopped)
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=arguments, name="ahead", daemon=True
    )
    thread.start()
    try:
        while not isinstance(piece := made.get(), _End):
            yield piece
        if piece.error is not None:
            raise piece.error
    finally:
        stopped.set()
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                made.get(timeout=_PATIENCE)


class _End:
    """After the last piece: what ended them early, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def _make(
    pieces: Iterable[bytes], made: queue.Queue[bytes | _End], stopped: threading.Event
) -> None:
    end = _End()
    try:
        for piece in pieces:
            made.put(piece)
            if stopped.is_set():
                return
    except BaseException as error:  # noqa: BLE001 - it is raised where the pieces are used
        end = _End(error)
    made.put(end)
