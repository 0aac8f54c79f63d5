"""The reference is what the code says."""

from __future__ import annotations

import click
import pytest

from distil import errors
from distil.cli import cli
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
    known = [value for value in vars(errors).values() if isinstance(value, type)]
    named = [error for error in known if issubclass(error, errors.DistilError)]
    absent = [e.__name__ for e in named if f"| `{e.__name__}` | {e.exit_code} |" not in page]
    assert absent == ["DistilError"]


def test_an_error_without_a_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors.NoPython, "__doc__", None)
    with pytest.raises(LookupError, match="NoPython"):
        exits_page()
