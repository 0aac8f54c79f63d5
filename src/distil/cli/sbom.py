"""``distil sbom`` and ``distil sbom convert``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from distil.cli import places

if TYPE_CHECKING:
    from distil.pipeline.sbom import SbomRequest

FORMATS: Final = ("spdx", "spdx3", "cyclonedx", "cyclonedx1.7", "syft", "purls")
"""The formats of documents; a test holds them against the table."""

_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}
_CONVERT: Final = "convert"
_UNTOLD: Final = 3
"""The exit code for an answer that could not be told, or not wholly."""


class _ImageOrVerb(click.Group):
    """A group whose first word can be an image: then it is a command itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] != [_CONVERT]:
            return super().parse_args(ctx, args)
        # Nothing of it is for the command itself.
        ctx._protected_args, ctx.args = args[:1], args[1:]
        return ctx.args

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] IMAGE")

    def get_usage(self, ctx: click.Context) -> str:
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        return formatter.getvalue().rstrip("\n")


@click.group(
    name="sbom",
    cls=_ImageOrVerb,
    invoke_without_command=True,
    context_settings={**_SETTINGS, "allow_interspersed_args": True},
)
@click.argument("image", shell_complete=places.image)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", *FORMATS]),
    default="text",
    help="A table, all that is known, or a document that other tools take.",
)
@places.output
@click.option(
    "--verify",
    metavar="FILE",
    type=click.Path(),
    help="Say what is not as the document FILE says; attached: as those that are attached.",
)
@click.option(
    "--scope",
    type=click.Choice(["squashed", "all-layers"]),
    default="squashed",
    help="What a container sees, or what any layer holds.",
)
@click.option("--components-only", is_flag=True, help="Hash no file and attribute none: quick.")
@click.option(
    "--base", default="", metavar="IMAGE", shell_complete=places.image, help="What it is made on."
)
@places.platforms_of_several
@click.option("--require-complete", is_flag=True, help="Exit 3 unless the verdict is complete.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever --verify finds.")
@click.option("-v", "--verbose", is_flag=True, help="List every component and every remark.")
@places.insecure
def command(image: str = "", **asked: Any) -> int | None:  # noqa: ANN401
    """Say what is in IMAGE: every component, and for every file who owns it.

    Packages of the system and of languages, programs that no package owns, and how much of the
    image they account for. A package of which files were left out is told as such. IMAGE is any
    image, wherever it is, whoever built it; of one for several platforms all are told, in one
    document. Nothing of it is run, and its layers are read once: they are known then.

    The verdict is complete, partial (and why), or unknown for an image that has no list of
    packages. With --verify, exits with 1 when anything is not as the document says.

    \b
    Examples:
      distil sbom oci:out/shop:1.4
      distil sbom oci:out/shop:1.4 --format spdx -o shop.spdx.json
      distil sbom oci:out/shop:1.4 --verify shop.spdx.json
    """  # noqa: D301 - click wants the backspace itself
    if click.get_current_context().invoked_subcommand is not None:
        return None
    from distil.model.inventory import Scope
    from distil.pipeline.sbom import SbomRequest

    form = asked["form"]
    request = SbomRequest(
        image=image,
        platform=asked["platform"],
        scope=Scope(asked["scope"]),
        components_only=asked["components_only"],
        base=asked["base"],
        attached=form in ("text", "json") and not asked["components_only"],
        settings=asked["settings"],
    )
    if asked["verify"]:
        return _verify(request, asked["verify"], asked)
    return _tell(request, form, asked)


@command.command(_CONVERT, context_settings=_SETTINGS)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", *FORMATS]),
    required=True,
    help="What to make of it.",
)
@places.output
@click.option("-v", "--verbose", is_flag=True, help="List every component.")
def convert(file: Path, form: str, output: Path | None, *, verbose: bool) -> int:
    """Write the document in FILE, of any of the formats, in another one.

    What FILE is in is found out. What a format cannot say stands in its properties or annotations,
    where it has any.

    \b
    Example:
      distil sbom convert shop.spdx.json --format purls
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.report import sbom as report

    found = pipeline.read_sbom(file)
    if form == "text":
        pieces = _text(report.inventory_text(found, verbose=verbose))
    elif form == "json":
        pieces = _text(report.inventory_json(found))
    else:
        pieces = pipeline.sbom_document(found, form)
    _write(pieces, output)
    return 0


def _verify(request: SbomRequest, file: str, asked: dict[str, Any]) -> int:
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import sbom as report

    if asked["form"] not in ("text", "json"):
        raise click.UsageError("what --verify finds is told with --format text or json")
    if asked["require_complete"]:
        raise click.UsageError("--verify compares and has no verdict: ask for one without it")
    with show_progress(sys.stderr):
        found = pipeline.verify_sbom(request, file)
    if asked["form"] == "json":
        text = report.verified_json(request.image, found)
    else:
        text = report.verified_text(request.image, found, verbose=asked["verbose"])
    _write(_text(text), asked["output"])
    agrees = not any(one.differences or one.trouble for one in found)
    return 0 if agrees or asked["exit_zero"] else 1


def _tell(request: SbomRequest, form: str, asked: dict[str, Any]) -> int:
    from distil import pipeline
    from distil.cli.progress import show_progress
    from distil.report import sbom as report

    with show_progress(sys.stderr):
        found = pipeline.sbom(request)
    if form == "text":
        pieces = _text(report.to_text(found, verbose=asked["verbose"]))
    elif form == "json":
        pieces = _text(report.to_json(found))
    else:
        pieces = pipeline.sbom_document(found.inventory, form)
    _write(pieces, asked["output"])
    if asked["require_complete"] and not found.is_complete:
        if form != "text" or asked["output"]:
            click.echo(report.verdicts(found), err=True)
        return 0 if asked["exit_zero"] else _UNTOLD
    return 0


def _text(text: str) -> Iterator[bytes]:
    yield f"{text}\n".encode()


def _write(pieces: Iterator[bytes], output: Path | None) -> None:
    from distil import pipeline

    if output is not None:
        pipeline.write_sbom(pieces, output)
        return
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
