"""Colours of a scan: on a terminal that wants them, and never instead of words."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

import pytest

from distil.cli import colours
from distil.cli.colours import coloured
from distil.report.scan_text import to_text
from tests.vulns.samples import FULL, HOSTILE


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(colours, "sys", SimpleNamespace(stdout=_Terminal()))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


def test_words_stay_as_they_are(terminal: pytest.MonkeyPatch) -> None:
    text = to_text([FULL])
    told = coloured(text)
    assert re.sub(r"\x1b\[[\d;]*m", "", told) == text
    for word in ("critical", "high", "medium", "KEV", "PARTIAL", "what to do"):
        assert re.search(rf"\x1b\[[\d;]+m{word}\x1b", told), word


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_none_has_none(terminal: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal.setenv(name, value)
    assert coloured(to_text([FULL])) == to_text([FULL])


def test_what_is_no_terminal_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colours, "sys", SimpleNamespace(stdout=io.StringIO()))
    assert coloured(to_text([FULL])) == to_text([FULL])


def test_others_words_bring_no_colour(terminal: pytest.MonkeyPatch) -> None:
    assert "\x1b[31m]" not in coloured(to_text([HOSTILE]))
