"""``distil tag``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="tag", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@places.insecure
def command(image: str, names: tuple[str, ...], settings: StoreSettings) -> int:
    """Give IMAGE other tags as well, where it is: in a registry, or oci:DIR:TAG.

    A tag that another image has is taken from it. Prints how IMAGE is addressed by each. Nothing is
    downloaded or sent but its manifest.

    \b
    Example:
      distil tag oci:out/shop:1.4 1 latest
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline

    for address in pipeline.tag(image, names, settings):
        click.echo(address)
    return 0
