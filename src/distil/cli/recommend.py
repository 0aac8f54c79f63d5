"""``distil recommend``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from distil.cli import places


@click.command(name="recommend", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(path_type=Path), default=".", metavar="[SOURCE]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
@click.option(
    "--base",
    "bases",
    multiple=True,
    metavar="BASE",
    shell_complete=places.base,
    help="Try this one as well: debian:SUITE, or an image. Repeatable.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long to look at what was started.",
)
@places.secrets
@places.insecure
@click.option("--offline", is_flag=True, help="Ask neither mirrors nor indexes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="Say all about what does not work.")
def command(source: Path, arguments: tuple[str, ...], form: str, **asked: Any) -> int:  # noqa: ANN401
    """Say which base and which settings suit the application in SOURCE, with figures.

    Each is built into a temporary place and started in a sandbox: as the application's files say,
    on other bases, at the other level, and with what its language offers. Shown are the sizes,
    the Debian packages (and the distributions or modules beside them), and when it listens at a
    TCP port or ends; where neither happens, when it is ready cannot be told. Then, for the
    smallest and for the one that starts first, what distil.toml has to say. ARGS are what a program
    is started with that does nothing without.

    Exits with 1 when nothing that was tried works.

    \b
    Examples:
      distil recommend .
      distil recommend tool -- --version
      distil recommend . --base registry.example/team/base:3 --format json
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import recommend as report

    request = pipeline.RecommendRequest(
        source=source,
        arguments=arguments,
        bases=asked["bases"],
        seconds=asked["seconds"],
        settings=asked["settings"],
        secrets=asked["secrets"],
        offline=asked["offline"],
    )
    with show_progress(sys.stderr):
        found = pipeline.recommend(request)
    text = report.to_json(found) if form == "json" else ""
    click.echo(text or report.to_text(found, verbose=asked["verbose"]))
    return 0 if found.smallest is not None else 1
