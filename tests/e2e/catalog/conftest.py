"""The images of real software, made once for all tests of a session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory that images are made in; gone with the session unless it was asked for."""
    kept = os.environ.get("DISTIL_CORPUS")
    place = Path(kept) if kept else tmp_path_factory.mktemp("corpus")
    yield place
    if not kept:
        shutil.rmtree(place)
