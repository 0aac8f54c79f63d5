"""Signals, without the module `signal`, which takes longer to import than all the rest here."""

from __future__ import annotations

import _signal

INT, QUIT, KILL, PIPE, TERM, CHLD, XFSZ = 2, 3, 9, 13, 15, 17, 25

FORWARDED = (1, 2, 3, 10, 12, 15, 18, 28)
"""HUP, INT, QUIT, USR1, USR2, TERM, CONT and WINCH: what a task can be sent from outside."""

FROM_TERMINAL = (INT, QUIT)
"""What a terminal sends to the task by itself."""


def ignore(number: int) -> None:
    """Take no notice of a signal."""
    _signal.signal(number, _signal.SIG_IGN)


def hold(numbers: tuple[int, ...]) -> None:
    """Keep signals for `wait`."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, numbers)


def wait(numbers: tuple[int, ...]) -> tuple[int, bool]:
    """The next of the signals that are held, and whether it comes from outside.

    The kernel and processes of other namespaces have no process id in this one.
    """
    found = _signal.sigwaitinfo(numbers)
    return int(found.si_signo), found.si_pid == 0


def as_at_first() -> None:
    """Undo what `hold` and Python itself have set: a program would inherit it (signal(7))."""
    for number in (INT, QUIT, PIPE, XFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
