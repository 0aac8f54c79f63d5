"""``distil run``."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.pipeline.run import Running
    from distil.run.container import Launch, Port
    from distil.run.task import Bind

_OWN_FAILURE: Final = 125
_TIMED_OUT: Final = 124
"""As timeout(1) has it."""
_SIZE: Final = re.compile(r"(\d+)([bkmg]?)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LARGEST: Final = 1 << 20
"""Bytes of a file of variables."""


class _Misuse(click.UsageError):
    """What is wrong with the arguments, with a code that a program seldom has."""

    exit_code = _OWN_FAILURE


class _Run(click.Command):
    """A command whose own failures are told from those of what it runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _Misuse(error.format_message(), error.ctx or ctx) from error


def _variables(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    """``NAME=VALUE`` as it is; of a name alone, what it is here, if it is anything."""
    known = (text if "=" in text else _inherited(text) for text in texts)
    return tuple(text for text in known if text)


def _inherited(name: str) -> str:
    return f"{name}={os.environ[name]}" if name in os.environ else ""


def _read_variables(path: str) -> list[str]:
    """The variables in a file as Docker has it: one a line, no quotes, ``#`` begins a comment."""
    with Path(path).open("rb") as stream:
        lines = stream.read(_LARGEST).decode("utf-8", "replace").splitlines()
    texts = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [known for text in texts if (known := text if "=" in text else _inherited(text))]


def _binds(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Bind, ...]:
    from distil.run.task import Bind

    found = []
    for text in texts:
        source, _, rest = text.partition(":")
        target, _, mode = rest.partition(":")
        if not target.startswith("/") or mode not in ("", "ro", "rw"):
            raise click.BadParameter(f"{text!r} is not HOST:/PATH, HOST:/PATH:ro or HOST:/PATH:rw")
        path = Path(source).expanduser().absolute()
        if not path.exists():
            raise click.BadParameter(f"{path} is not there")
        found.append(Bind(path, os.path.normpath(target), writable=mode != "ro"))
    return tuple(found)


def _ports(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Port, ...]:
    from distil.run.container import Port

    return tuple(Port.parse(text) for text in texts)


def _size(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a number of bytes, as 512m or 2g")
    return int(found[1]) * _UNITS[found[2].lower()]


def _absolute(
    _ctx: click.Context, _param: click.Parameter, paths: tuple[str, ...]
) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/"):
            raise click.BadParameter(f"{path!r} is not an absolute path of the container")
    return tuple(map(os.path.normpath, paths))


@click.command(
    name="run",
    cls=_Run,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "allow_interspersed_args": False,
    },
)
@click.argument("image", shell_complete=places.image)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
@click.option(
    "--with",
    "way",
    type=click.Choice(["auto", "sandbox", "runc", "crun", "podman", "docker"]),
    default="auto",
    help="What runs it; by default the first of these that works here.",
)
@click.option(
    "-e",
    "--env",
    "environment",
    multiple=True,
    metavar="NAME[=VALUE]",
    callback=_variables,
    help="A variable; without a value, as it is here. Repeatable.",
)
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="Variables, one a line. Repeatable.",
)
@click.option(
    "-v",
    "--volume",
    "binds",
    multiple=True,
    metavar="HOST:PATH[:ro]",
    callback=_binds,
    help="Show a file or directory of this machine at PATH. Repeatable.",
)
@click.option(
    "-p",
    "--publish",
    "ports",
    multiple=True,
    metavar="[[IP:]HOST:]PORT",
    callback=_ports,
    help="Lead a port of this machine to one of the container; any free one if none is named.",
)
@click.option(
    "--network",
    type=click.Choice(["none", "host"]),
    default="none",
    help="Reach nothing but what is published (default), or all that this machine reaches.",
)
@click.option("--user", default="", metavar="USER[:GROUP]", help="By number or name.")
@click.option("--entrypoint", metavar="PROGRAM", help="In the place of the image's.")
@click.option("--workdir", default="", metavar="PATH", help="Where the process starts.")
@click.option(
    "--tmpfs",
    multiple=True,
    metavar="PATH",
    callback=_absolute,
    help="A directory in memory. Repeatable.",
)
@click.option("--read-only", is_flag=True, help="Refuse writes; volumes and --tmpfs take them.")
@click.option("--memory", metavar="SIZE", callback=_size, help="Of all processes, as in 512m.")
@click.option("--pids-limit", "processes", type=click.IntRange(1), help="Processes at most.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(0, min_open=True),
    help="Seconds until it is ended.",
)
@places.platform_of_several
@places.insecure
@click.option("--verbose", is_flag=True, help="Say what runs it.")
def command(image: str, arguments: tuple[str, ...], way: str, **said: Any) -> int:
    """Run IMAGE, with what is here to run it, and take away all that is left of it.

    Options come before IMAGE; what follows it are arguments of the image's entrypoint, in the
    place of its command. The process has this input, output and terminal, and signals sent to
    distil are for it. What it writes into its own files is thrown away.

    By default a sandbox of the kernel runs it, which needs no root, no daemon and nothing
    installed; an engine runs what it has itself. With --network none, ports that are published
    can be reached and the container reaches nothing. Docker and podman can publish into a network
    that leads outside alone.

    Exits with what the process exits with, 128 and the number of the signal that ended it, 124
    when its time was up, 125 when distil itself failed, 126 and 127 when the program cannot be
    started or is not there.

    \b
    Examples:
      distil run oci:out/shop:1.4
      distil run -p 8080:8000 -e DEBUG=1 oci:out/shop:1.4
      distil run --read-only --tmpfs /tmp --with podman oci:out/shop:1.4 -- --check
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli import failed
    from distil.cli.progress import show_progress
    from distil.report.printable import printable

    request = pipeline.RunRequest(
        image=image,
        platform=said["platform"],
        launch=_launch(arguments, said),
        way=way,
        settings=said["settings"],
    )
    with contextlib.ExitStack() as progress:
        progress.enter_context(show_progress(sys.stderr, verbose=said["verbose"]))

        def started(running: Running) -> None:
            progress.close()
            _tell(running, request.launch, verbose=said["verbose"])

        try:
            done = pipeline.run(request, started)
        except (KeyboardInterrupt, Exception) as error:
            progress.close()
            return max(failed(error), _OWN_FAILURE)
    if done.ended.why:
        click.echo(f"error: {printable(done.ended.why)}", err=True)
    if done.ended.exceeded:
        click.echo(f"ended by distil: too much {done.ended.exceeded}", err=True)
    return _TIMED_OUT if done.ended.exceeded == "time" else done.ended.status


def _launch(arguments: tuple[str, ...], said: dict[str, Any]) -> Launch:
    """What the options say."""
    from distil.run.container import Launch, Network
    from distil.run.task import Limits

    if arguments and arguments[0] == "--":
        arguments = arguments[1:]
    variables = [text for path in said["env_files"] for text in _read_variables(path)]
    return Launch(
        arguments=arguments,
        entrypoint=said["entrypoint"],
        environment=(*variables, *said["environment"]),
        user=said["user"],
        workdir=said["workdir"],
        binds=said["binds"],
        tmpfs=said["tmpfs"],
        network=Network(said["network"]),
        ports=said["ports"],
        read_only=said["read_only"],
        limits=Limits(said["seconds"], said["memory"], said["processes"]),
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )


def _tell(running: Running, launch: Launch, *, verbose: bool) -> None:
    """Say what cannot be known otherwise: which port was taken, and, when asked, what runs it."""
    if verbose:
        click.echo(f"run with {running.way}", err=True)
    named = {port for port in launch.ports if port.host}
    for port in running.ports:
        if port not in named or verbose:
            place = f"{port.address or '0.0.0.0'}:{port.host}"  # noqa: S104 - every address
            click.echo(f"port {port.container} is at {place}", err=True)
    sys.stderr.flush()
