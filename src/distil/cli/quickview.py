"""``distil quickview``."""

from __future__ import annotations

import sys
from typing import Any

import click

from distil.cli import places, scanning


@click.command(name="quickview", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", metavar="IMAGE", shell_complete=places.image)
@places.platform_of_several
@click.option(
    "--base", default="", metavar="IMAGE", shell_complete=places.image, help="What it is made on."
)
@scanning.database
@scanning.now
@places.insecure
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(image: str, form: str, **asked: Any) -> int:  # noqa: ANN401
    """Show on one screen what IMAGE is, how it stands, and what to do next.

    Size, age and base, how many vulnerabilities there are of each severity and how many of them
    the base brings, and the upgrades that fix most. It only shows: `distil scan` tells each one
    and decides. Of an image for several platforms it is this machine's, or the one named.

    \b
    Examples:
      distil quickview oci:out/shop:1.4
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.colours import coloured
    from distil.cli.progress import show_progress
    from distil.report import quickview as report

    request = pipeline.ScanRequest(
        image=image,
        platform=asked["platform"],
        base=asked["base"],
        database=str(asked["database"] or ""),
        now=asked["now"],
        settings=asked["settings"],
    )
    with show_progress(sys.stderr):
        found = pipeline.quickview(request)
    tell = report.to_json if form == "json" else report.to_text
    click.echo(coloured(tell(found.scan, found.inventory)))
    return 0
