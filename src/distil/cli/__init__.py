"""The command line: arguments in, `pipeline` called, results drawn, exit codes out.

Verbs are imported only when they run, so `distil --help` answers at once.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from distil.errors import DistilError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_VERBS: Final = {
    "init": ("distil.cli.init", "Write a distil.toml that says what was found."),
    "schema": ("distil.cli.schema", "Print the JSON schema of distil.toml, for editors."),
    "build": ("distil.cli.build", "Turn an application into a minimal image and its debug twin."),
    "lock": ("distil.cli.lock", "Write down every archive that an image is made of."),
    "run": ("distil.cli.running", "Run an image, with what is here to run it."),
    "recommend": ("distil.cli.recommend", "Say what would make an application or an image better."),
    "why": ("distil.cli.why", "Say why a file is in an image, or why it is not."),
    "check": ("distil.cli.check", "Check that everything in an image finds what it needs."),
    "sbom": ("distil.cli.sbom", "Say what is in an image: every component and its files."),
    "scan": ("distil.cli.scan", "Say which known vulnerabilities concern an image."),
    "quickview": ("distil.cli.quickview", "Show on one screen how an image stands."),
    "vex": ("distil.cli.vex", "Check what VEX documents say against the bytes of an image."),
    "files": ("distil.cli.files", "Say who owns each file of an image."),
    "inspect": ("distil.cli.inspect", "Show what the documents of an image say."),
    "ls": ("distil.cli.ls", "List what is in an image."),
    "cat": ("distil.cli.cat", "Print a file of an image."),
    "export": ("distil.cli.export", "Write all files of an image to one tar archive."),
    "layers": ("distil.cli.layers", "Show what each layer of an image is for."),
    "diff": ("distil.cli.diff", "Say what differs between two images."),
    "compare": (
        "distil.cli.compare",
        "Say what a change of an image brought: vulnerabilities, packages, bytes.",
    ),
    "copy": ("distil.cli.copy", "Copy an image from where it is to any other place."),
    "tags": ("distil.cli.tags", "List the tags of a repository or a layout."),
    "tag": ("distil.cli.tag", "Give an image other tags as well, where it is."),
    "delete": ("distil.cli.delete", "Remove an image from a registry or a layout."),
    "login": ("distil.cli.login", "Keep a login for a registry, after trying it."),
    "logout": ("distil.cli.logout", "Remove a login for a registry."),
    "db": ("distil.cli.db", "Keep the database of advisories that images are scanned against."),
    "cache": ("distil.cli.cache", "Show or bound the cache of verified downloads."),
    "doctor": ("distil.cli.doctor", "Say what is here to build with, what is missing, what to do."),
    "completion": ("distil.cli.completion", "Print a script that completes commands in a shell."),
}

OBJECTS: Final = 200_000
"""New objects after which the collector looks for garbage."""

INTERRUPTED: Final = 130
"""128 + SIGINT: what a shell expects of a command that Ctrl-C ended."""


class _Verbs(click.Group):
    """A group that knows its verbs' one-line help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(_VERBS[cmd_name][0]).command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Verbs by name; click would import each of them for its help."""
        from click.shell_completion import CompletionItem

        names = [name for name in _VERBS if name.startswith(incomplete)]
        verbs = [CompletionItem(name, help=_VERBS[name][1]) for name in names]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _VERBS.items()])


def _show_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    """As click's own option, which would read package metadata for longer than all else takes."""
    if asked and not ctx.resilient_parsing:
        from distil import __version__

        click.echo(f"distil {__version__}")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Distil an application to the smallest image that runs it, and prove what is in it.

    No Docker daemon, no root and no Dockerfile needed.

    \b
    Example:
      distil build . -t shop:1.4 -o oci:out/shop
    """  # noqa: D301 - click wants the backspace itself


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit the process with the verb's code."""
    # A verb makes some hundred thousand objects that live as long as it does: there is next to
    # nothing to collect, and looking for it often is a tenth of a warm build.
    gc.set_threshold(OBJECTS)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code. Errors become one message on stderr."""
    if "_DISTIL_COMPLETE" in os.environ:
        from distil.cli.completion import register

        register()
    try:
        result: Any = cli.main(arguments, prog_name="distil", standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "distil"
        return _failed(error.format_message(), f"see `{command} --help`", error.exit_code)
    except SystemExit:
        # How click ends when the reader of our output went away: not our failure.
        return 0
    except (KeyboardInterrupt, Exception) as error:
        return failed(error)
    return result if isinstance(result, int) else 0


def failed(error: BaseException) -> int:
    """Say on stderr what `error` means, which ended a verb; its exit code.

    With DISTIL_DEBUG it is raised, so that where it comes from can be seen.
    """
    if os.environ.get("DISTIL_DEBUG"):
        raise error
    return _failed(*_explained(error))


def _explained(error: BaseException) -> tuple[str, str, int]:
    """Message, hint and exit code for whatever ended a verb."""
    if isinstance(error, click.Abort) and error.__cause__ is not None:
        error = error.__cause__  # click makes it of EOFError as well, which nobody typed.
    if isinstance(error, DistilError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "interrupted; nothing half-written is left", "", INTERRUPTED
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", "", 2
    hint = "set DISTIL_DEBUG=1 to see where, and please report it"
    return f"distil has a defect: {type(error).__name__}: {error}", hint, 2


def _failed(message: str, hint: str, code: int) -> int:
    from distil.fetch.address import text_without_secrets
    from distil.report.printable import printable_lines

    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    # Whatever a message quotes: no login that stands in an address is shown.
    click.echo(printable_lines(text_without_secrets(message)), err=True)
    if hint:
        click.secho("hint: ", fg="cyan", nl=False, err=True)
        click.echo(printable_lines(hint), err=True)
    return code
