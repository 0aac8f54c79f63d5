"""``distil copy``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="copy", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", shell_complete=places.image)
@click.argument("destination", shell_complete=places.destination)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    shell_complete=places.platform,
    help="Which one of several; this machine's by default. Of two or more, a new index is made.",
)
@click.option("--all-platforms", is_flag=True, help="The whole index, whatever it leads to.")
@click.option("--referrers", is_flag=True, help="Signatures and other artifacts about it as well.")
@places.insecure
def command(
    source: str,
    destination: str,
    platforms: tuple[str, ...],
    settings: StoreSettings,
    *,
    all_platforms: bool,
    referrers: bool,
) -> int:
    """Copy an image from SOURCE to DESTINATION, byte for byte.

    Both are any of oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME],
    docker-daemon:NAME, containers-storage:NAME (podman's), docker://NAME or just the NAME of an
    image in a registry. Without a tag, a layout or archive takes the source's; a registry takes
    "latest". Prints how the copy is addressed: by its digest, when it is in a registry.

    Digests stay what they are, also those of images that Docker wrote. What is there already is
    not copied again.

    \b
    Examples:
      distil copy oci:out/shop:1.4 oci-archive:shop.tar
      distil copy oci:out/shop:1.4 oci:mirror/shop --all-platforms --referrers
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import copy as report

    if platforms and all_platforms:
        raise click.UsageError("--platform and --all-platforms exclude each other")
    request = pipeline.CopyRequest(
        source=source,
        destination=destination,
        platforms=platforms,
        all_platforms=all_platforms,
        referrers=referrers,
        settings=settings,
    )
    with show_progress(sys.stderr):
        done = pipeline.copy(request)
    click.echo(report.to_text(done), err=True)
    click.echo(done.reference)
    return 0
