"""One world for all tests of a worker process; directories, and a clean mirror, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.command import World, copied, world


@pytest.fixture(scope="session")
def built_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which the Flask application was built once."""
    with world(tmp_path_factory.mktemp("world")) as made:
        done = made.build(made.app())
        assert done.code == 0, done.stderr
        yield made


@pytest.fixture
def cold(built_world: World, tmp_path: Path) -> Iterator[World]:
    """A world with empty caches."""
    mine = replace(built_world, root=tmp_path)
    with mine.mended():
        yield mine


@pytest.fixture
def warm(cold: World, built_world: World) -> World:
    """A world whose caches hold all that the Flask application needs."""
    copied(built_world.cache, cold.cache)
    return replace(cold, uv_root=built_world.root)
