"""``distil db``: the database of advisories."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.image.stores import StoreSettings

_NOT_REACHED: Final = 2
"""The exit code when some feed could not be read, though the others were."""
_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}

_database: Final = click.option(
    "--db",
    "database",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The database, where it is not $DISTIL_DB or the one in the cache.",
)
_format: Final = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text"
)
_older: Final = click.option(
    "--allow-older",
    is_flag=True,
    help="Take advisories that are older than those here, or far fewer.",
)


@click.group(name="db", context_settings=_SETTINGS)
def command() -> None:
    """Keep the database of advisories that images are scanned against.

    A scan asks nobody anything: what is known stands in this one file.
    """


@command.command(context_settings=_SETTINGS)
@click.option(
    "--from",
    "place",
    default="",
    metavar="PLACE",
    help="A directory or the address of a mirror, laid out as OSV's bucket is; or an artifact.",
)
@click.option(
    "--ecosystem",
    "ecosystems",
    multiple=True,
    metavar="NAME",
    help="Of OSV's feeds only this one, such as Debian or PyPI. Repeatable.",
)
@click.option("--offline", is_flag=True, help="Read directories alone, and ask no server.")
@_older
@_database
@_format
@places.insecure
def update(form: str, **asked: Any) -> int:  # noqa: ANN401
    """Bring the database to what the sources say now.

    The sources are OSV's feeds, Debian's security tracker, CISA's catalogue of what is exploited,
    EPSS and endoflife.date, or those of [db] in the user's configuration. Only what has changed is
    fetched. The new state appears whole; a scan that runs meanwhile sees the one before. A feed
    that cannot be reached stays as it was, and the command ends with 2.

    \b
    Examples:
      distil db update
      distil db update --from /mnt/advisories
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import db as report

    request = pipeline.DbRequest(**asked)
    with show_progress(sys.stderr):
        done = pipeline.db_update(request)
    click.echo(report.updated_json(done) if form == "json" else report.updated_text(done))
    return 0 if done.is_whole or request.offline else _NOT_REACHED


@command.command(context_settings=_SETTINGS)
@click.option("--verify", is_flag=True, help="Read and check all of it.")
@_database
@_format
def status(verify: bool, database: Path | None, form: str) -> None:
    """Say how new each feed is, and what there are advisories for."""
    from distil import pipeline
    from distil.report import db as report

    found = (pipeline.db_verify if verify else pipeline.db_status)(database)
    click.echo(report.status_json(found) if form == "json" else report.status_text(found))


@command.command(name="export", context_settings=_SETTINGS)
@click.argument("place", shell_complete=places.destination)
@_database
@places.insecure
def export(place: str, database: Path | None, settings: StoreSettings) -> None:
    """Write the database to PLACE, for machines that reach no source.

    PLACE is a file, or a place for images, which gets an artifact. Prints how to address it.

    \b
    Examples:
      distil db export advisories.db
      distil db export oci-archive:advisories.tar:latest
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress

    request = pipeline.DbRequest(place=place, database=database, settings=settings)
    with show_progress(sys.stderr):
        address = pipeline.db_export(request)
    click.echo(address)


@command.command(name="import", context_settings=_SETTINGS)
@click.argument("place", shell_complete=places.image)
@_older
@_database
@_format
@places.insecure
def import_(
    place: str, allow_older: bool, database: Path | None, form: str, settings: StoreSettings
) -> None:
    """Take the database at PLACE, a file or an artifact, in place of the one that is here.

    All of it is checked before, and that none of its feeds is older than here.

    \b
    Examples:
      distil db import advisories.db
      distil db import oci-archive:advisories.tar:latest
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import db as report

    request = pipeline.DbRequest(
        place=place, database=database, allow_older=allow_older, settings=settings
    )
    with show_progress(sys.stderr):
        found = pipeline.db_import(request)
    click.echo(report.status_json(found) if form == "json" else report.status_text(found))
