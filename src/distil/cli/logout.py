"""``distil logout``."""

from __future__ import annotations

import click


@click.command(name="logout", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("registry", default="")
@click.option("--all", "everything", is_flag=True, help="Remove the logins for all registries.")
def command(registry: str, *, everything: bool) -> None:
    """Remove the login for REGISTRY: a host, or a namespace or repository in it.

    It is removed from every file of podman and Docker that has it, and from the helper that keeps
    it for them. Prints what had it.
    """
    from distil import pipeline
    from distil.report import logins as report

    if bool(registry) is everything:
        raise click.UsageError("name a registry, or give --all")
    click.echo(report.logged_out_text(pipeline.logout(registry)), nl=False)
