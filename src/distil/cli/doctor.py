"""``distil doctor``."""

from __future__ import annotations

import click


@click.command(name="doctor", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--offline", is_flag=True, help="Ask neither mirrors nor the Python index.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="List every key.")
def command(form: str, *, offline: bool, verbose: bool) -> int:
    """Say what is here for building and running images, what is missing, and how to get it.

    Looks at Python, uv, the cache, the clock, certificates and proxies, asks Debian's mirrors and
    the Python index, and looks for engines and sandboxes. Changes nothing.

    Exits with 1 when something is missing that building needs.
    """
    from distil import pipeline
    from distil.report import doctor as report

    found = pipeline.doctor(offline=offline)
    text = report.to_json(found) if form == "json" else report.to_text(found, verbose=verbose)
    click.echo(text)
    return 0 if found.can_build else 1
