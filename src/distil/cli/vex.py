"""``distil vex verify``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings

_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}


@click.group(name="vex", context_settings=_SETTINGS)
def command() -> None:
    """Check what VEX documents say against the bytes of an image."""


@command.command(context_settings=_SETTINGS)
@click.argument("image", shell_complete=places.image)
@click.argument("file", type=click.Path())
@places.platforms_of_several
@click.option(
    "--db",
    "database",
    default="",
    metavar="FILE",
    help="Advisories that tell which functions evidence has to be about.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option("-v", "--verbose", is_flag=True, help="List what was shown, too.")
@places.insecure
def verify(
    image: str,
    file: str,
    settings: StoreSettings,
    *,
    exit_zero: bool,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Show again that what FILE says is not affected in IMAGE is not.

    FILE is an OpenVEX, CycloneDX or CSAF document, or `attached` for those that are attached to
    the image. Every statement of `not_affected` is taken by its evidence, as `distil scan` writes
    it: files are hashed, paths looked for, functions of Go programs listed, and nothing of it may
    be left out.

    Exits with 1 when a statement does not hold for this image, with 3 when one has no evidence
    that could be shown.

    \b
    Examples:
      distil scan oci:out/shop:1.4 --format openvex -o shop.vex.json
      distil vex verify oci:out/shop:1.4 shop.vex.json
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import vex as report

    request = pipeline.VexRequest(
        image=image,
        file=file,
        platform=asked["platform"],
        database=asked["database"],
        settings=settings,
    )
    with show_progress(sys.stderr):
        found = pipeline.verify_vex(request)
    if asked["form"] == "json":
        click.echo(report.verified_json(image, found))
    else:
        click.echo(report.verified_text(image, found, verbose=asked["verbose"]))
    codes = {"proven": 0, "refuted": 1, "untold": 3}
    return 0 if exit_zero else codes[report.worst(found)]
