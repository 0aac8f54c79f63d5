"""Standing between the user and a program that runs a container in the foreground.

The program has distil's input, output and terminal. Signals that somebody sends to distil are for
the container; those that the terminal sends reach the program as well, which hands them on itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

HANDED_ON: Final = frozenset(
    {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2}
)
"""What somebody may send to distil and mean the container."""
_WAITED_FOR: Final = HANDED_ON | {signal.SIGCHLD}
GRACE: Final = 10.0
"""Seconds between asking a container to end and ending it, as engines have it."""
_ATTEMPTS: Final = 3
_LONGEST_WAIT: Final = 1.0
_IGNORED_BY_PYTHON: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""What a program expects to end it, as long as nobody says otherwise."""


class Attended(msgspec.Struct, frozen=True):
    """How the program ended: its exit status, and whether its time was up."""

    status: int
    timed_out: bool


def attend(
    command: list[str],
    send: Callable[[int], None],
    *,
    stop_signal: int = signal.SIGTERM,
    seconds: float | None = None,
) -> Attended:
    """Run `command` to its end, for `seconds` at most; `send` gives a signal to the container.

    When the time is up the container gets `stop_signal`, and SIGKILL ten seconds later. Raises
    OSError when there is no such command.
    """
    with _held(_WAITED_FOR) as before:
        process = os.posix_spawnp(
            command[0], command, os.environ, setsigmask=before, setsigdef=_IGNORED_BY_PYTHON
        )
        try:
            return _await(process, send, stop_signal, seconds)
        except BaseException:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            raise


def _await(
    process: int, send: Callable[[int], None], stop_signal: int, seconds: float | None
) -> Attended:
    """Wait, hand on signals, and end what takes too long."""
    deadline = None if seconds is None else time.monotonic() + seconds
    pending = [stop_signal, *[signal.SIGKILL] * _ATTEMPTS]
    timed_out = False
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return Attended(code if code >= 0 else 128 - code, timed_out)
        left = _LONGEST_WAIT if deadline is None else max(0.0, deadline - time.monotonic())
        got = signal.sigtimedwait(_WAITED_FOR, min(left, _LONGEST_WAIT))
        # Above 0 it comes from the kernel: from the terminal.
        if got is not None and got.si_signo != signal.SIGCHLD and got.si_code <= 0:
            send(got.si_signo)
        if deadline is not None and time.monotonic() >= deadline:
            timed_out, deadline = True, time.monotonic() + GRACE
            if pending:
                send(pending.pop(0))
            else:
                os.kill(process, signal.SIGKILL)


@contextlib.contextmanager
def _held(signals: frozenset[signal.Signals]) -> Iterator[set[int]]:
    """Keep `signals` for who waits for them during the block; the mask from before it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield {int(number) for number in before}
    finally:
        while signal.sigtimedwait(signals, 0) is not None:
            pass  # What came too late for the container is not for distil.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
