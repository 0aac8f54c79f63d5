"""Looking at many things at once, and not waiting for those that do not answer."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from distil.errors import DistilError, NoAnswer

T = TypeVar("T")


def together(looks: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T | DistilError]:
    """What each of `looks` returns or raises as a `DistilError`, all of them run at once.

    One that takes longer than `seconds` came to `NoAnswer`; it is left behind, in a thread that
    does not keep the process alive (a name look-up cannot be interrupted). Other exceptions are
    defects and are raised.
    """
    answers: queue.SimpleQueue[tuple[str, T | BaseException]] = queue.SimpleQueue()

    def run(name: str, look: Callable[[], T]) -> None:
        try:
            answers.put((name, look()))
        except BaseException as error:
            answers.put((name, error))

    for name, look in looks.items():
        threading.Thread(target=run, args=(name, look), name=name, daemon=True).start()
    found: dict[str, T | DistilError] = {name: NoAnswer(name, seconds) for name in looks}
    deadline = time.monotonic() + seconds
    for _ in looks:
        try:
            name, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(answer, BaseException) and not isinstance(answer, DistilError):
            raise answer
        found[name] = answer
    return found
