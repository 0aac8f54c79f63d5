"""Fixtures of the tests with hostile input; `tests/support/hostile.py` says how to write one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Directories of the test's own, no servers; the cache is empty."""
    return Place(tmp_path)
