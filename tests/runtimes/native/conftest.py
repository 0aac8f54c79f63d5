"""What resolving asks with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.runtimes.protocol import Asking


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """With a client that nothing is fetched with."""
    with Client(Cache(tmp_path / "cache")) as client:
        yield Asking(client)
