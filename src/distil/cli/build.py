"""``distil build``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from distil.cli import places, scanning

_AS_THEY_ARE: Final = (
    "load",
    "push",
    "settings",
    "platforms",
    "dry_run",
    "refresh",
    "offline",
    "locked",
    "vendor",
    "secrets",
    "verify_reproducible",
    "scan",
    "database",
)
"""Options that a request has under the same names."""


def _pairs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in values:
        key, separator, value = text.partition("=")
        if not key or not separator:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE")
        pairs[key] = value
    return pairs


@click.command(name="build", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(path_type=Path), default=".", metavar="[SOURCE]")
@click.option(
    "-t",
    "--tag",
    "tags",
    multiple=True,
    metavar="NAME[:TAG]",
    help="Name of the image. Repeatable.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="DEST",
    shell_complete=places.destination,
    help="Where to: oci:DIR, oci-archive:FILE, docker-archive:FILE. Repeatable.",
)
@click.option(
    "--push", is_flag=True, help="Send it to the registry of its name; tags come when all is there."
)
@places.insecure
@click.option("--load", is_flag=True, help="Load into the Docker engine or podman found here.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    shell_complete=places.platform,
    help="Target; this machine's by default. Several, repeated or with commas, make one index.",
)
@click.option(
    "--base",
    metavar="BASE",
    shell_complete=places.base,
    help="What it is built on: debian:SUITE, scratch, or an image, such as oci:DIR:TAG.",
)
@click.option(
    "--level",
    type=click.Choice(["packages", "reachable"]),
    help="Keep whole packages, or what the entrypoint reaches (default).",
)
@click.option(
    "--bytecode",
    type=click.Choice(["none", "compiled"]),
    help="Add byte code: larger, and quicker to start.",
)
@click.option("--compression", type=click.Choice(["gzip", "zstd"]), help="Of the layers.")
@click.option(
    "--profile",
    type=click.Choice(["lambda"]),
    help="AWS Lambda takes an image for one platform, with gzip, and nothing beside it.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_pairs,
    help="A label beside those in distil.toml. Repeatable.",
)
@click.option("--no-debug", is_flag=True, help="Leave the debug twin out.")
@click.option("--dry-run", is_flag=True, help="Show what would be built; fetch only indexes.")
@click.option("--locked", is_flag=True, help="Use what distil.lock holds, and nothing else.")
@click.option(
    "--vendor",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where `distil lock --vendor` kept the archives; the lock knows, if it is in SOURCE.",
)
@places.secrets
@click.option(
    "--verify-reproducible",
    is_flag=True,
    help="Run stages and compose a second time; say what differs first, if anything does.",
)
@click.option(
    "--scan/--no-scan",
    default=None,
    help="Look for vulnerabilities before anything is written; by default when [policy] asks.",
)
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    callback=scanning.conditions,
    help=f"What must not be there, in place of what [policy] says: {scanning.WORDS}",
)
@scanning.database
@click.option("--refresh", is_flag=True, help="Ask mirrors and indexes anew, however fresh.")
@click.option("--offline", is_flag=True, help="Use only what the cache holds.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Of the result."
)
@click.option(
    "-v", "--verbose", is_flag=True, help="List every package, what was cut, and every warning."
)
def command(
    source: Path,
    tags: tuple[str, ...],
    outputs: tuple[str, ...],
    form: str,
    verbose: bool,
    **options: Any,  # noqa: ANN401  click checked them
) -> int:
    """Build SOURCE (default: here) into a minimal image and its debug twin.

    SOURCE is the directory of an application, or a Python script that is all of it. Prints the
    names of the images written, and nothing else, on stdout. What an application needs is found
    out from its project files, or a script's inline metadata; a distil.toml beside them decides
    what cannot be found out.

    \b
    Examples:
      distil build . -t shop:1.4 -o oci:out/shop
      distil build . -t shop:1.4 --load
      distil build . -t shop:1.4 -o oci:out/shop --platform linux/amd64,linux/arm64
      distil build . -t shop:1.4 -o oci:out/shop --scan
      distil build . --dry-run
    """  # noqa: D301 - click wants the backspace itself
    from distil.cli.progress import show_progress
    from distil.pipeline import BuildRequest, build
    from distil.report import build as report
    from distil.source.specification import Overrides

    request = BuildRequest(
        source=source,
        tags=tags,
        outputs=outputs,
        profile=options["profile"] or "",
        overrides=Overrides(
            base=options["base"],
            compression=options["compression"],
            level=options["level"],
            bytecode=options["bytecode"],
            labels=options["labels"],
        ),
        debug=not options["no_debug"],
        fail_on=tuple(map(str, options["fail_on"])),
        **{name: options[name] for name in _AS_THEY_ARE},
    )
    with show_progress(sys.stderr, verbose=verbose):
        result = build(request)
    if form == "json":
        click.echo(report.to_json(result))
        return 0
    click.echo(report.to_text(result, verbose=verbose), err=not request.dry_run)
    for name in result.names:
        click.echo(name)
    return 0
