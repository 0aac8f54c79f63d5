"""``distil diff``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="diff", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("before", metavar="IMAGE", shell_complete=places.image)
@click.argument("after", metavar="IMAGE", shell_complete=places.image)
@places.platform_of_several
@click.option("--exit-zero", is_flag=True, help="Exit 0 also when they differ.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="Show every row of every list.")
@places.insecure
def command(
    before: str,
    after: str,
    form: str,
    settings: StoreSettings,
    *,
    exit_zero: bool,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Say what differs between two images: packages, files, configuration, layers.

    Files are compared by kind, contents, mode, owner, target of links and extended attributes, not
    by their times. Exits with 1 when containers of the two are not the same; the same files in
    other layers are no difference.

    \b
    Examples:
      distil diff oci:out/shop:1.4 oci:out/shop:1.4-debug --exit-zero
      distil diff oci:out/shop:1.4 oci:out/shop:1.4-debug --exit-zero --format json
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import diff as report

    with show_progress(sys.stderr):
        found = pipeline.diff(before, after, asked["platform"], settings)
    if form == "json":
        click.echo(report.to_json(found))
    else:
        click.echo(report.to_text(found, verbose=asked["verbose"]))
    return 0 if exit_zero or found.is_empty else 1
