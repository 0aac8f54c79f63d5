"""``distil init``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="init", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(path_type=Path), default=".", metavar="[SOURCE]")
@click.option("--stdout", is_flag=True, help="Print it, write nothing.")
@click.option("--force", is_flag=True, help="Replace a distil.toml that is there.")
def command(source: Path, *, stdout: bool, force: bool) -> int:
    """Write a distil.toml for the application SOURCE, a directory or a script (default: here).

    It holds what was found out, with where it was found, and every other key as a comment. A
    build with it gives the same image as without it. Needs no network; prints the file's name.
    """
    from distil import pipeline
    from distil.report.printable import printable

    made = pipeline.init(source, write=not stdout, force=force)
    for entry in made.evidence:
        click.echo(printable(f"found {entry}"), err=True)
    if made.missing is not None:
        click.secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
        click.echo(printable(f"{made.missing.message} ({made.missing.hint})"), err=True)
    click.echo(made.text if stdout else str(made.path), nl=not stdout)
    return 0
