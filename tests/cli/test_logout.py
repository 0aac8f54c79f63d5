"""`distil logout` as a user has it; logins are in a file of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.cli import run

ENTRY = {"auth": "bWU6czNjcmV0"}


@pytest.fixture
def logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What there are logins for; at first two registries."""
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"auths": {"r.example": ENTRY, "o.example": ENTRY}}))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(path))
    return lambda: list(json.loads(path.read_text())["auths"])


def test_one(logins, capsys, tmp_path):
    assert run(["logout", "https://r.example/v2/"]) == 0
    assert capsys.readouterr() == (f"r.example: removed from {tmp_path}/auth.json\n", "")
    assert logins() == ["o.example"]


def test_all(logins, capsys):
    assert run(["logout", "--all"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["r.example", "o.example"]
    assert logins() == []
    assert run(["logout", "--all"]) == 0
    assert capsys.readouterr() == ("", "")


def test_one_that_is_not_there(logins, capsys):
    assert run(["logout", "s.example"]) == 1
    out, said = capsys.readouterr()
    assert (out, said.splitlines()[0]) == ("", "error: there is no login for s.example")
    assert "r.example, o.example" in said
    assert logins() == ["r.example", "o.example"]


@pytest.mark.parametrize("arguments", [[], ["r.example", "--all"]])
def test_what_is_to_be_said(logins, capsys, arguments):
    assert run(["logout", *arguments]) == 2
    assert "--all" in capsys.readouterr().err
    assert logins() == ["r.example", "o.example"]
