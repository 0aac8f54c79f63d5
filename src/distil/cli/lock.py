"""``distil lock``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from distil.cli import places
from distil.cli.progress import show_progress

EVERYTHING: Final = "\0"
"""What ``--upgrade`` without a name stands for; no package is called that."""


@click.command(name="lock", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(path_type=Path), default=".", metavar="[SOURCE]")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="For which platforms, commas between; those of the lock that is there by default.",
)
@click.option(
    "--upgrade",
    "-U",
    multiple=True,
    is_flag=False,
    flag_value=EVERYTHING,
    metavar="[PACKAGE]",
    help="Take the newest version of everything, or of one package. Repeatable.",
)
@click.option(
    "--vendor",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the archives too, in an OCI layout that --locked builds from.",
)
@places.insecure
@click.option("--refresh", is_flag=True, help="Ask mirrors and indexes anew, however fresh.")
@places.secrets
@click.option("--offline", is_flag=True, help="Use only what the cache holds.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Of the result."
)
def command(
    source: Path,
    platforms: tuple[str, ...],
    upgrade: tuple[str, ...],
    vendor: Path | None,
    form: str,
    **options: Any,  # noqa: ANN401  click checked them
) -> int:
    """Write down every archive that the image of SOURCE (default: here) is made of.

    distil.lock holds each Debian package and each wheel with its version, size and sha256, for
    every platform. `distil build --locked` uses these and no others, on any day and machine, and
    without a network once the archives are in the cache or kept with --vendor. A lock that
    still fits is left as it is.

    \b
    Examples:
      distil lock
      distil lock --upgrade
      distil lock --upgrade libssl3t64 --upgrade flask
      distil lock --vendor vendor
    """  # noqa: D301 - click wants the backspace itself
    from distil.pipeline import LockRequest, lock
    from distil.report import lock as report

    request = LockRequest(
        source=source,
        platforms=platforms,
        upgrade=None if EVERYTHING in upgrade else upgrade,
        vendor=vendor,
        refresh=options["refresh"],
        offline=options["offline"],
        secrets=options["secrets"],
        settings=options["settings"],
    )
    with show_progress(sys.stderr):
        result = lock(request)
    if form == "json":
        click.echo(report.to_json(result))
        return 0
    click.echo(report.to_text(result), err=True)
    click.echo(result.path)
    return 0
