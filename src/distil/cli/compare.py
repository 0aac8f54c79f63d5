"""``distil compare``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from distil.cli import places, scanning

if TYPE_CHECKING:
    from distil.model.comparison import Comparison

_WORSE = 1
_UNTOLD = 3


@click.command(name="compare", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", metavar="IMAGE|sbom:FILE", shell_complete=places.image)
@click.option(
    "--to",
    default="",
    metavar="IMAGE|sbom:FILE",
    shell_complete=places.image,
    help="What was before; by default the image that IMAGE was made on.",
)
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="WHAT",
    callback=scanning.conditions,
    help=f"What makes it worse, by default any: {scanning.WORDS}",
)
@places.platform_of_several
@scanning.vex
@scanning.ignore
@scanning.no_attached
@scanning.database
@scanning.now
@click.option("--require-complete", is_flag=True, help="Exit 3 unless both verdicts are complete.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 also when it is worse.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="Show every row of every list.")
@places.insecure
def command(image: str, to: str, form: str, **asked: Any) -> int:  # noqa: ANN401
    """Say what a change brought: vulnerabilities, packages, bytes.

    IMAGE is compared with another one, such as the one in use, or with what it was made on: that
    is read from its own layers. Both are matched against the same advisories. Each vulnerability
    that is new, changed or gone says why.

    Exits with 1 when it is worse: when a vulnerability counts that did not before. Exits with 3
    when nothing can be told of it, and could of what was before.

    \b
    Examples:
      distil compare oci:out/shop:1.5 --to oci:out/shop:1.4
      distil compare oci:out/shop:1.5 --to sbom:released.spdx.json --fail-on high
      distil compare oci:out/shop:1.5 --format markdown
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.model.condition import COUNTS
    from distil.report import compare as report

    request = pipeline.CompareRequest(
        image=image,
        to=to,
        platform=asked["platform"],
        conditions=asked["conditions"] or COUNTS,
        database=asked["database"],
        now=asked["now"],
        hearing=pipeline.Hearing(
            vex=asked["vex"], ignore=asked["ignore"], attached=not asked["no_attached_vex"]
        ),
        settings=asked["settings"],
    )
    with show_progress(sys.stderr):
        found = pipeline.compare(request)
    if form == "json":
        click.echo(report.to_json(found))
    elif form == "markdown":
        click.echo(report.to_markdown(found))
    else:
        click.echo(report.to_text(found, verbose=asked["verbose"]))
    return 0 if asked["exit_zero"] else _code(found, require_complete=asked["require_complete"])


def _code(found: Comparison, *, require_complete: bool) -> int:
    if found.worse:
        return _WORSE
    is_enough = found.is_complete if require_complete else found.is_told
    return 0 if is_enough else _UNTOLD
