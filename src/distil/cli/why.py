"""``distil why``."""

from __future__ import annotations

from typing import Any

import click

from distil.cli import places


@click.command(name="why", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", shell_complete=places.image)
@click.argument("path", required=False)
@click.option("--package", metavar="NAME", help="All files of a package, kept and removed.")
@click.option("--largest", type=click.IntRange(1), metavar="N", help="The N largest files.")
@click.option("--removed", is_flag=True, help="What is not there, and why.")
@places.platform_of_several
@places.insecure
@click.option("--verify", is_flag=True, help="Hash every layer of the image first.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="Show every step of every chain.")
def command(image: str, path: str | None, form: str, *, verbose: bool, **asked: Any) -> int:  # noqa: ANN401
    """Say why a PATH is in IMAGE, or why it is not.

    IMAGE is one that distil built: oci:DIR:TAG, oci-archive:FILE:TAG, docker-archive:FILE:NAME;
    or docker-daemon:NAME, containers-storage:NAME (podman's), for one that was built here.

    Answers from the image's ledger, by the digests that its manifest names: whether the layers
    still match these is what --verify finds out, as distil check does each time.

    \b
    Examples:
      distil why oci:out/shop:1.4 /usr/lib/x86_64-linux-gnu/libssl.so.3
      distil why oci:out/shop:1.4 --largest 20
      distil why oci:out/shop:1.4 --removed --package libc6
    """  # noqa: D301 - click wants the backspace itself
    from distil import pipeline
    from distil.explain.explain import Question
    from distil.report import why as report

    question = Question(
        path=path or "",
        package=asked["package"] or "",
        largest=asked["largest"] or 0,
        removed=asked["removed"],
    )
    found = pipeline.why(
        image, question, asked["platform"], asked["settings"], verify=asked["verify"]
    )
    if found.from_cache:
        click.echo("note: the image carries no ledger; this one is from the cache", err=True)
    if form == "json":
        click.echo(report.to_json(found.answer, image))
    else:
        click.echo(report.to_text(found.answer, verbose=verbose))
    return 0
