"""``distil scan``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from distil.cli import places, scanning

if TYPE_CHECKING:
    from distil.model.advisory import Severity
    from distil.model.condition import Condition
    from distil.pipeline.scan import ScanReport, ScanRequest

FORMATS: Final = ("text", "json", "sarif", "markdown", "junit", "openvex", "cyclonedx-vex")
"""The forms that a scan is told in; a test holds them against those there are."""

_FOUND: Final = 1
_UNTOLD: Final = 3
"""The exit code for an answer that could not be told, or not wholly."""
_LEVELS: Final = ("critical", "high", "medium", "low", "negligible")


def _severity(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Severity | None:
    from distil.model.advisory import Severity

    return Severity[text.upper()] if text else None


@click.command(name="scan")
@click.argument("image", metavar="IMAGE|sbom:FILE", shell_complete=places.image)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="A table, all that is known, or what other tools and pages take.",
)
@places.output
@click.option(
    "--fail-on",
    "conditions",
    multiple=True,
    metavar="WHAT",
    callback=scanning.conditions,
    help=f"What counts, by default any: {scanning.WORDS}",
)
@click.option(
    "--severity",
    type=click.Choice(_LEVELS),
    callback=_severity,
    help="Show, and count, what is that bad or worse; what nobody has rated is shown alone.",
)
@places.platforms_of_several
@click.option(
    "--base", default="", metavar="IMAGE", shell_complete=places.image, help="What it is made on."
)
@scanning.vex
@scanning.ignore
@scanning.no_attached
@scanning.database
@click.option(
    "--max-db-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Refuse a database that is older.",
)
@scanning.now
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A JSON report of Trivy or Grype: say finding by finding why the two differ.",
)
@click.option("--require-complete", is_flag=True, help="Exit 3 unless the verdict is complete.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option("-v", "--verbose", is_flag=True, help="Tell all that is known of each.")
@places.insecure
def command(image: str, **asked: Any) -> int:  # noqa: ANN401
    """Say which known vulnerabilities concern what is in IMAGE, and what to do.

    Packages of the system are compared with their distribution's own advisories, those of
    languages and programs with upstream's. Of each it is said how much of it is there; what could
    not be assessed is told, and the verdict says what the answer is worth. Nothing is asked of
    anybody: advisories are those of the database that `distil db update` makes.

    Exits with 1 when anything is found that counts, and with 3 when nothing is and the verdict is
    unknown: then nothing could be told.

    \b
    Examples:
      distil scan oci:out/shop:1.4
      distil scan oci:out/shop:1.4 --fail-on high+fixable --fail-on kev
      distil scan sbom:shop.spdx.json --format json
      distil scan oci:out/shop:1.4 --against trivy.json
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.pipeline.hearing import Hearing

    request = pipeline.ScanRequest(
        image=image,
        platform=asked["platform"],
        upgrades=asked["against"] is None and asked["form"] in ("text", "json", "markdown"),
        base=asked["base"],
        database=str(asked["database"] or ""),
        now=asked["now"],
        max_age=asked["max_db_age"],
        hearing=Hearing(
            vex=asked["vex"], ignore=asked["ignore"], attached=not asked["no_attached_vex"]
        ),
        settings=asked["settings"],
    )
    if asked["against"] is not None:
        return _held_against(request, asked)
    with show_progress(sys.stderr):
        found = pipeline.scan(request)
    if asked["severity"] is not None:
        found = _as_bad(found, asked["severity"])
        asked["conditions"] = _as_bad_at_least(asked["conditions"], asked["severity"])
    _write(_told(found, asked), asked["output"])
    return 0 if asked["exit_zero"] else _code(found, asked)


def _held_against(request: ScanRequest, asked: dict[str, Any]) -> int:
    """Why another scanner's report differs, in place of the findings; the exit code is theirs."""
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import disagreement

    if asked["form"] not in disagreement.FORMS:
        known = ", ".join(disagreement.FORMS)
        raise click.UsageError(f"--against is told as one of {known}, not {asked['form']}")
    if asked["severity"] is not None:
        raise click.UsageError("--against holds all findings against others, not some --severity")
    with show_progress(sys.stderr):
        found = pipeline.against(request, asked["against"])
    one, form = found.disagreement, asked["form"]
    _write(disagreement.render(found.scan, one, form, verbose=asked["verbose"]), asked["output"])
    return 0 if asked["exit_zero"] else _code(found.report, asked)


def _as_bad(found: ScanReport, least: Severity) -> ScanReport:
    """What of `found` is that bad; how much is not is said on stderr."""
    kept = found.as_bad_as(least)
    left = sum(len(one.open) for one in found.scans) - sum(len(one.open) for one in kept.scans)
    if left:
        many = "1 finding is" if left == 1 else f"{left:,} findings are"
        click.echo(f"{many} less than {least.word}, and not shown", err=True)
    return kept


def _as_bad_at_least(conditions: tuple[Condition, ...], least: Severity) -> tuple[Condition, ...]:
    """What counts where only what is that bad does: what nobody has rated is shown alone."""
    from msgspec.structs import replace

    from distil.model.condition import COUNTS

    return tuple(replace(one, severity=max(one.severity, least)) for one in conditions or COUNTS)


def _told(found: ScanReport, asked: dict[str, Any]) -> str:
    from distil import __version__
    from distil.model.condition import COUNTS
    from distil.report.scan import Telling, render

    telling = Telling(
        conditions=asked["conditions"] or COUNTS,
        verbose=asked["verbose"],
        require_complete=asked["require_complete"],
        version=__version__,
    )
    return render(found.scans, asked["form"], telling)


def _code(found: ScanReport, asked: dict[str, Any]) -> int:
    from distil.model.condition import COUNTS, counting

    conditions = asked["conditions"] or COUNTS
    if any(counting(one.findings, conditions) for one in found.scans):
        return _FOUND
    is_enough = found.is_complete if asked["require_complete"] else found.is_told
    return 0 if is_enough else _UNTOLD


def _write(text: str, output: Path | None) -> None:
    if output is None:
        from distil.cli.colours import coloured

        click.echo(coloured(text))
        return
    from distil import pipeline

    pipeline.write_sbom([f"{text}\n".encode()], output)
