"""A package index of the test's own, a cache, and a target that is not this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.runtimes.python.interpreter import PythonInterpreter
from tests.support.wheelhouse import Wheelhouse, serving

Writer = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def interpreter() -> PythonInterpreter:
    return PythonInterpreter("3.13.5", (2, 41), "x86_64")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wheelhouse]:
    """An empty wheelhouse, served, and the only index that uv knows."""
    for name in [key for key in os.environ if key.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    wheels = Wheelhouse(tmp_path / "wheels")
    with serving(wheels) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index)
        yield wheels


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(Cache(tmp_path / "cache"), retry_delay=0.01) as found:
        yield found


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write an application's files, by relative path; the value is its directory."""

    def writer(files: Mapping[str, str]) -> Path:
        root = tmp_path / "hello"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        root.mkdir(exist_ok=True)
        return root

    return writer
