"""``distil inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="inspect", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@places.platform_of_several
@places.insecure
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "raw", "config"]),
    default="text",
    help="raw: the manifest or index as it is; config: the configuration.",
)
def command(image: str, platform: str, settings: StoreSettings, form: str) -> int:
    """Show what the documents of IMAGE say: no layer is read.

    Digest, platforms, how a container is started, layers, annotations, and what refers to the
    image. Of an image for several platforms that is the index, and with --platform the image for
    one. IMAGE is any image or artifact, wherever it is: oci:DIR:TAG, oci-archive:FILE:TAG,
    docker-archive:FILE:NAME, docker-daemon:NAME, containers-storage:NAME, docker://NAME.

    \b
    Examples:
      distil inspect oci:out/shop:1.4
      distil inspect oci:out/shop:1.4 --format config
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.report import inspect as report

    if form == "raw":
        click.echo(pipeline.raw_manifest(image, platform, settings), nl=False)
    elif form == "config":
        click.echo(pipeline.raw_config(image, platform, settings), nl=False)
    else:
        found = pipeline.inspect(image, platform, settings)
        click.echo((report.to_json if form == "json" else report.to_text)(image, found))
    return 0
