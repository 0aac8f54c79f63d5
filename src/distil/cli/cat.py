"""``distil cat``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="cat", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("path")
@places.platform_of_several
@places.insecure
def command(image: str, path: str, platform: str, settings: StoreSettings) -> int:
    """Print the file at PATH in IMAGE, byte for byte.

    Links are followed inside the image. What a file holds can do anything to a terminal: pass
    it on, or look at it with a pager.

    \b
    Example:
      distil cat oci:out/shop:1.4 /etc/os-release
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress

    with show_progress(sys.stderr):
        pieces = pipeline.cat(image, path, platform, settings)
    stream = sys.stdout.buffer
    for piece in pieces:
        stream.write(piece)
    stream.flush()
    return 0
