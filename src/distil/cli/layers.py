"""``distil layers``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="layers", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@places.platform_of_several
@places.insecure
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(image: str, platform: str, settings: StoreSettings, form: str) -> int:
    """Show what each layer of IMAGE adds, overwrites and removes, and what is wasted.

    Layers are numbered from the lowest. Wasted bytes and efficiency are those that dive shows: a
    path that is in several layers counts with what it has in all of them. What a whiteout of a
    whole directory's contents hides is counted as removed, not as wasted. A whiteout of
    nothing counts for nothing, where dive gives other figures.

    \b
    Examples:
      distil layers oci:out/shop:1.4
      distil layers oci:out/shop:1.4 --format json
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import layers as report

    with show_progress(sys.stderr):
        found = pipeline.layers(image, platform, settings)
    click.echo(report.to_json(image, found) if form == "json" else report.to_text(found))
    return 0
