"""What distil and apt are asked for, of Debian itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support.apt_oracle import AptOracle

OracleOf = Callable[[str, str], AptOracle]
"""An apt for a suite and an architecture."""

LISTS = {
    ("trixie", "amd64"): "agreement-amd64.txt",
    ("trixie", "arm64"): "agreement-arm64.txt",
    ("bookworm", "amd64"): "agreement-bookworm.txt",
}
"""What is asked for in each suite: one request a line."""


def listed_packages(name: str) -> list[list[str]]:
    """The requests of a data file: one a line."""
    text = (Path(__file__).parent / name).read_text()
    return [line.split() for line in text.splitlines()]
