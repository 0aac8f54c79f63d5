"""The page about the command line, from click's own commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

import click

from distil.cli import cli

HEAD: Final = """# Commands

<!-- Made by scripts/docs from src/distil/cli. -->
<!-- session: a copy of examples/flask-hello -->
<!-- given: Docker -->
<!-- given: advisories -->

Standard output is data, standard error is talk: `distil build` prints the names of the images that
it wrote, and nothing else, so that commands nest. What exit codes mean is in [Errors](errors.md).
"""


NOT_RUN: Final = {
    "run": "a server goes on until it is stopped",
    "recommend": "the guide about running does that",
    "update": "it asks servers",
    "scan": "it ends with 1 for what it finds: the guide to scans does that",
    "compare": "it needs another image, and ends with 1 where that was better",
    "verify": "the guide to VEX does that",
}
"""The verbs whose examples the tests do not run, and why."""


def commands_page() -> str:
    """The page as Markdown: every command, in the order of `distil --help`."""
    return HEAD + "".join(_command(cli, click.Context(cli, info_name="distil")))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    if command is not cli:
        yield f"\n## {context.command_path}\n"
        usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
        yield f"\n`{usage}`\n"
        yield _prose(command.help or "", NOT_RUN.get(command.name or "", ""))
        yield _options(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is None or inner.hidden:
                continue
            inside = click.Context(inner, info_name=name, parent=context)
            yield from _command(inner, inside)


def _prose(text: str, not_run: str) -> str:
    """Click's help as Markdown: paragraphs that begin with a backspace are commands.

    `not_run` is why the tests do not run these, if they do not.
    """
    mark = f"\n<!-- not run: {not_run} -->" if not_run else ""
    found = ""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if not paragraph.startswith("\b"):
            found += f"\n{paragraph}\n"
            continue
        title, _, rest = paragraph.lstrip("\b\n").partition("\n")
        if title.endswith(":"):
            found += f"\n{title}\n"
        else:
            rest = f"{title}\n{rest}"
        lines = "".join(f"$ {line}\n" for line in inspect.cleandoc(rest).splitlines())
        found += f"{mark}\n```console\n{lines}```\n"
    return found


def _options(command: click.Command, context: click.Context) -> str:
    rows = ""
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if not isinstance(option, click.Option) or record is None or "--help" in option.opts:
            continue
        names, what = record
        if isinstance(option.type, click.Choice):
            # Not click's [a|b]: a table's cell ends at the bar.
            names = names.partition(" [")[0]
            values = ", ".join(f"`{choice}`" for choice in option.type.choices)
            what = f"{what} One of {values}.".strip()
        rows += f"| `{names}` | {what.replace('|', '&#124;')} |\n"
    return f"\n| option | what |\n|---|---|\n{rows}" if rows else ""
