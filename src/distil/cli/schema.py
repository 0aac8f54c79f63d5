"""``distil schema``."""

from __future__ import annotations

import click


@click.command(name="schema", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Print the JSON schema of distil.toml, with which editors complete and check it.

    \b
    Example:
      distil schema > distil.schema.json

    With `#:schema ./distil.schema.json` as the first line of distil.toml, Taplo and the editors
    that use it find the schema.
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline

    click.echo(pipeline.schema(), nl=False)
