"""Progress on a terminal: one line that says what is going on, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from distil import events
from distil.fetch.address import text_without_secrets
from distil.report.printable import printable

if TYPE_CHECKING:
    from rich.status import Status


@contextmanager
def show_progress(stream: IO[str], *, verbose: bool = False) -> Iterator[None]:
    """Show the stages of the enclosed block on `stream`, when that is a terminal.

    Warnings, and what commands of the user's own print, are shown wherever the stream leads: they
    are not progress. Warnings that ask for nothing are shown when it is to be `verbose`.
    """
    if not stream.isatty():
        with events.listening(_once(_warn, verbose=verbose)):
            yield
        return
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    with (
        console.status("starting") as status,
        events.listening(_once(_Drawn(status).hear, verbose=verbose)),
    ):
        yield


def _once(listener: events.Listener, *, verbose: bool) -> events.Listener:
    """`listener` without the warnings it has heard: each platform of a build gives the same."""
    heard: set[events.Event] = set()

    def hear(event: events.Event) -> None:
        if isinstance(event, events.Warned) and event.minor and not verbose:
            return
        if event not in heard or isinstance(event, events.Printed):
            listener(event)
        if isinstance(event, events.Warned):
            heard.add(event)

    return hear


def _warn(event: events.Event) -> None:
    if isinstance(event, events.Printed):
        click.echo(_line(event), err=True)
    elif isinstance(event, events.Warned):
        click.secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
        click.echo(printable(_told(event)), err=True)


def _told(event: events.Warned) -> str:
    """What the warning says, and no login that stands in an address which it quotes."""
    hint = f" ({event.hint})" if event.hint else ""
    return text_without_secrets(event.message) + hint


def _line(event: events.Printed) -> str:
    """What a command printed, and in which stage."""
    return printable(f"{event.stage} | {event.text}".rstrip())


class _Drawn:
    """Draws events on a rich status line.

    What events say is escaped: a name such as ``uvicorn[standard]`` or ``[reach] keep`` is no
    markup, and one from outside may hold anything.
    """

    def __init__(self, status: Status) -> None:
        self._status = status
        self._stage = ""

    def hear(self, event: events.Event) -> None:
        if isinstance(event, events.StageStarted):
            self._stage = event.name
            self._status.update(_literal(event.name))
        elif isinstance(event, events.Transfer):
            done = f"{event.done / 1e6:.1f}"
            total = f" of {event.total / 1e6:.1f}" if event.total else ""
            self._status.update(_literal(f"{self._stage}: {event.what} ({done}{total} MB)"))
        elif isinstance(event, events.StageFinished):
            detail = f": {event.detail}" if event.detail else ""
            self._print("[green]✓[/green] ", event.name + detail)
        elif isinstance(event, events.Printed):
            self._print("", _line(event))
        elif isinstance(event, events.Warned):
            self._print("[yellow]warning:[/yellow] ", _told(event))

    def _print(self, markup: str, text: str) -> None:
        self._status.console.print(markup + _literal(text), soft_wrap=True)


def _literal(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))
