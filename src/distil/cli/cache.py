"""``distil cache info`` and ``distil cache gc``."""

from __future__ import annotations

import re
from typing import Final

import click

_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}
_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.ASCII | re.IGNORECASE)


class _Size(click.ParamType[int]):
    """A number of bytes such as ``500MB`` or ``2G`` (decimal units)."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        found = _SIZE.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is not a size; write 500MB or 2GB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2].upper()])


@click.group(name="cache", context_settings=_SETTINGS)
def command() -> None:
    """Show or bound the cache of verified downloads and what was derived from them."""


@command.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def info(form: str) -> None:
    """Show where the cache is and what it holds."""
    from distil import pipeline
    from distil.report import cache as report

    usage = pipeline.cache_info()
    click.echo(report.info_json(usage) if form == "json" else report.info_text(usage))


@command.command()
@click.option(
    "--limit",
    type=_Size(),
    default="2GB",
    show_default=True,
    help="Remove what was used longest ago until at most this is left.",
)
@click.option("--verify", is_flag=True, help="Hash everything first and remove what is corrupt.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def gc(limit: int, verify: bool, form: str) -> None:
    """Bound the cache, and sweep what killed processes left behind."""
    from distil import pipeline
    from distil.report import cache as report

    result = pipeline.cache_gc(limit, verify=verify)
    click.echo(report.gc_json(result) if form == "json" else report.gc_text(result))
