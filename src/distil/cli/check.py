"""``distil check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings


@click.command(name="check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@places.platform_of_several
@places.insecure
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
def command(
    image: str, platform: str, settings: StoreSettings, form: str, *, exit_zero: bool
) -> int:
    """Check that everything in IMAGE finds what it needs, inside the image.

    Libraries and symbol versions of every ELF file, interpreters of scripts, the entrypoint;
    of each Python and virtual environment the imports, entry points and compiled modules. An
    image that has a ledger is compared with it. IMAGE is any image in a layout, archive or
    engine: oci:DIR:TAG, oci-archive:FILE:TAG, docker-archive:FILE:NAME, docker-daemon:NAME,
    containers-storage:NAME (podman's). Nothing is run. Every blob of the image is hashed each
    time, however well it is known: the answer is about the bytes that are there.

    Exits with 1 when something would fail. Plug-ins that cannot be loaded are named, no more.
    """
    from distil import pipeline
    from distil.report import check as report

    found = pipeline.check(image, platform, settings)
    click.echo(report.to_json(found) if form == "json" else report.to_text(found))
    return 1 if found.faults and not exit_zero else 0
