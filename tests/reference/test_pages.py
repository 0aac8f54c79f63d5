"""The reference is what the code says."""

from __future__ import annotations

import click
import pytest

from distil.cli import cli
from distil.errors import DistilError
from distil.model.errors import InvalidDigest
from distil.runtimes.python.errors import NoPython
from scripts.reference.exits import exits_page
from scripts.reference.outputs import ROOT, outputs

OUTPUTS = outputs()


@pytest.mark.parametrize("path", OUTPUTS)
def test_it_is_current(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert text == OUTPUTS[path], "the code has changed: run scripts/docs, and read what it says"


def test_every_command_and_option_is_there() -> None:
    page = OUTPUTS["docs/reference/commands.md"]
    context = click.Context(cli, info_name="distil")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert f"\n## distil {name}\n" in page
        options = [o for p in command.params if isinstance(p, click.Option) for o in p.opts]
        assert [option for option in options if option not in page] == []


def test_every_error_is_there() -> None:
    page = OUTPUTS["docs/reference/errors.md"]
    known = [error for error in _below(DistilError) if error.__module__.startswith("distil.")]
    assert {InvalidDigest, NoPython} < set(known)
    lines = [f"| `{error.__name__}` | {error.exit_code} |" for error in known]
    assert [line for line in lines if page.count(line) != 1] == []


def _below(error: type[DistilError]) -> set[type[DistilError]]:
    return set(error.__subclasses__()).union(*map(_below, error.__subclasses__()))


def test_an_error_without_a_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoPython, "__doc__", None)
    with pytest.raises(LookupError, match="NoPython"):
        exits_page()
