"""``distil export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="export", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("file", type=click.Path(dir_okay=False))
@places.platform_of_several
@places.insecure
def command(image: str, file: str, platform: str, settings: StoreSettings) -> int:
    """Write all files of IMAGE to FILE, one tar archive; - is the standard output.

    What a container would see, layers laid on each other: owners, modes, times, hard links,
    devices and extended attributes with them. The same image gives the same bytes.

    \b
    Examples:
      distil export oci:out/shop:1.4 shop-files.tar
      distil export oci:out/shop:1.4 - | tar -tv
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress

    if file == "-" and sys.stdout.isatty():
        raise click.UsageError("an archive is nothing for a terminal: name a file, or pipe it on")
    with show_progress(sys.stderr):
        if file != "-":
            pipeline.export(image, Path(file), platform, settings)
            return 0
        stream = sys.stdout.buffer
        for piece in pipeline.exported(image, platform, settings):
            stream.write(piece)
        stream.flush()
    return 0
