"""``distil ls``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="ls", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("path", default="/")
@click.option("-R", "--recursive", is_flag=True, help="All that is below PATH.")
@click.option("-l", "--long", "is_long", is_flag=True, help="Mode, owner, size, time, links.")
@click.option(
    "--layer",
    type=click.IntRange(1),
    metavar="N",
    help="Only what layer N holds (1 is the lowest), and what it removes.",
)
@places.platform_of_several
@places.insecure
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(
    image: str,
    path: str,
    form: str,
    settings: StoreSettings,
    *,
    is_long: bool,
    **asked: Any,  # noqa: ANN401
) -> int:
    """List what is at PATH in IMAGE, the root if none is named.

    A directory stands for what is in it, as with ls; links are followed inside the image. Times
    are in UTC, sizes in bytes. IMAGE is any image, wherever it is. Nothing is unpacked.

    \b
    Examples:
      distil ls oci:out/shop:1.4
      distil ls oci:out/shop:1.4 /etc --long
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import nodes as report

    layer, recursive = asked["layer"] or 0, asked["recursive"]
    wanted = pipeline.Listed(
        image=image,
        path=path,
        layer=layer,
        recursive=recursive,
        platform=asked["platform"],
        settings=settings,
    )
    with show_progress(sys.stderr):
        found = pipeline.ls(wanted)
    if form == "json":
        click.echo(report.to_json(image, found))
    elif is_long:
        click.echo(report.to_table(found) + "\n" * bool(found), nl=False)
    else:
        names = report.to_names(found, whole=recursive or bool(layer))
        click.echo("".join(f"{name}\n" for name in names), nl=False)
    return 0
