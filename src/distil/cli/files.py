"""``distil files``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="files", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--unowned", is_flag=True, help="Only what nobody owns.")
@click.option("--modified", is_flag=True, help="Only what is not as its owner says.")
@click.option("--executable", is_flag=True, help="Only what can be run.")
@click.option("--package", default="", metavar="NAME", help="Only what this component owns.")
@places.platform_of_several
@places.insecure
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(
    image: str,
    paths: tuple[str, ...],
    form: str,
    settings: StoreSettings,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Say who owns each file of IMAGE, or those at and below each PATH.

    A package of the system or of a language, a program by its own words, the application, a rule
    that generated it, or nobody; and whether the contents are those that the owner has a checksum
    of. IMAGE is any image, wherever it is, whoever built it. Exits with 0 also when nothing is
    listed.

    \b
    Examples:
      distil files oci:out/shop:1.4 --unowned
      distil files oci:out/shop:1.4 /etc --modified
      distil files oci:out/shop:1.4 --package libc6
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import files as report

    request = pipeline.FilesRequest(image=image, paths=paths, settings=settings, **asked)
    with show_progress(sys.stderr):
        found = pipeline.files(request)
    if form == "json":
        click.echo(report.to_json(image, found))
    else:
        click.echo(report.to_text(found) + "\n" * bool(found.files), nl=False)
    return 0
