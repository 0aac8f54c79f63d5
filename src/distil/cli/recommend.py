"""``distil recommend``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from distil.cli import places, scanning


def _source(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    images = places.image(_ctx, _param, incomplete)
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, images)]


@click.command(name="recommend", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", default=".", metavar="[DIRECTORY|IMAGE]", shell_complete=_source)
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
@click.option(
    "--platform",
    default="",
    metavar="OS/ARCH",
    shell_complete=places.platform,
    help="Which one of an image for several; this machine's by default.",
)
@scanning.database
@scanning.now
@places.secrets
@places.insecure
@click.option("--offline", is_flag=True, help="Ask neither mirrors nor indexes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="List everything, and all that does not work.")
def command(source: str, arguments: tuple[str, ...], form: str, **asked: Any) -> int:  # noqa: ANN401
    """Say what suits an application, or would make an image better, with figures.

    Of an application in DIRECTORY, images are built into a temporary place, scanned, and started
    in a sandbox: as its files say, on other bases, at the other level, and with what its language
    offers. Shown are the sizes, the Debian packages (and the distributions or modules beside
    them), the vulnerabilities, and when it listens at a TCP port or ends; where neither happens,
    when it is ready cannot be told. Then, for the smallest and for the one that starts first, what
    distil.toml has to say. ARGS are what a program is started with that does nothing without.

    Of an IMAGE, whoever built it: what its packages are today and what that would fix, upgrades
    that fix most for least change, and bases for its runtime, which are built and scanned here
    beside those that --base names. The best is told with the distil.toml that makes it.

    Exits with 1 when nothing that was tried works.

    \b
    Examples:
      distil recommend .
      distil recommend tool -- --version
      distil recommend . --base registry.example/team/base:3 --format json
      distil recommend oci:out/shop:1.4
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress

    if _is_image(source):
        return _of_image(source, form, asked)
    from distil.report import recommend as report

    request = pipeline.RecommendRequest(
        source=Path(source),
        arguments=arguments,
        bases=asked["bases"],
        seconds=asked["seconds"],
        settings=asked["settings"],
        secrets=asked["secrets"],
        database=asked["database"],
        now=asked["now"],
        offline=asked["offline"],
    )
    with show_progress(sys.stderr):
        found = pipeline.recommend(request)
    text = report.to_json(found) if form == "json" else ""
    click.echo(text or report.to_text(found, verbose=asked["verbose"]))
    return 0 if found.smallest is not None else 1


def _is_image(source: str) -> bool:
    """Whether an image is meant: what is here is a directory, and a colon is in no other's name."""
    from distil.model.reference import names_image

    return not Path(source).exists() and (":" in source or names_image(source))


def _of_image(image: str, form: str, asked: dict[str, Any]) -> int:
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import recommend_image as report

    request = pipeline.RecommendImageRequest(
        image=image,
        platform=asked["platform"],
        bases=asked["bases"],
        database=asked["database"],
        now=asked["now"],
        settings=asked["settings"],
        offline=asked["offline"],
    )
    with show_progress(sys.stderr):
        found = pipeline.recommend_image(request)
    text = report.to_json(found) if form == "json" else ""
    click.echo(text or report.to_text(found, verbose=asked["verbose"]))
    return 0
