"""Fixtures of the tests of verbs that look into images."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from tests.support.spoken import Speaker


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("DISTIL_CACHE_DIR", str(tmp_path / "cache"))
    return Cache.default()


@pytest.fixture
def speaker(cache: Cache, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Speaker:
    return Speaker(tmp_path, capfdbinary)
