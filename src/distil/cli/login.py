"""``distil login``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings

_LONGEST: Final = 1 << 20
"""Bytes of a password or token, at most."""


@click.command(name="login", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("registry")
@click.option("-u", "--username", "user", help="Who you are there; asked for if not given.")
@click.option("--password-stdin", is_flag=True, help="Read the password, or a token, from stdin.")
@places.insecure
def command(
    registry: str, user: str | None, *, password_stdin: bool, settings: StoreSettings
) -> None:
    """Log in to REGISTRY: a host, or a namespace or repository in it.

    The password is asked for without showing it, tried at the registry, and kept where Docker,
    podman and their like find it: in the helper that they are told to use, else in a file that
    you alone can read. Prints where.
    """
    from distil import pipeline
    from distil.report import logins as report

    if not password_stdin and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: give --username and --password-stdin")
    if password_stdin and not user:
        raise click.UsageError("--password-stdin needs --username")
    user = user or click.prompt("Username", err=True)
    secret = (
        _from_stdin() if password_stdin else click.prompt("Password", hide_input=True, err=True)
    )
    click.echo(report.logged_in_text(pipeline.login(registry, user, secret, settings)), nl=False)


def _asked() -> str:
    secret: str = click.prompt("Password", hide_input=True, err=True)
    return secret


def _from_stdin() -> str:
    """All of standard input, without the line break that most programs end with."""
    data = sys.stdin.buffer.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise click.UsageError("what stands on stdin is too long for a password")
    text = data.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").removesuffix("\r")
