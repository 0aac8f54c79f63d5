"""``distil delete``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="delete", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.option("-y", "--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@places.insecure
def command(image: str, settings: StoreSettings, *, yes: bool) -> int:
    """Remove IMAGE from where it is: from a registry, or oci:DIR:TAG.

    A layout loses the tag, and whatever no other leads to, artifacts about it included. A registry
    deletes the manifest, and with it every tag of the same image. Prints the image's digest.

    \b
    Example:
      distil delete oci:mirror/shop:1.4 --yes
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline

    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to be asked: --yes says that it is meant")
        asked = f"Delete {image}? In a registry, all tags of the same image go with it."
        if not click.confirm(asked, err=True):
            return 1
    click.echo(pipeline.delete(image, settings))
    return 0
