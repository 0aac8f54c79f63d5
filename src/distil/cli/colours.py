"""Colours for tables of vulnerabilities on a terminal; what they mean is said in words as well."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

import click

_STYLES: Final = {
    "critical": {"fg": "red", "bold": True},
    "high": {"fg": "red"},
    "medium": {"fg": "yellow"},
    "low": {"fg": "cyan"},
    "KEV": {"fg": "red", "bold": True},
    "PARTIAL": {"fg": "yellow", "bold": True},
    "UNKNOWN": {"fg": "yellow", "bold": True},
    "what to do": {"bold": True},
}

_SEVERITY: Final = re.compile(r"^(  )(critical|high|medium|low)( {2,})(KEV(?= {2}))?", re.MULTILINE)
_VERDICT: Final = re.compile(r"^(verdict +)(PARTIAL|UNKNOWN)(?=:|$)", re.MULTILINE)
_TITLE: Final = re.compile(r"^()(what to do)$", re.MULTILINE)


def coloured(text: str) -> str:
    """`text` of a scan with colours where stdout is a terminal that wants them."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    for pattern in (_SEVERITY, _VERDICT, _TITLE):
        text = pattern.sub(_styled, text)
    return text


def _styled(match: re.Match[str]) -> str:
    return "".join(
        click.style(part, **_STYLES[part]) if part in _STYLES else part  # type: ignore[arg-type]
        for part in match.groups()
        if part
    )
