"""Options of all verbs that look for vulnerabilities."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from distil.model.condition import Condition


def conditions(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Condition, ...]:
    """What counts, as it was written; nothing where it was not."""
    if not texts:
        return ()  # A shell completes, or a default stands: nothing is to be loaded.
    from distil.model.condition import parse_condition

    return tuple(parse_condition(text) for text in texts)


def moment(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int:
    """Seconds since 1970 of a date or a time; 0 for none."""
    if not text:
        return 0
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a date such as 2026-11-28") from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    return int(found.timestamp())


WORDS: Final = (
    "critical, high, medium, low (or worse), kev, fixable, any; high+fixable for both. Repeatable: "
    "one of them is enough."
)
"""What ``--fail-on`` takes."""

database: Final = click.option(
    "--db",
    "database",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The database of advisories, where it is not $DISTIL_DB or the one in the cache.",
)
"""Which database is asked."""

now: Final = click.option(
    "--now",
    callback=moment,
    metavar="DATE",
    help="The day that ages are counted from; today by default.",
)
"""What day it is."""


vex: Final = click.option(
    "--vex",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A VEX document to believe: OpenVEX, CycloneDX or CSAF. Repeatable.",
)
"""Documents that the user names."""

ignore: Final = click.option(
    "--ignore",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Findings that are accepted, in TOML: each with a reason, and until when. Repeatable.",
)
"""Files of what is accepted."""

no_attached: Final = click.option(
    "--no-attached-vex",
    is_flag=True,
    help="Leave out the VEX documents that are attached to the image.",
)
"""What was found with the image is heard unless this is said."""
