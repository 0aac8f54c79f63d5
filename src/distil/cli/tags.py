"""``distil tags``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="tags", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("place", shell_complete=places.destination)
@places.insecure
def command(place: str, settings: StoreSettings) -> int:
    """List the tags in PLACE, one a line: a repository in a registry, or oci:DIR.

    \b
    Example:
      distil tags oci:out/shop
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.report.printable import printable

    for tag in pipeline.tags(place, settings):
        click.echo(printable(tag))
    return 0
